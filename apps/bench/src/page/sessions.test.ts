import { describe, expect, test } from 'vitest';
import { noteMap, streamMap } from '../../test/fixtures/page-stores.ts';
import { coldSession } from './cold-session.ts';
import { itemsSession } from './items-session.ts';
import type { PageSession } from './page-session.ts';
import type { PageStore } from './page-store.ts';
import { savesSession } from './saves-session.ts';
import { smallSession } from './small-session.ts';
import { streamSession } from './stream-session.ts';

type Lie = (honest: PageStore) => Partial<PageStore>;

const ITEMS = { items: 110, saves: 4, loads: 5, walks: 2, deletes: 3 };

const saves = (lie?: Lie, removed?: () => void) =>
  savesSession(async () => noteMap(lie, removed), { by: 'many', count: 20 });
const items = (lie?: Lie) => itemsSession(async () => noteMap(lie), ITEMS);
const small = (lie?: Lie) => smallSession(async () => noteMap(lie), { items: 5 });

async function ran(session: PageSession, part = 'all') {
  await session.verify();
  const readings = await session.run(0, part);
  await session.close();
  return readings;
}

describe('every session of notes', () => {
  const liars: readonly (readonly [string, Lie, string])[] = [
    ['loses a save', () => ({ save: async () => {} }), 'came back as something else'],
    ['gives back a text', () => ({ load: async () => 'note' }), 'came back as something else'],
    [
      'lacks a field',
      ({ load }) => ({ load: async (key) => ({ ...Object(await load(key)), body: undefined }) }),
      'came back as something else',
    ],
    ['loses what is saved in bulk', () => ({ saveMany: async () => {} }), 'came back as'],
    ['keeps what is deleted', () => ({ delete: async () => {} }), 'after it was deleted'],
    ['keeps many that are deleted', () => ({ deleteMany: async () => {} }), 'after many were'],
  ];

  test.each(liars)('finds out who %s', async (_title, lie, message) => {
    for (const session of [saves(lie), items(lie), small(lie)]) {
      await expect(session.verify()).rejects.toThrow(message);
    }
  });

  test('takes an error for what is missing', async () => {
    const strict: Lie = ({ load }) => ({
      async load(key) {
        const value = await load(key);
        if (value === undefined) throw new Error('missing');
        return value;
      },
    });
    await saves(strict).verify();
  });
});

describe('savesSession', () => {
  test('measures saves in bulk, all or nothing as well, or one by one', async () => {
    const readings = await ran(saves());
    expect(Object.keys(readings)).toEqual(['many', 'atomic']);
    expect(Object.values(readings).every((value) => Number(value) > 0)).toBe(true);
    const one = await ran(savesSession(async () => noteMap(), { by: 'one', count: 3 }));
    expect(one).toEqual({ one: expect.any(Number) });
  });

  test('leaves out what the store cannot do', async () => {
    const session = savesSession(
      async () => {
        const { saveAtomic: _, ...store } = noteMap();
        return store;
      },
      { by: 'many', count: 2 },
    );
    expect(Object.keys(await ran(session))).toEqual(['many']);
  });

  test('uses a fresh store for each measurement, and removes it', async () => {
    let count = 0;
    const session = saves(undefined, () => {
      count += 1;
    });
    await ran(session);
    expect(count).toBe(3);
  });

  test('finds out who saves less than all once it is timed', async () => {
    const session = saves(({ saveMany }) => ({
      saveMany: (all) => saveMany(all.slice(0, 10)),
    }));
    await session.verify();
    await expect(session.run(0, 'all')).rejects.toThrow('the last note was not saved');
  });
});

describe('itemsSession', () => {
  test('times single operations', async () => {
    const readings = await ran(items());
    const counts = Object.entries(readings).map(([name, value]) => [
      name,
      typeof value === 'number' ? 1 : value.length,
    ]);
    expect(Object.fromEntries(counts)).toEqual({
      save: 4,
      load: 5,
      tag: 2,
      author: 2,
      list: 2,
      keys: 2,
      delete: 1,
    });
  });

  test('leaves as many notes as there were', async () => {
    const session = items();
    await session.verify();
    await session.run(0, 'all');
    await session.run(1, 'all');
  });

  test.each(['withTag', 'byAuthor', 'list', 'keys'] as const)(
    'finds out whose %s finds too few, or others',
    async (method) => {
      await expect(items(() => ({ [method]: async () => [] })).verify()).rejects.toThrow(
        'found 0 notes instead of',
      );
      const other: Lie = (honest) => ({
        [method]: async () => {
          const found = (await honest[method]?.('')) ?? (await honest.list?.()) ?? [];
          const right = method === 'withTag' ? 2 : method === 'byAuthor' ? 2 : found.length;
          return Array.from({ length: right }, () => 'notes/other.json');
        },
      });
      await expect(items(other).verify()).rejects.toThrow('did not find "notes/');
    },
  );

  test('leaves out what the store cannot do', async () => {
    const session = itemsSession(async () => {
      const { withTag: _, byAuthor: __, list: ___, ...store } = noteMap();
      return store;
    }, ITEMS);
    expect(Object.keys(await ran(session))).toEqual(['save', 'load', 'keys', 'delete']);
  });

  test('does nothing before it is verified', async () => {
    await expect(items().run(0, 'all')).rejects.toThrow('never opened');
    await items().close();
  });
});

describe('smallSession', () => {
  test('measures saves, loads, a list and deletes', async () => {
    expect(Object.keys(await ran(small()))).toEqual(['save', 'load', 'list', 'delete']);
  });

  test('lists keys where there is no listing, and finds out who has none', async () => {
    const session = smallSession(
      async () => {
        const { list: _, ...store } = noteMap();
        return store;
      },
      { items: 2 },
    );
    await ran(session);
    const mute = small(() => ({ list: async () => [] }));
    await mute.verify();
    await expect(mute.run(0, 'all')).rejects.toThrow('the listing found 0 notes instead of 5');
  });

  test('does nothing before it is verified', async () => {
    await expect(small().run(0, 'all')).rejects.toThrow('never opened');
    await small().close();
  });
});

describe('coldSession', () => {
  test('fills a store that a later page loads from', async () => {
    const store = noteMap();
    const open = async () => store;
    await coldSession(open, { items: 5 }).verify();
    const later = coldSession(open, { items: 5 });
    const readings = await later.run(0, 'all');
    await later.close();
    expect(Object.keys(readings)).toEqual(['page', 'open']);
  });

  test('finds out when there is nothing to load', async () => {
    const session = coldSession(async () => noteMap(), { items: 5 });
    await expect(session.run(0, 'all')).rejects.toThrow('nothing to load');
  });
});

describe('streamSession', () => {
  test('streams in, then out, and deletes', async () => {
    const store = streamMap();
    const session = streamSession(async () => store, { sizeBytes: 2_000_000 });
    await session.verify();
    expect(Object.keys(await session.run(0, 'in'))).toEqual(['in']);
    expect(store.kept.size).toBe(1);
    expect(Object.keys(await session.run(0, 'out'))).toEqual(['out']);
    expect(store.kept.size).toBe(0);
    await session.close();
  });

  test('finds out who loses bytes', async () => {
    const cut = async () => streamMap((bytes) => bytes.slice(1));
    await expect(streamSession(cut, { sizeBytes: 10 }).verify()).rejects.toThrow(
      'came back as another one',
    );
    let isLying = false;
    const later = streamSession(
      async () => streamMap((bytes) => (isLying ? bytes.slice(1) : bytes)),
      { sizeBytes: 10 },
    );
    await later.verify();
    isLying = true;
    await later.run(0, 'in');
    await expect(later.run(0, 'out')).rejects.toThrow('9 bytes came back instead of 10');
  });

  test('does nothing before it is verified', async () => {
    const session = streamSession(async () => streamMap(), { sizeBytes: 1 });
    await expect(session.run(0, 'in')).rejects.toThrow('never opened');
    await session.close();
  });
});
