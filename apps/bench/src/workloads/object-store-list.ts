import assert from 'node:assert/strict';
import { drive, perSecond } from '../harness/drive.ts';
import { openStore } from '../harness/subject.ts';
import {
  defineWorkload,
  type LeftOut,
  type Rounds,
  type Scale,
  type Workload,
} from '../harness/workload.ts';
import type { BucketSubject, ObjectService } from '../subjects/object-store.ts';
import { sharedBucket } from './object-store-buckets.ts';
import { checkListing } from './store-checks.ts';

/** How many keys are listed. */
export interface BucketListSettings {
  readonly name: string;
  readonly service: ObjectService;
  readonly keys: Readonly<Record<Scale, number>>;
  readonly rounds?: Rounds;
  readonly leftOut?: readonly LeftOut[];
}

/** What the first page has at least: a page of 1,000 may come a little short. */
const FIRST_PAGE = 900;
const PER_FOLDER = 100;

/** Lists everything in a bucket, and its first page. All subjects read the same bucket. */
export function bucketList(
  { name, service, keys, rounds, leftOut }: BucketListSettings,
  subjects: readonly BucketSubject[],
): Workload {
  const keysOf = ({ scale }: { readonly scale: Scale }) => keyNames(keys[scale]);
  const bucket = sharedBucket(service, keysOf);

  return defineWorkload<BucketSubject>({
    name,
    title: `Listing ${keys.full.toLocaleString('en')} keys in ${service.title}`,
    about:
      `${keys.full} small objects in folders of ${PER_FOLDER}, put by the bare SDK and read by all. ` +
      `The first page is what brings the first ${FIRST_PAGE} keys: one request, whose 1,000 keys may come a little short.`,
    metrics: {
      full: { title: 'everything', unit: 'keys/s', better: 'higher' },
      firstPage: { title: 'first page', unit: 'ms', better: 'lower' },
    },
    subjects: subjects.filter(({ can }) => can.includes('list')),
    server: service.server,
    ...(rounds && { rounds }),
    ...(leftOut && { leftOut }),
    prepare: bucket.make,
    cleanUp: bucket.remove,
    async start(subject, place) {
      const store = await openStore(subject, bucket.siteOf(subject, place));
      const { list, firstPage } = store;
      assert.ok(list, `${subject.id} cannot list`);
      const expected = keysOf(place);
      const page = Math.min(FIRST_PAGE, expected.length);
      const timed = (task: () => Promise<unknown>) => drive(1, 1, task);

      return {
        async verify() {
          await checkListing(store, expected);
          if (firstPage) assert.equal(await firstPage(page), page, 'the first page is not full');
        },
        async run() {
          let count = 0;
          const fullMs = await timed(() =>
            list(() => {
              count++;
            }),
          );
          assert.equal(count, expected.length);
          const pageMs = firstPage && (await timed(() => firstPage(page)));
          return {
            full: perSecond(count, fullMs),
            ...(pageMs !== undefined && { firstPage: pageMs }),
          };
        },
        close: async () => store.close?.(),
      };
    },
  });
}

function keyNames(count: number): string[] {
  return Array.from(
    { length: count },
    (_, index) => `folder-${Math.floor(index / PER_FOLDER)}/object-${index}.bin`,
  );
}
