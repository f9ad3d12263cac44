import { join } from 'node:path';
import { assertSameBytes } from '../harness/content.ts';
import { drive, perSecond } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';
import { seededRandom } from '../harness/random-order.ts';
import { openStore, type StoreSubject } from '../harness/subject.ts';
import { defineWorkload, type Scale, type Workload } from '../harness/workload.ts';
import { readPart, writeLargeFile } from './large-file.ts';

const MIB = 1024 * 1024;
const RANGE_BYTES = 4096;
const CONCURRENCY = 16;
const SIZES: Readonly<Record<Scale, number>> = {
  full: 1024 * MIB,
  quick: 256 * MIB,
  tiny: 2 * MIB,
};
const COUNTS: Readonly<Record<Scale, number>> = { full: 10_000, quick: 2000, tiny: 20 };
const CHECKED = 8;
const KEY = 'object.bin';

/** Reads many small parts of one large object. */
export function fsRanges(subjects: readonly StoreSubject[]): Workload {
  return defineWorkload<StoreSubject>({
    name: 'fs-ranges',
    title: 'Random 4 KiB ranges of a 1 GiB object',
    about:
      `10,000 reads of ${RANGE_BYTES} bytes at random places, ${CONCURRENCY} in flight. ` +
      'The baseline opens, stats, reads and closes the file for each, after one failed open of a companion.',
    metrics: { range: { title: 'ranged get', unit: 'ops/s', better: 'higher' } },
    subjects: subjects.filter(({ can }) => can.includes('range')),
    groupOf: () => 'reads',
    prepare: ({ shared, scale }) => writeLargeFile(join(shared, KEY), SIZES[scale]),
    async start(subject, { shared, scale }) {
      const store = await openStore(subject, shared);
      const { range } = store;
      if (range === undefined) throw new Error(`${subject.id} cannot read ranges.`);
      const count = COUNTS[scale];
      const random = seededRandom(41);
      const offsets = Array.from({ length: count }, () =>
        Math.floor(random() * (SIZES[scale] - RANGE_BYTES)),
      );

      return {
        async verify() {
          for (const offset of offsets.slice(0, CHECKED)) {
            const expected = await readPart(join(shared, KEY), offset, RANGE_BYTES);
            assertSameBytes(
              await range(KEY, offset, RANGE_BYTES),
              expected,
              `bytes from ${offset}`,
            );
          }
        },
        async run() {
          const elapsedMs = await drive(count, CONCURRENCY, async (index) => {
            const { length } = await range(KEY, pick(offsets, index), RANGE_BYTES);
            if (length !== RANGE_BYTES) throw new Error(`${length} bytes came back.`);
          });
          return { range: perSecond(count, elapsedMs) };
        },
        close: async () => store.close?.(),
      };
    },
  });
}
