import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { defineSubject, type Store } from '../harness/subject.ts';
import type { Session, SessionPlace, Workload } from '../harness/workload.ts';
import type { BucketSubject, ObjectService } from '../subjects/object-store.ts';
import { openRawFs } from '../subjects/raw-fs.ts';
import { bucketDelete } from './object-store-delete.ts';
import { bucketList } from './object-store-list.ts';
import { bucketObjects } from './object-store-objects.ts';
import { bucketStream } from './object-store-stream.ts';

let root = '';
let log: string[] = [];
let isLying = false;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-buckets-'));
  log = [];
  isLying = false;
});
afterEach(() => rm(root, { recursive: true, force: true }));

const openFolder = async (bucket: string) => openRawFs(join(root, bucket), { style: 'in-place' });

/** Folders stand in for buckets. */
const service: ObjectService = {
  server: 'folders',
  title: 'folders',
  makeBucket: async ({ bucket }) => void log.push(`make ${bucket}`),
  removeBucket: async ({ bucket }) => void log.push(`remove ${bucket}`),
  openRaw: ({ bucket }) => openFolder(bucket),
};

const counts = { full: 2, quick: 2, tiny: 2 };
const objects = { name: 'o', service, sizeText: '8 B', sizeBytes: 8, concurrency: 1, counts };
const lists = { name: 'l', service, keys: counts };

function subjectOf(
  lie: (honest: Store) => Partial<Store> = () => ({}),
  more: Partial<BucketSubject> = {},
): BucketSubject {
  return defineSubject<BucketSubject>({
    id: 'liar',
    title: 'Liar',
    kind: 'peer',
    can: ['list', 'streams', 'deleteMany', 'firstPage'],
    async open({ bucket }) {
      const honest = await openFolder(bucket);
      const whole: Store = {
        ...honest,
        deleteMany: (keys) => Promise.all(keys.map((key) => honest.delete(key))),
        firstPage: async (limit) => limit,
      };
      const lies = lie(whole);
      const methods = Object.keys(whole).map((name) => [
        name,
        (...args: unknown[]) =>
          Reflect.apply(Reflect.get(isLying && name in lies ? lies : whole, name), whole, args),
      ]);
      return Object.fromEntries(methods) as Store;
    },
    ...more,
  });
}

const place = (): SessionPlace => ({
  folder: join(root, 'own'),
  shared: join(root, 'shared'),
  scale: 'tiny',
  server: { folder: root },
});

async function started(workload: Workload): Promise<Session> {
  const [subject] = workload.subjects;
  if (subject === undefined) throw new Error('The workload has no subject.');
  await workload.prepare?.(place());
  return workload.start(subject, place());
}

describe('a run fails', () => {
  test.each<[string, Partial<Store>, (subject: BucketSubject) => Workload, string]>([
    [
      'when objects come back short',
      { get: async () => new Uint8Array(3) },
      (subject) => bucketObjects(objects, [subject]),
      '3 bytes came back',
    ],
    [
      'when a listing loses a key',
      { list: async (visit) => visit('one') },
      (subject) => bucketList(lists, [subject]),
      'Expected values to be strictly equal',
    ],
  ])('%s', async (_, lies, workloadOf, message) => {
    const session = await started(workloadOf(subjectOf(() => lies)));
    await session.verify();
    isLying = true;
    await expect(session.run(0)).rejects.toThrow(message);
    await session.close();
  });
});

describe('a check fails', () => {
  test.each<[string, Partial<Store>, (subject: BucketSubject) => Workload, string]>([
    [
      'for a first page that is not full',
      { firstPage: async () => 1 },
      (subject) => bucketList(lists, [subject]),
      'the first page is not full',
    ],
    [
      'for keys that stay',
      { deleteMany: async () => {} },
      (subject) => bucketDelete({ ...lists, name: 'd' }, [subject]),
      'is still there after it was deleted',
    ],
  ])('%s', async (_, lies, workloadOf, message) => {
    const session = await started(workloadOf(subjectOf(() => lies)));
    isLying = true;
    await expect(session.verify()).rejects.toThrow(message);
  });

  test('for a delete that takes another key along', async () => {
    const subject = subjectOf((honest) => ({
      deleteMany: async (keys) => {
        for (const key of [...keys, 'folder-2/object-2.bin']) await honest.delete(key);
      },
    }));
    const session = await started(bucketDelete({ ...lists, name: 'd' }, [subject]));
    isLying = true;
    await expect(session.verify()).rejects.toThrow();
  });
});

describe('a subject', () => {
  test('that only writes is measured in that', async () => {
    const writer = subjectOf(undefined, { putsOnly: true });
    const large = { full: 9, quick: 9, tiny: 9 };
    const streams = { name: 's', service, sizeText: '9 B', sizes: large };
    const workloads = [
      bucketObjects({ ...objects, inBytes: true }, [writer]),
      bucketStream(streams, [writer]),
    ];
    const metrics = [];
    for (const workload of workloads) {
      const session = await started(workload);
      metrics.push(Object.keys(await session.run(0)));
    }
    expect(metrics).toEqual([['put'], ['in']]);
  });

  test('that takes one key at a time deletes one by one', async () => {
    const single = subjectOf(undefined, { can: [] });
    const session = await started(bucketDelete({ ...lists, name: 'd' }, [single]));
    await session.verify();
    expect(Object.keys(await session.run(0))).toEqual(['single']);
    expect(bucketList(lists, [single]).subjects).toEqual([]);
    expect(
      bucketStream({ name: 's', service, sizeText: '', sizes: counts }, [single]).subjects,
    ).toEqual([]);
  });
});

describe('buckets', () => {
  test('are made for each subject and removed, under names that another run does not have', async () => {
    const workload = bucketObjects(objects, [subjectOf()]);
    await workload.prepare?.(place());
    await workload.cleanUp?.(place());
    await workload.prepare?.({ ...place(), shared: join(root, 'other') });
    const [made = '', removed = '', other = ''] = log.map((line) => line.split(' ')[1]);
    expect(made).toMatch(/^bench-liar-[0-9a-f]{8}$/);
    expect(removed).toBe(made);
    expect(other).not.toBe(made);
  });

  test('need a server', async () => {
    const { server: _, ...nowhere } = place();
    const making = bucketList(lists, [subjectOf()]).prepare?.(nowhere);
    await expect(making).rejects.toThrow('There is no server');
  });

  test('that are shared are made once, filled, and removed', async () => {
    const workload = bucketList(lists, [subjectOf()]);
    const session = await started(workload);
    await session.verify();
    expect(Object.keys(await session.run(0))).toEqual(['full', 'firstPage']);
    await workload.cleanUp?.(place());
    expect(log.map((line) => line.replace(/-[0-9a-f]{8}$/, ''))).toEqual([
      'make bench-shared',
      'remove bench-shared',
    ]);
  });
});
