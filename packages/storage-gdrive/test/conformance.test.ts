import { allScenarios, type Fault, type Harness } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { type FakeTokenOptions, startFakeGdrive } from '@granary-tools/fake-gdrive';
import { createGoogleDrive, type GdriveOptions } from '../src/index.ts';
import { SERVICE_GAPS } from './gdrive-gaps.ts';

interface Place {
  readonly name: string;
  readonly token?: FakeTokenOptions;
  readonly sharedDrive?: boolean;
  readonly options?: Partial<GdriveOptions>;
  readonly knownGaps?: Readonly<Record<string, string>>;
}

function harness({ name, token, sharedDrive = false, options = {}, knownGaps }: Place): Harness {
  return {
    name: `gdrive over its fake, ${name}`,
    timeoutMs: 60_000,
    ...(knownGaps && { knownGaps }),
    async create() {
      const fake = await startFakeGdrive();
      const accessToken = fake.token(token);
      const driveId = sharedDrive ? fake.addDrive('Team') : undefined;
      const open = (more: Partial<GdriveOptions> = {}) =>
        createGoogleDrive.provider({
          auth: () => accessToken,
          endpoint: fake.url,
          retry: false,
          ...(driveId !== undefined && { driveId }),
          ...options,
          ...more,
        });
      return {
        provider: open(),
        reopen: () => open(),
        close: () => fake.stop(),
        outside: {
          requests: () => fake.requests(),
          advance: fake.advance,
          secrets: [accessToken],
          ...(sharedDrive && { missing: () => open({ driveId: 'no-such-drive' }) }),
          fault(fault: Fault | undefined) {
            fake.fault(fault);
            return true;
          },
          small(capacityBytes: number) {
            fake.setQuota(capacityBytes);
            return open();
          },
        },
      };
    },
  };
}

const own = harness({ name: 'with drive.file', knownGaps: SERVICE_GAPS });
describeConformance(own);
/** What a place in Drive may make another thing of. */
const ofPlaces = {
  scenarios: allScenarios.filter(({ rule }) =>
    /^(?:OPEN|KEY|GET|PUT|DEL|LIST|META|MOVE|CHG)-|^(?:BATCH|COPY|UP)-1$/.test(rule),
  ),
  slow: false,
};
describeConformance(
  harness({
    name: 'in a folder of a shared drive, deleting for good',
    token: { scopes: ['drive'] },
    sharedDrive: true,
    options: { root: 'Apps/Notes', trash: false },
  }),
  ofPlaces,
);
describeConformance(
  harness({
    name: 'in the app folder',
    token: { scopes: ['drive.appdata'] },
    options: { appFolder: true },
  }),
  ofPlaces,
);
describeProperties(own);
