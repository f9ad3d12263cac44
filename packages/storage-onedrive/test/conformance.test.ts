import type { Harness } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import {
  type FakeFault,
  type FakeOneDriveOptions,
  startFakeOneDrive,
} from '@granary-tools/fake-onedrive';
import { createOneDrive, type OneDriveOptions } from '../src/index.ts';
import { VERSION_GAPS } from './onedrive-gaps.ts';

const FAULTS: readonly string[] = [
  'unavailable',
  'ignore-range',
  'cut-body',
  'last-step-of-write',
  'lost-reply',
] satisfies readonly FakeFault[];

function harnessOf(
  name: string,
  settings: FakeOneDriveOptions,
  options: OneDriveOptions = {},
): Harness {
  return {
    name,
    timeoutMs: 60_000,
    async create() {
      const fake = await startFakeOneDrive(settings);
      const scopes = options.appFolder ? ['Files.ReadWrite.AppFolder'] : ['Files.ReadWrite'];
      const token = fake.token(scopes);
      const open = (more: OneDriveOptions = {}, endpoint = fake.url) =>
        createOneDrive.provider({
          auth: () => fake.token(scopes),
          endpoint,
          retry: false,
          ...options,
          ...more,
        });
      const others: (() => Promise<void>)[] = [];
      return {
        provider: open({ auth: token }),
        reopen: () => open(),
        async close() {
          await fake.stop();
          for (const stop of others) await stop();
        },
        outside: {
          requests: fake.requests,
          secrets: [token],
          missing: () =>
            open({ auth: () => fake.token(), driveId: 'b!none', appFolder: false, root: '' }),
          leftovers: fake.pendingUploads,
          async small(totalBytes) {
            const little = await startFakeOneDrive({ ...settings, totalBytes });
            others.push(() => little.stop());
            return open({ auth: () => little.token(scopes) }, little.url);
          },
          fault(fault) {
            if (fault !== undefined && !FAULTS.includes(fault)) return false;
            fake.fault(fault as FakeFault | undefined);
            return true;
          },
        },
      };
    },
  };
}

const work = harnessOf('onedrive, a work account, over its fake', {});
describeConformance(work);
describeProperties(work);

const personal = harnessOf(
  'onedrive, a folder of a personal account, over its fake',
  { driveType: 'personal', tellsEtag: false },
  { root: 'Documents/My #1 100%' },
);
// What a path with odd characters and replies without etags change.
describeConformance(personal, {
  rules: ['OPEN', 'KEY', 'PUT-1', 'GET-1', 'META', 'COND', 'LIST', 'DEL', 'MOVE', 'CHG', 'BATCH-1'],
  slow: false,
});

const appFolder = harnessOf(
  "onedrive, an app's folder, over its fake",
  { driveType: 'personal', tellsEtag: false },
  { appFolder: true, trash: false },
);
const versions = harnessOf(
  'onedrive, a work account with versions, over its fake',
  {},
  { versions: true },
);
const bare = harnessOf('onedrive without attributes, over its fake', {}, { attributes: 'none' });
describeConformance(bare, {
  rules: ['OPEN', 'PUT-1', 'GET-1', 'STAT', 'META', 'DEL', 'BATCH'],
  slow: false,
});
describeConformance(
  { ...versions, knownGaps: VERSION_GAPS },
  { rules: ['OPEN', 'PUT-1', 'GET-1', 'META', 'COND', 'DEL', 'MOVE', 'COPY', 'VER'] },
);

// What another place and another way to delete change; the rest is the same code.
describeConformance(appFolder, {
  rules: ['OPEN', 'KEY-1', 'PUT-1', 'GET-1', 'DEL', 'LIST-1', 'UP-1'],
  slow: false,
});
