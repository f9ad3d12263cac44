import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { drive, mibPerSecond } from '../harness/drive.ts';
import { openStore, type Store, type StoreSubject } from '../harness/subject.ts';
import { defineWorkload, type Scale, type Workload } from '../harness/workload.ts';
import { placeByDurability } from './fs-objects.ts';
import { assertSameFile, writeLargeFile } from './large-file.ts';

const MIB = 1024 * 1024;
/** Verified with this much, so that memory is measured on an idle process. */
const CHECKED_BYTES = 3 * MIB + 17;
const KEY = 'large/object.bin';

interface StreamingStore extends Store {
  putFile(key: string, file: string): Promise<void>;
  getFile(key: string, file: string): Promise<void>;
}

function canStream(store: Store): store is StreamingStore {
  return store.putFile !== undefined && store.getFile !== undefined;
}

export interface StreamSettings {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  /** Size of the file. Units: bytes. */
  readonly sizes: Readonly<Record<Scale, number>>;
}

/** 1 GiB without anything between the file and the store. */
export const plainStream: StreamSettings = {
  name: 'fs-stream',
  title: '1 GiB streamed in and out',
  about:
    'A file of 1 GiB is read as a stream and stored, then read from the store as a stream and written to another file. ' +
    'The baseline is `stream.pipeline` with the same guarantees and pieces of the same size: 64 KiB, as Node makes them when nothing is said, or 1 MiB. ' +
    'Memory is the peak over the idle process, all runs.',
  sizes: { full: 1024 * MIB, quick: 128 * MIB, tiny: 3 * MIB },
};

/** Streams a large file into a store and out again. */
export function fsStream(settings: StreamSettings, subjects: readonly StoreSubject[]): Workload {
  const { name, title, about, sizes } = settings;
  return defineWorkload<StoreSubject>({
    name,
    title,
    about,
    metrics: {
      in: { title: 'in', unit: 'MiB/s', better: 'higher' },
      out: { title: 'out', unit: 'MiB/s', better: 'higher' },
    },
    subjects: subjects.filter(({ can }) => can.includes('streams')),
    placeOf: placeByDurability,
    groupOf: ({ durability, pieceBytes = MIB }) => `${durability}, ${pieceBytes / 1024} KiB`,
    async prepare({ shared, scale }) {
      await writeLargeFile(join(shared, 'source.bin'), sizes[scale]);
      await writeLargeFile(join(shared, 'check.bin'), CHECKED_BYTES);
    },
    async start(subject, { folder, shared, scale }) {
      const root = join(folder, 'store');
      await mkdir(root);
      const store = await openStore(subject, root);
      if (!canStream(store)) throw new Error(`${subject.id} cannot stream.`);
      const target = join(folder, 'target.bin');
      let isCompared = false;

      return {
        async verify() {
          await store.putFile(KEY, join(shared, 'check.bin'));
          await store.getFile(KEY, target);
          await assertSameFile(target, join(shared, 'check.bin'));
          await store.delete(KEY);
          await rm(target);
        },
        async run() {
          const size = sizes[scale];
          const inMs = await drive(1, 1, () => store.putFile(KEY, join(shared, 'source.bin')));
          const outMs = await drive(1, 1, () => store.getFile(KEY, target));
          if (!isCompared) await assertSameFile(target, join(shared, 'source.bin'));
          isCompared = true;
          // Before the kernel writes it all to the disk, where it would disturb the next run.
          await store.delete(KEY);
          await rm(target);
          return { in: mibPerSecond(size, inMs), out: mibPerSecond(size, outMs) };
        },
        close: async () => store.close?.(),
      };
    },
  });
}
