import assert from 'node:assert/strict';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { drive, mibPerSecond } from '../harness/drive.ts';
import { openStore } from '../harness/subject.ts';
import {
  defineWorkload,
  type LeftOut,
  type Rounds,
  type Scale,
  type Workload,
} from '../harness/workload.ts';
import type { BucketSubject, ObjectService } from '../subjects/object-store.ts';
import { assertSameFile, writeLargeFile } from './large-file.ts';
import { ownBuckets } from './object-store-buckets.ts';

/** How much is streamed. */
export interface BucketStreamSettings {
  readonly name: string;
  readonly service: ObjectService;
  readonly sizeText: string;
  /** Units: bytes. */
  readonly sizes: Readonly<Record<Scale, number>>;
  readonly rounds?: Rounds;
  readonly leftOut?: readonly LeftOut[];
}

/** Verified with this much, in parts where the subject uses them, so that memory is measured on an idle process. */
const CHECKED_BYTES = 9 * 1024 * 1024 + 17;
const KEY = 'large/object.bin';

/** Streams a large file into a bucket and out again. */
export function bucketStream(
  { name, service, sizeText, sizes, rounds, leftOut }: BucketStreamSettings,
  subjects: readonly BucketSubject[],
): Workload {
  const streaming = subjects.filter(({ can }) => can.includes('streams'));
  const buckets = ownBuckets(service, streaming);

  return defineWorkload<BucketSubject>({
    name,
    title: `${sizeText} streamed into ${service.title} and out`,
    about:
      `A file of ${sizeText} is read as a stream and stored, then read from the store as a stream and written to another file; ` +
      'both files are in memory where the machine has a file system there. ' +
      'Memory is the peak over the idle process, all runs.',
    metrics: {
      in: { title: 'in', unit: 'MiB/s', better: 'higher' },
      out: { title: 'out', unit: 'MiB/s', better: 'higher' },
    },
    subjects: streaming,
    placeOf: () => 'memory',
    server: service.server,
    ...(rounds && { rounds }),
    ...(leftOut && { leftOut }),
    async prepare(place) {
      await buckets.make(place);
      await writeLargeFile(join(place.shared, 'source.bin'), sizes[place.scale]);
      await writeLargeFile(join(place.shared, 'check.bin'), CHECKED_BYTES);
    },
    cleanUp: buckets.remove,
    async start(subject, place) {
      const { folder, shared, scale } = place;
      await mkdir(folder, { recursive: true });
      const store = await openStore(subject, buckets.siteOf(subject, place));
      const { putFile, getFile } = store;
      assert.ok(putFile && getFile, `${subject.id} cannot stream.`);
      const target = join(folder, 'target.bin');
      let isCompared = false;

      return {
        async verify() {
          await putFile(KEY, join(shared, 'check.bin'));
          await getFile(KEY, target);
          await assertSameFile(target, join(shared, 'check.bin'));
          await store.delete(KEY);
          await rm(target);
        },
        async run() {
          const size = sizes[scale];
          const inMs = await drive(1, 1, () => putFile(KEY, join(shared, 'source.bin')));
          const outMs = await drive(1, 1, () => getFile(KEY, target));
          if (!isCompared) await assertSameFile(target, join(shared, 'source.bin'));
          isCompared = true;
          // What the server holds is in memory, which others need.
          await store.delete(KEY);
          await rm(target);
          const rates = { in: mibPerSecond(size, inMs), out: mibPerSecond(size, outMs) };
          return subject.putsOnly ? { in: rates.in } : rates;
        },
        close: async () => store.close?.(),
      };
    },
  });
}
