import { createHash } from 'node:crypto';
import { drive } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';
import type { Subject } from '../harness/subject.ts';
import type { SessionPlace } from '../harness/workload.ts';
import type { BucketSite, ObjectService } from '../subjects/object-store.ts';

type SharedPlace = Omit<SessionPlace, 'folder'>;

/** Buckets of one workload, which no other run has. */
export interface Buckets {
  /** The bucket of a subject, or the one for all. */
  siteOf(subject: Subject, place: SharedPlace): BucketSite;
  make(place: SharedPlace): Promise<void>;
  remove(place: SharedPlace): Promise<void>;
}

/** A bucket for each subject. */
export function ownBuckets(service: ObjectService, subjects: readonly Subject[]): Buckets {
  const siteOf = ({ id }: Subject, place: SharedPlace) => siteNamed(id, place);
  return {
    siteOf,
    async make(place) {
      for (const subject of subjects) await service.makeBucket(siteOf(subject, place));
    },
    async remove(place) {
      for (const subject of subjects) await service.removeBucket(siteOf(subject, place));
    },
  };
}

/** One bucket that all subjects read, with small objects in it. */
export function sharedBucket(
  service: ObjectService,
  keysOf: (place: SharedPlace) => readonly string[],
): Buckets {
  return {
    siteOf: (_, place) => siteNamed('shared', place),
    async make(place) {
      const site = siteNamed('shared', place);
      await service.makeBucket(site);
      const store = await service.openRaw(site);
      const keys = keysOf(place);
      await drive(keys.length, FILLED_AT_ONCE, (index) => store.put(pick(keys, index), CONTENT));
      await store.close?.();
    },
    remove: (place) => service.removeBucket(siteNamed('shared', place)),
  };
}

const FILLED_AT_ONCE = 16;
const CONTENT: Uint8Array = new TextEncoder().encode('an object of a listing\n');

/** The folder is the run's own, and so is a name made of it. */
function siteNamed(id: string, { shared, server }: SharedPlace): BucketSite {
  if (server === undefined) throw new Error('There is no server.');
  const run = createHash('sha256').update(shared).digest('hex').slice(0, 8);
  return { facts: server, bucket: `bench-${id}-${run}` };
}
