import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  defineSubject,
  type Store,
  type StoreAbility,
  type StoreSubject,
} from '../harness/subject.ts';
import type { Session, Workload } from '../harness/workload.ts';
import { openRawFs } from '../subjects/raw-fs.ts';
import { fsList } from './fs-list.ts';
import { fsObjects } from './fs-objects.ts';
import { fsRanges } from './fs-ranges.ts';
import { fsStream, plainStream } from './fs-stream.ts';
import { memoryObjects } from './memory-objects.ts';

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-lies-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const ALL: readonly StoreAbility[] = ['stat', 'list', 'listFolders', 'range', 'streams'];
const counts = { full: 2, quick: 2, tiny: 2 };
const objects = {
  name: 'o',
  title: 'o',
  sizeBytes: 8,
  concurrency: 1,
  counts,
  syncedCounts: counts,
};
const memory = { ...objects, keys: 2, inBytes: false };
const lists = { name: 'l', title: 'l', folders: counts, perFolder: counts };

/** A subject that works, but for what `lie` changes after it has passed its check. */
function subjectOf(
  lie: (honest: Store) => Partial<Store>,
  more: Partial<StoreSubject> = {},
): { readonly subject: StoreSubject; startLying(): void } {
  let isLying = false;
  const subject = defineSubject<StoreSubject>({
    id: 'liar',
    title: 'Liar',
    kind: 'peer',
    durability: 'A',
    can: ALL,
    async open(folder) {
      const honest = openRawFs(folder, { style: 'in-place' });
      const lies = lie(honest);
      return new Proxy(honest, {
        get: (target, name) => Reflect.get(isLying && name in lies ? lies : target, name),
      });
    },
    ...more,
  });
  return {
    subject: { ...subject, open: async (folder) => deferred(await subject.open(folder)) },
    startLying() {
      isLying = true;
    },
  };
}

/** Looks a method up when it is called, so that a lie can begin between two calls. */
function deferred(store: Store): Store {
  const methods = Object.keys(store).map((name) => [
    name,
    (...args: unknown[]) => Reflect.apply(Reflect.get(store, name), store, args),
  ]);
  return Object.fromEntries(methods) as Store;
}

async function started(workload: Workload): Promise<Session> {
  const [subject] = workload.subjects;
  if (subject === undefined) throw new Error('The workload has no subject.');
  const place = { shared: join(root, 'shared'), scale: 'tiny' } as const;
  await workload.prepare?.(place);
  const folder = await mkdtemp(join(root, 'own-'));
  return workload.start(subject, { ...place, folder });
}

describe('a run fails', () => {
  test.each<
    [string, (honest: Store) => Partial<Store>, (subjects: StoreSubject[]) => Workload, string]
  >([
    [
      'when objects in a folder come back short',
      () => ({ get: async () => new Uint8Array(3) }),
      (subjects) => fsObjects(objects, subjects),
      'came back with 3 bytes',
    ],
    [
      'when objects in memory come back short',
      () => ({ get: async () => new Uint8Array(3) }),
      (subjects) => memoryObjects(memory, subjects),
      '3 bytes came back',
    ],
    [
      'when a range comes back short',
      () => ({ range: async () => new Uint8Array(3) }),
      (subjects) => fsRanges(subjects),
      '3 bytes came back',
    ],
    [
      'when a listing loses a key',
      () => ({ list: async (visit) => visit('one') }),
      (subjects) => fsList(lists, subjects),
      'Expected values to be strictly equal',
    ],
  ])('%s', async (_, lie, workloadOf, message) => {
    const { subject, startLying } = subjectOf(lie);
    const session = await started(workloadOf([subject]));
    await session.verify();
    startLying();
    await expect(session.run(0)).rejects.toThrow(message);
    await session.close();
  });
});

describe('a check fails', () => {
  test('for a store in memory that does not treat buffers as it is said to', async () => {
    const { subject } = subjectOf(() => ({}), { isolation: 'aliases' });
    const session = await started(memoryObjects(memory, [subject]));
    await expect(session.verify()).rejects.toThrow("does not treat the caller's buffers");
  });

  test('for top-level folders that are not those', async () => {
    const { subject, startLying } = subjectOf(() => ({ listFolders: async () => ['other/'] }));
    const session = await started(fsList(lists, [subject]));
    startLying();
    await expect(session.verify()).rejects.toThrow('the top-level folders differ');
  });
});

describe('a store without an optional operation', () => {
  test('is measured in the rest', async () => {
    const { subject } = subjectOf(() => ({}), { can: ['list'] });
    const files = await started(fsObjects({ ...objects, inBytes: true }, [subject]));
    expect(Object.keys(await files.run(0)).sort()).toEqual(['create', 'delete', 'get', 'replace']);
    const listing = await started(fsList(lists, [subject]));
    await listing.verify();
    expect(Object.keys(await listing.run(0))).toEqual(['full']);
  });

  test('is no subject of a workload that needs it', () => {
    const { subject } = subjectOf(() => ({}), { can: [] });
    expect(fsRanges([subject]).subjects).toEqual([]);
    expect(fsStream(plainStream, [subject]).subjects).toEqual([]);
    expect(fsList(lists, [subject]).subjects).toEqual([]);
  });
});

describe('places and groups', () => {
  const { subject } = subjectOf(() => ({}));
  const synced: StoreSubject = { ...subject, id: 'synced', durability: 'C' };

  test('put on the disk only who waits for it', () => {
    const workload = fsObjects(objects, [subject, synced]);
    expect([workload.placeOf(subject), workload.placeOf(synced)]).toEqual(['memory', 'disk']);
  });

  test('put everybody on the disk when told to', () => {
    expect(fsObjects({ ...objects, onDisk: true }, [subject]).placeOf(subject)).toBe('disk');
  });

  test('compare streams that move pieces of the same size', () => {
    const small: StoreSubject = { ...subject, id: 'small', pieceBytes: 64 * 1024 };
    const workload = fsStream(plainStream, [subject, small]);
    expect([workload.groupOf(subject), workload.groupOf(small)]).toEqual([
      'A, 1024 KiB',
      'A, 64 KiB',
    ]);
  });

  test('compare a store in memory with those that treat buffers alike', () => {
    expect(memoryObjects(memory, [subject]).groupOf(subject)).toBe('copies');
  });
});
