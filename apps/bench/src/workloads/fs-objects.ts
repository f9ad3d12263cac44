import { sampleBytes } from '../harness/content.ts';
import { drive, mibPerSecond, perSecond } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';
import { openStore, type StoreSubject } from '../harness/subject.ts';
import {
  defineWorkload,
  type Metric,
  type Place,
  type Scale,
  type Workload,
} from '../harness/workload.ts';
import { checkObjects } from './store-checks.ts';

/** One size of objects, with one number of operations in flight. */
export interface ObjectsSettings {
  readonly name: string;
  readonly title: string;
  readonly sizeBytes: number;
  readonly concurrency: number;
  /** Objects per run. */
  readonly counts: Readonly<Record<Scale, number>>;
  /** Objects per run of a subject that waits for the disk. */
  readonly syncedCounts: Readonly<Record<Scale, number>>;
  /** Whether bytes are what matters, and not operations. Default: false. */
  readonly inBytes?: boolean;
  /** Whether subjects that do not wait for the disk are on it all the same. Default: false. */
  readonly onDisk?: boolean;
}

/**
 * Only who waits for the disk is measured on it. On ext4 a file that is made soon after many were
 * deleted takes a third of a millisecond (the kernel looks for an inode that was not just freed),
 * which would hide what stands above the calls.
 */
export function placeByDurability({ durability }: StoreSubject): Place {
  return durability === 'C' || durability === undefined ? 'disk' : 'memory';
}

const FOLDERS = 16;

/** Creates, replaces, reads, stats and deletes many objects of one size in a folder. */
export function fsObjects(settings: ObjectsSettings, subjects: readonly StoreSubject[]): Workload {
  const { name, title, sizeBytes, concurrency, counts, syncedCounts } = settings;
  const { inBytes = false, onDisk = false } = settings;
  const amount = inBytes ? 'MiB/s' : 'ops/s';
  const metric = (label: string, unit: Metric['unit']): Metric => ({
    title: label,
    unit,
    better: 'higher',
  });
  const rate = (count: number, elapsedMs: number) =>
    inBytes ? mibPerSecond(count * sizeBytes, elapsedMs) : perSecond(count, elapsedMs);

  return defineWorkload<StoreSubject>({
    name,
    title,
    about:
      `Objects of ${sizeBytes} bytes under keys in ${FOLDERS} folders, ${concurrency} in flight: created, replaced, read, ` +
      'asked for their size, deleted. A read of bare calls is one failed open of a companion, then open, fstat, read, close.',
    metrics: {
      create: metric('put, new key', amount),
      replace: metric('put, existing key', amount),
      get: metric('get', amount),
      stat: metric('stat', 'ops/s'),
      delete: metric('delete', 'ops/s'),
    },
    subjects,
    placeOf: (subject) => (onDisk ? 'disk' : placeByDurability(subject)),
    async start(subject, { folder, scale }) {
      const store = await openStore(subject, folder);
      const count = (subject.durability === 'C' ? syncedCounts : counts)[scale];
      const first = sampleBytes(sizeBytes, 11);
      const second = sampleBytes(sizeBytes, 12);
      const keys = Array.from(
        { length: count },
        (_, index) => `folder-${index % FOLDERS}/object-${index}.bin`,
      );
      const timed = (task: (key: string) => Promise<unknown>) =>
        drive(count, concurrency, (index) => task(pick(keys, index)));

      return {
        async verify() {
          await checkObjects(store, sizeBytes);
          // One object stays in each folder: making and removing folders is not what is measured.
          for (let folder = 0; folder < FOLDERS; folder++) {
            await store.put(`folder-${folder}/stays.bin`, first);
          }
        },
        async run() {
          const createMs = await timed((key) => store.put(key, first));
          const replaceMs = await timed((key) => store.put(key, second));
          const getMs = await timed(async (key) => {
            const { length } = await store.get(key);
            if (length !== sizeBytes) throw new Error(`${key} came back with ${length} bytes.`);
          });
          const { stat } = store;
          const statMs = stat && (await timed((key) => stat(key)));
          const deleteMs = await timed((key) => store.delete(key));
          return {
            create: rate(count, createMs),
            replace: rate(count, replaceMs),
            get: rate(count, getMs),
            ...(statMs !== undefined && { stat: perSecond(count, statMs) }),
            delete: perSecond(count, deleteMs),
          };
        },
        close: async () => store.close?.(),
      };
    },
  });
}
