import type { ChangeEvent, ChangesPage } from '@granary/storage-core/provider';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { describe, expect, test } from 'vitest';
import { changeLog } from './idb-changes.ts';
import { type IdbStore, idbStore } from './idb-store.ts';

const HOUR_MS = 60 * 60 * 1000;
let stores = 0;

function openStore(indexedDB = new IDBFactory()): IdbStore {
  stores += 1;
  const writer = `writer-${stores}`;
  return idbStore({
    dbName: 'granary',
    appVersion: 1,
    durability: 'relaxed',
    fields: [],
    writer,
    newStoreId: () => `store-${writer}`,
    indexedDB,
    keyRange: IDBKeyRange,
    blockedTimeoutMs: 1000,
  });
}

const put = (key: string): ChangeEvent => ({ type: 'put', key, etag: `etag of ${key}` });

async function record(
  store: IdbStore,
  log: ReturnType<typeof changeLog>,
  events: readonly ChangeEvent[],
): Promise<void> {
  await store.write(['changes'], (tx) => log.record(tx, events));
  log.announce();
}

async function walk(pages: AsyncIterable<ChangesPage>): Promise<{
  readonly events: readonly ChangeEvent[];
  readonly pages: number;
  readonly cursor: string;
}> {
  const all: ChangesPage[] = [];
  for await (const page of pages) all.push(page);
  return {
    events: all.flatMap(({ events }) => events),
    pages: all.length,
    cursor: all.at(-1)?.cursor ?? 'no page',
  };
}

/** Fills the feed with rows of one event each, without a transaction per row. */
async function fill(store: IdbStore, count: number, at: number): Promise<void> {
  await store.write(['changes'], (tx) =>
    tx.table('changes').bulkAdd(
      Array.from({ length: count }, (_, number) => ({
        at,
        writer: 'old',
        events: [put(`old-${number}`)],
      })),
    ),
  );
}

const rowsOf = (store: IdbStore) => store.read(['changes'], (tx) => tx.table('changes').count());

describe('changes', () => {
  test('starts now and goes on from its cursor, with who made each change', async () => {
    const indexedDB = new IDBFactory();
    const [mine, theirs] = [openStore(indexedDB), openStore(indexedDB)];
    const [own, other] = [changeLog(mine), changeLog(theirs)];
    await record(mine, own, [put('before')]);
    const now = await walk(own.changes({}));
    expect(now).toMatchObject({ events: [], pages: 1 });
    await record(mine, own, [put('a'), { type: 'delete', key: 'b' }]);
    await record(theirs, other, [{ type: 'subtree', prefix: 'c/' }]);
    const next = await walk(own.changes({ cursor: now.cursor }));
    expect(next.events).toEqual([
      { type: 'put', key: 'a', etag: 'etag of a', isOwn: true },
      { type: 'delete', key: 'b', isOwn: true },
      { type: 'subtree', prefix: 'c/', isOwn: false },
    ]);
    expect((await walk(other.changes({ cursor: next.cursor }))).events).toEqual([]);
    expect((await walk(other.changes({ cursor: now.cursor }))).events).toHaveLength(3);
  });

  test('pages through many changes without losing or repeating any', async () => {
    const store = openStore();
    const log = changeLog(store);
    const { cursor } = await walk(log.changes({}));
    await fill(store, 350, Date.now());
    const all = await walk(log.changes({ cursor }));
    expect(all.pages).toBe(4);
    expect(all.events.map((event) => 'key' in event && event.key)).toEqual(
      Array.from({ length: 350 }, (_, number) => `old-${number}`),
    );
  });

  test('records nothing when the transaction fails', async () => {
    const store = openStore();
    const log = changeLog(store);
    const { cursor } = await walk(log.changes({}));
    const failing = store.write(['changes'], async (tx) => {
      await log.record(tx, [put('a')]);
      throw new Error('no');
    });
    await expect(failing).rejects.toThrow('no');
    await store.write(['changes'], (tx) => log.record(tx, []));
    expect((await walk(log.changes({ cursor }))).events).toEqual([]);
  });

  test('resets a cursor of another store, of the future, and one that stands nowhere', async () => {
    const store = openStore();
    const log = changeLog(store);
    await record(store, log, [put('a')]);
    const other = openStore();
    const foreign = await walk(changeLog(other).changes({}));
    const { cursor } = await walk(log.changes({}));
    await store.write(['changes'], (tx) => tx.table('changes').clear());
    const strange = btoa(JSON.stringify([1, 0, 'x']));
    for (const old of [foreign.cursor, cursor]) {
      const reset = await walk(log.changes({ cursor: old }));
      expect(reset.events).toEqual([{ type: 'reset' }]);
      expect((await walk(log.changes({ cursor: reset.cursor }))).events).toEqual([]);
    }
    await expect(walk(log.changes({ cursor: strange }))).rejects.toMatchObject({
      code: 'invalid-argument',
    });
  });

  test('resets a cursor that a listing made', async () => {
    const { encodeCursor } = await import('@granary/storage-core/provider');
    const log = changeLog(openStore());
    const { events } = await walk(log.changes({ cursor: encodeCursor({}, 'a key') }));
    expect(events).toEqual([{ type: 'reset' }]);
  });

  test('resets readers when a full store deletes without recording', async () => {
    const store = openStore();
    const log = changeLog(store);
    await record(store, log, [put('a')]);
    const { cursor } = await walk(log.changes({}));
    await log.withoutRecord(() => record(store, log, [{ type: 'delete', key: 'a' }]));
    expect(await rowsOf(store)).toBe(0);
    expect((await walk(log.changes({ cursor }))).events).toEqual([{ type: 'reset' }]);
    await record(store, log, [put('b')]);
    expect(await rowsOf(store)).toBe(1);
  });
});

describe('pruning', () => {
  test('drops the oldest rows a thousand at a time, and keeps ten thousand and the last hour', async () => {
    let now = 10 * HOUR_MS;
    const store = openStore();
    const log = changeLog(store, { now: () => now });
    await fill(store, 3000, now);
    const old = await walk(log.changes({}));
    await fill(store, 1, now);
    const kept = await walk(log.changes({}));
    await fill(store, 8998, now);
    now += HOUR_MS / 2;
    await record(store, log, [put('due, but too young')]);
    await log.close();
    expect(await rowsOf(store)).toBe(12_000);

    now += HOUR_MS;
    const later = changeLog(store, { now: () => now });
    await fill(store, 999, now);
    await record(store, later, [put('the 13,000th')]);
    await later.close();
    expect(await rowsOf(store)).toBe(10_000);
    expect((await walk(later.changes({ cursor: old.cursor }))).events).toEqual([{ type: 'reset' }]);
    expect((await walk(later.changes({ cursor: kept.cursor }))).events).toHaveLength(9999);
  });

  test('leaves it when the store is closed meanwhile', async () => {
    const store = openStore();
    const log = changeLog(store, { now: () => 10 * HOUR_MS });
    await fill(store, 11_999, 0);
    await store.write(['changes'], (tx) => log.record(tx, [put('a')]));
    await store.close();
    log.announce();
    await expect(log.close()).resolves.toBeUndefined();
  });
});
