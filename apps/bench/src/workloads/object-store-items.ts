import { defineWorkload, type Rounds, type Scale, type Workload } from '../harness/workload.ts';
import type { CloudSubject, ObjectService } from '../subjects/object-store.ts';
import { ITEMS_ABOUT, type ItemCounts, itemSession, timeMetric } from './item-session.ts';
import { ownBuckets } from './object-store-buckets.ts';

/** An application's items in an object store. */
export interface BucketItemsSettings {
  readonly name: string;
  readonly service: ObjectService;
  readonly rounds?: Rounds;
}

const COUNTS: Readonly<Record<Scale, ItemCounts>> = {
  full: { items: 10_000, saves: 40, loads: 40, walks: 3 },
  quick: { items: 1000, saves: 20, loads: 20, walks: 2 },
  tiny: { items: 30, saves: 2, loads: 2, walks: 1 },
};

/** Single operations of an application that keeps 10,000 documents in a bucket. */
export function bucketItems(
  { name, service, rounds }: BucketItemsSettings,
  subjects: readonly CloudSubject[],
): Workload {
  const buckets = ownBuckets(service, subjects);
  return defineWorkload<CloudSubject>({
    name,
    title: `10,000 items of an application in ${service.title}`,
    about: `${ITEMS_ABOUT}. No network is between: what it takes comes on top.`,
    metrics: { save: timeMetric('save'), load: timeMetric('load'), list: timeMetric('list') },
    subjects,
    server: service.server,
    ...(rounds && { rounds }),
    prepare: buckets.make,
    cleanUp: buckets.remove,
    async start(subject, place) {
      const storage = await subject.openStorage(buckets.siteOf(subject, place));
      return itemSession(storage, COUNTS[place.scale], { searches: false });
    },
  });
}
