import assert from 'node:assert/strict';
import { sampleBytes } from '../harness/content.ts';
import { drive, mibPerSecond, perSecond } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';
import { openStore, type StoreSubject } from '../harness/subject.ts';
import { defineWorkload, type Scale, type Workload } from '../harness/workload.ts';
import { checkObjects, isolationOf } from './store-checks.ts';

/** One size of objects in memory. */
export interface MemorySettings {
  readonly name: string;
  readonly title: string;
  readonly sizeBytes: number;
  readonly concurrency: number;
  readonly keys: number;
  /** Operations per run. */
  readonly counts: Readonly<Record<Scale, number>>;
  /** Whether bytes are what matters, and not operations. */
  readonly inBytes: boolean;
}

/** Puts and gets objects of one size in memory, over and over. */
export function memoryObjects(
  settings: MemorySettings,
  subjects: readonly StoreSubject[],
): Workload {
  const { name, title, sizeBytes, concurrency, keys: keyCount, counts, inBytes } = settings;
  const unit = inBytes ? 'MiB/s' : 'ops/s';

  return defineWorkload<StoreSubject>({
    name,
    title,
    about:
      `Objects of ${sizeBytes} bytes under ${keyCount} keys, ${concurrency} in flight: put over and over, then read as bytes. ` +
      'A store that copies can be compared with one that copies, and one that hands out its own memory with its like.',
    metrics: {
      put: { title: 'put', unit, better: 'higher' },
      get: { title: 'get', unit, better: 'higher' },
    },
    subjects,
    groupOf: ({ isolation = 'copies' }) => isolation,
    async start(subject, { folder, scale }) {
      const store = await openStore(subject, folder);
      const count = counts[scale];
      const contents = [sampleBytes(sizeBytes, 21), sampleBytes(sizeBytes, 22)] as const;
      const keys = Array.from(
        { length: keyCount },
        (_, index) => `folder-${index % 16}/object-${index}.bin`,
      );
      const rate = (elapsedMs: number) =>
        inBytes ? mibPerSecond(count * sizeBytes, elapsedMs) : perSecond(count, elapsedMs);

      return {
        async verify() {
          await checkObjects(store, sizeBytes);
          assert.equal(
            await isolationOf(store),
            subject.isolation ?? 'copies',
            `${subject.id} does not treat the caller's buffers as it is said to`,
          );
          await drive(keyCount, concurrency, (index) => store.put(pick(keys, index), contents[0]));
        },
        async run(round) {
          const content = contents[round & 1 ? 1 : 0];
          const putMs = await drive(count, concurrency, (index) =>
            store.put(pick(keys, index), content),
          );
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
