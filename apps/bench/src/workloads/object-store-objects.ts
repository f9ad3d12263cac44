import { sampleBytes } from '../harness/content.ts';
import { drive, mibPerSecond, perSecond } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';
import { openStore } from '../harness/subject.ts';
import {
  defineWorkload,
  type LeftOut,
  type Rounds,
  type Scale,
  type Workload,
} from '../harness/workload.ts';
import type { BucketSubject, ObjectService } from '../subjects/object-store.ts';
import { ownBuckets } from './object-store-buckets.ts';
import { checkObjects } from './store-checks.ts';

/** One size of objects in buckets. */
export interface BucketObjectsSettings {
  readonly name: string;
  readonly service: ObjectService;
  /** The size as the title has it. */
  readonly sizeText: string;
  readonly sizeBytes: number;
  readonly concurrency: number;
  /** Objects per run. */
  readonly counts: Readonly<Record<Scale, number>>;
  /** Whether bytes are what matters, and not operations. Default: false. */
  readonly inBytes?: boolean;
  readonly rounds?: Rounds;
  readonly leftOut?: readonly LeftOut[];
}

const FOLDERS = 16;
/** What a test has of a large size. */
const MAX_TINY_BYTES = 128 * 1024;

/** Puts and gets objects of one size, each subject in a bucket of its own. */
export function bucketObjects(
  settings: BucketObjectsSettings,
  subjects: readonly BucketSubject[],
): Workload {
  const { name, service, sizeText, concurrency, counts, inBytes = false } = settings;
  const buckets = ownBuckets(service, subjects);
  const unit = inBytes ? 'MiB/s' : 'ops/s';
  return defineWorkload<BucketSubject>({
    name,
    title: `${sizeText} in ${service.title}, ${concurrency} in flight`,
    about:
      `${counts.full} objects of ${settings.sizeBytes} bytes, ${concurrency} in flight: put as bytes over what was there, got as bytes. ` +
      'The server works on the same processors, and no network is between.',
    metrics: {
      put: { title: 'put', unit, better: 'higher' },
      get: { title: 'get', unit, better: 'higher' },
    },
    subjects,
    server: service.server,
    ...(settings.rounds && { rounds: settings.rounds }),
    ...(settings.leftOut && { leftOut: settings.leftOut }),
    prepare: buckets.make,
    cleanUp: buckets.remove,
    async start(subject, place) {
      const store = await openStore(subject, buckets.siteOf(subject, place));
      const count = counts[place.scale];
      const sizeBytes =
        place.scale === 'tiny' ? Math.min(settings.sizeBytes, MAX_TINY_BYTES) : settings.sizeBytes;
      const rate = (elapsedMs: number) =>
        inBytes ? mibPerSecond(count * sizeBytes, elapsedMs) : perSecond(count, elapsedMs);
      const contents = [sampleBytes(sizeBytes, 61), sampleBytes(sizeBytes, 62)] as const;
      const keys = Array.from(
        { length: count },
        (_, index) => `folder-${index % FOLDERS}/object-${index}.bin`,
      );

      return {
        verify: () => checkObjects(store, sizeBytes),
        async run(round) {
          const content = contents[round & 1 ? 1 : 0];
          const putMs = await drive(count, concurrency, (index) =>
            store.put(pick(keys, index), content),
          );
          if (subject.putsOnly) return { put: rate(putMs) };
          const getMs = await drive(count, concurrency, async (index) => {
            const { length } = await store.get(pick(keys, index));
            if (length !== sizeBytes) throw new Error(`${length} bytes came back.`);
          });
          return { put: rate(putMs), get: rate(getMs) };
        },
        close: async () => store.close?.(),
      };
    },
  });
}
