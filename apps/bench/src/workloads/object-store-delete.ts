import assert from 'node:assert/strict';
import { sampleBytes } from '../harness/content.ts';
import { drive, perSecond } from '../harness/drive.ts';
import { pick } from '../harness/pick.ts';
import { openStore, type Store } from '../harness/subject.ts';
import {
  defineWorkload,
  type LeftOut,
  type Rounds,
  type Scale,
  type Workload,
} from '../harness/workload.ts';
import type { BucketSubject, ObjectService } from '../subjects/object-store.ts';
import { ownBuckets } from './object-store-buckets.ts';
import { isMissing } from './store-checks.ts';

/** How many keys are deleted. */
export interface BucketDeleteSettings {
  readonly name: string;
  readonly service: ObjectService;
  readonly keys: Readonly<Record<Scale, number>>;
  readonly rounds?: Rounds;
  readonly leftOut?: readonly LeftOut[];
}

const IN_FLIGHT = 16;

/** Deletes many keys: in batches where the subject takes many keys at once. */
export function bucketDelete(
  { name, service, keys, rounds, leftOut }: BucketDeleteSettings,
  subjects: readonly BucketSubject[],
): Workload {
  const buckets = ownBuckets(service, subjects);

  return defineWorkload<BucketSubject>({
    name,
    title: `Deleting ${keys.full.toLocaleString('en')} keys in ${service.title}`,
    about:
      `${keys.full} small objects are put, which is not timed, and deleted by their keys: in one call where the subject ` +
      `takes many keys, else one by one with ${IN_FLIGHT} in flight.`,
    metrics: {
      many: { title: 'in one call', unit: 'keys/s', better: 'higher' },
      single: { title: 'one by one', unit: 'keys/s', better: 'higher' },
    },
    subjects,
    server: service.server,
    ...(rounds && { rounds }),
    ...(leftOut && { leftOut }),
    prepare: buckets.make,
    cleanUp: buckets.remove,
    async start(subject, place) {
      const store = await openStore(subject, buckets.siteOf(subject, place));
      const { deleteMany } = store;
      const content = sampleBytes(64, 71);
      const fill = (names: readonly string[]) =>
        drive(names.length, IN_FLIGHT, (index) => store.put(pick(names, index), content));
      const removeEach = (names: readonly string[]) =>
        drive(names.length, IN_FLIGHT, (index) => store.delete(pick(names, index)));
      const names = keyNames(keys[place.scale]);

      return {
        async verify() {
          const [first = '', second = '', stays = ''] = keyNames(3);
          await fill([first, second, stays]);
          if (deleteMany) await deleteMany([first, second]);
          else await removeEach([first, second]);
          await assertMissing(store, [first, second]);
          assert.equal((await store.get(stays)).length, content.length, 'another key is gone');
          await store.delete(stays);
          await assertMissing(store, [stays]);
        },
        async run() {
          await fill(names);
          const elapsedMs = deleteMany
            ? await drive(1, 1, () => deleteMany(names))
            : await removeEach(names);
          const rate = perSecond(names.length, elapsedMs);
          return deleteMany ? { many: rate } : { single: rate };
        },
        close: async () => store.close?.(),
      };
    },
  });
}

async function assertMissing(store: Store, names: readonly string[]): Promise<void> {
  for (const name of names) {
    assert.ok(await isMissing(store, name), `${name} is still there after it was deleted`);
  }
}

function keyNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `folder-${index % 16}/object-${index}.bin`);
}
