import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { assertSameBytes } from '../harness/content.ts';
import { drive } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';
import { seededRandom } from '../harness/random-order.ts';
import { openStore, type StoreSubject } from '../harness/subject.ts';
import { defineWorkload, type Scale, type Workload } from '../harness/workload.ts';
import { placeByDurability } from './fs-objects.ts';
import type { StreamSettings } from './fs-stream.ts';
import { readPart, writeLargeFile } from './large-file.ts';

const MIB = 1024 * 1024;

/** 100 MiB in and out of an encrypted store. */
export const encryptedStream: StreamSettings = {
  name: 'encrypted-stream',
  title: '100 MiB streamed in and out, encrypted',
  about:
    'A file of 100 MiB is read as a stream, encrypted and stored, then read, decrypted and written to another file, all in a folder in memory. ' +
    'The baseline encrypts segments with the bare calls of Web Crypto, eight at once, and writes a temporary file that it renames; by hand the same calls feed the same store. ' +
    'Memory is the peak over the idle process, all runs.',
  sizes: { full: 100 * MIB, quick: 100 * MIB, tiny: 3 * MIB },
};

/** Across the border of two segments, wherever these are: the most that one byte range can cost. */
const RANGE_BYTES = 4096;
const SIZES: Readonly<Record<Scale, number>> = {
  full: 1024 * MIB,
  quick: 128 * MIB,
  tiny: 2 * MIB,
};
const COUNTS: Readonly<Record<Scale, number>> = { full: 300, quick: 100, tiny: 5 };
/** Where each range of the baseline lies across two of its segments. Units: bytes. */
const SEGMENT_BYTES = 128 * 1024;
const KEY = 'object.bin';

/** Reads small parts of one large encrypted object, one after the other. */
export function encryptedRange(subjects: readonly StoreSubject[]): Workload {
  return defineWorkload<StoreSubject>({
    name: 'encrypted-range',
    title: 'First bytes of ranges of a 1 GiB encrypted object',
    about:
      `Reads of ${RANGE_BYTES} bytes at random places, one after the other, each across the border of two segments of 128 KiB in the baseline: ` +
      'it reads and decrypts the two with bare calls, which is the work that a range may cost.',
    metrics: { range: { title: 'ranged get', unit: 'ms', better: 'lower' } },
    subjects: subjects.filter(({ can }) => can.includes('range') && can.includes('streams')),
    placeOf: placeByDurability,
    groupOf: () => 'reads',
    prepare: ({ shared, scale }) => writeLargeFile(join(shared, KEY), SIZES[scale]),
    async start(subject, { folder, shared, scale }) {
      const root = join(folder, 'store');
      await mkdir(root);
      const store = await openStore(subject, root);
      const { range, putFile } = store;
      if (range === undefined || putFile === undefined) {
        throw new Error(`${subject.id} cannot read ranges.`);
      }
      await putFile(KEY, join(shared, KEY));
      const count = COUNTS[scale];
      const random = seededRandom(43);
      const borders = SIZES[scale] / SEGMENT_BYTES - 1;
      const offsets = Array.from(
        { length: count },
        () => (1 + Math.floor(random() * borders)) * SEGMENT_BYTES - RANGE_BYTES / 2,
      );

      return {
        async verify() {
          for (const offset of offsets.slice(0, 5)) {
            const expected = await readPart(join(shared, KEY), offset, RANGE_BYTES);
            assertSameBytes(await range(KEY, offset, RANGE_BYTES), expected, `from ${offset}`);
          }
        },
        async run() {
          const elapsedMs = await drive(count, 1, async (index) => {
            const { length } = await range(KEY, pick(offsets, index), RANGE_BYTES);
            if (length !== RANGE_BYTES) throw new Error(`${length} bytes came back.`);
          });
          return { range: elapsedMs / count };
        },
        async close() {
          await store.close?.();
          await rm(root, { recursive: true });
        },
      };
    },
  });
}
