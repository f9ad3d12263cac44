import type { StorageEngine, StorageItem, StorageQuery } from '@granary/storage-core';
import { ensure, equal, failsWith, present } from '../check.ts';
import { collect } from '../content.ts';
import type { Scenario } from '../scenario.ts';

interface Photo {
  readonly key: string;
  readonly tags: readonly string[];
  readonly metadata: {
    readonly title: string;
    readonly iso?: number;
    readonly camera?: { readonly brand: string };
  };
}

const PHOTOS: readonly Photo[] = [
  {
    key: 'photos/a.json',
    tags: ['sea', 'summer'],
    metadata: { title: 'Wide Sea', iso: 100, camera: { brand: 'A' } },
  },
  {
    key: 'photos/b.json',
    tags: ['sea', 'winter'],
    metadata: { title: 'Rough sea', iso: 800, camera: { brand: 'B' } },
  },
  { key: 'photos/c.json', tags: ['city'], metadata: { title: 'City at night', iso: 3200 } },
  {
    key: 'photos/d.json',
    tags: [],
    metadata: { title: 'Nothing', iso: 100, camera: { brand: 'B' } },
  },
  { key: 'plans/a.json', tags: ['sea'], metadata: { title: 'Trip to the SEA' } },
];

async function save(engine: StorageEngine, photos: readonly Photo[] = PHOTOS): Promise<void> {
  for (const { key, tags, metadata } of photos) {
    await engine.save(key, { about: `${key} in words` }, { tags, metadata });
  }
}

async function found(engine: StorageEngine, query: StorageQuery): Promise<string[]> {
  return (await engine.search({ scan: true, ...query })).map(({ key }) => key);
}

/** Queries with the plain filter that they stand for. */
const QUERIES: readonly (readonly [StorageQuery, (photo: Photo) => boolean])[] = [
  [{}, () => true],
  [{ prefix: 'photos/' }, ({ key }) => key.startsWith('photos/')],
  [{ prefix: 'p' }, () => true],
  [{ tags: ['sea'] }, ({ tags }) => tags.includes('sea')],
  [{ tags: ['sea', 'summer'] }, ({ tags }) => tags.includes('sea') && tags.includes('summer')],
  [{ tags: ['Sea'] }, () => false],
  [{ anyTags: ['summer', 'city'] }, ({ tags }) => tags.includes('summer') || tags.includes('city')],
  [{ tags: ['sea'], prefix: 'plans/' }, ({ key }) => key.startsWith('plans/')],
  [{ metadata: { iso: 100 } }, ({ metadata }) => metadata.iso === 100],
  [{ metadata: { iso: '100' } }, () => false],
  [
    { metadata: { iso: { gte: 100, lt: 3200 } } },
    ({ metadata: { iso = -1 } }) => iso >= 100 && iso < 3200,
  ],
  [{ metadata: { iso: { gt: 100 } } }, ({ metadata: { iso = -1 } }) => iso > 100],
  [{ metadata: { iso: { lte: 100 } } }, ({ metadata: { iso = 9999 } }) => iso <= 100],
  [
    { metadata: { iso: { in: [800, 3200] } } },
    ({ metadata: { iso = 0 } }) => [800, 3200].includes(iso),
  ],
  [{ metadata: { iso: { ne: 100 } } }, ({ metadata }) => metadata.iso !== 100],
  [{ metadata: { iso: { exists: false } } }, ({ metadata }) => metadata.iso === undefined],
  [{ metadata: { 'camera.brand': 'B' } }, ({ metadata }) => metadata.camera?.brand === 'B'],
  [{ metadata: { title: { contains: 'sea' } } }, ({ metadata }) => metadata.title.includes('sea')],
  [
    { metadata: { iso: 100, 'camera.brand': 'A' } },
    ({ metadata }) => metadata.iso === 100 && metadata.camera?.brand === 'A',
  ],
  [{ contentType: 'application/json' }, () => true],
  [{ contentType: 'image/*' }, () => false],
  [{ size: { min: 1, max: 1000 } }, () => true],
  [{ size: { min: 1000 } }, () => false],
  [{ modifiedAt: { after: new Date(0) } }, () => true],
  [{ modifiedAt: { before: new Date(1000) } }, () => false],
  [{ text: 'sea' }, ({ tags, metadata }) => tags.includes('sea') || /sea/i.test(metadata.title)],
  [{ text: 'SEA wide' }, ({ key }) => key === 'photos/a.json'],
  [{ text: 'sea', textIn: ['metadata'] }, ({ metadata }) => /sea/i.test(metadata.title)],
  [{ text: 'plans', textIn: ['key'] }, ({ key }) => key.startsWith('plans/')],
  [{ text: 'c.json in words', textIn: ['value'] }, ({ key }) => key === 'photos/c.json'],
  [{ text: 'sea.*' }, () => false],
];

export const searchScenarios: readonly Scenario[] = [
  {
    rule: 'SEARCH-1',
    title: 'finds by prefix, tags, metadata, type, size, dates and text',
    needs: ['attributes'],
    async run({ storage }) {
      const engine = storage();
      await save(engine);
      for (const [query, holds] of QUERIES) {
        const wanted = PHOTOS.filter(holds).map(({ key }) => key);
        equal(await found(engine, query), wanted, `search for ${JSON.stringify(query)}`);
      }
    },
  },
  {
    rule: 'SEARCH-1',
    title: 'refuses queries that mean nothing',
    async run({ storage }) {
      const engine = storage();
      const bad: readonly unknown[] = [
        { limit: 0 },
        { unheard: 1 },
        { tags: 'sea' },
        { sort: { by: 'weight' } },
        { metadata: { a: { like: 'x' } } },
        { cursor: 'nonsense' },
        { modifiedAt: { after: 'today' } },
      ];
      for (const query of bad) {
        await failsWith(
          'invalid-argument',
          async () => await engine.search(query as StorageQuery),
          `search for ${JSON.stringify(query)}`,
        );
      }
    },
  },
  {
    rule: 'SEARCH-2',
    title: 'finds what a plain filter finds after changes and deletes',
    needs: ['attributes'],
    async run({ storage }) {
      const engine = storage();
      await save(engine);
      await engine.save('photos/a.json', {}, { tags: ['city'] });
      await engine.delete('photos/b.json');
      await engine.move('photos/c.json', 'moved/c.json');
      await engine.copy('plans/a.json', 'plans/b.json');
      equal(
        await found(engine, { tags: ['sea'] }),
        ['plans/a.json', 'plans/b.json'],
        'found by a tag',
      );
      equal(
        await found(engine, { tags: ['city'] }),
        ['moved/c.json', 'photos/a.json'],
        'found by another tag',
      );
      equal(
        await found(engine, { metadata: { iso: { exists: true } } }),
        ['moved/c.json', 'photos/d.json'],
        'found by metadata',
      );
      const [item] = await engine.search({ prefix: 'moved/', scan: true });
      const known: StorageItem = present(item, 'item');
      equal([known.kind, known.key], ['item', 'moved/c.json'], 'the item');
    },
  },
  {
    rule: 'SEARCH-3',
    title: 'sorts, limits, and pages through the same order',
    needs: ['attributes'],
    async run({ storage }) {
      const engine = storage();
      await save(engine);
      const byIso = [
        'photos/a.json',
        'photos/d.json',
        'photos/b.json',
        'photos/c.json',
        'plans/a.json',
      ];
      equal(await found(engine, { sort: { by: 'metadata.iso' } }), byIso, 'sorted by a number');
      const down = [
        'photos/c.json',
        'photos/b.json',
        'photos/a.json',
        'photos/d.json',
        'plans/a.json',
      ];
      equal(
        await found(engine, { sort: { by: 'metadata.iso', order: 'desc' } }),
        down,
        'sorted down',
      );
      equal(
        await found(engine, { sort: { by: 'key', order: 'desc' } }),
        PHOTOS.map(({ key }) => key).toReversed(),
        'sorted by key, down',
      );
      equal(await found(engine, { limit: 2 }), ['photos/a.json', 'photos/b.json'], 'with a limit');
      for (const sort of [
        undefined,
        { by: 'metadata.iso' },
        { by: 'metadata.title', order: 'desc' },
      ] as const) {
        const query: StorageQuery = { scan: true, ...(sort && { sort }) };
        const all = await found(engine, query);
        for (const limit of [1, 2, 5]) {
          const seen: string[] = [];
          let cursor: string | undefined;
          do {
            const pages = await collect(
              engine.search({ ...query, limit, ...(cursor && { cursor }) }).pages(),
            );
            seen.push(...pages.flatMap(({ entries }) => entries.map(({ key }) => key)));
            cursor = pages.at(-1)?.cursor;
          } while (cursor !== undefined && seen.length <= all.length);
          equal(seen, all, `steps of ${limit} through a search sorted by ${sort?.by ?? 'key'}`);
        }
      }
      const [page] = await collect(engine.search({ scan: true, limit: 1 }).pages());
      const cursor = present(page?.cursor, 'cursor');
      await failsWith(
        'invalid-argument',
        async () => await engine.search({ scan: true, tags: ['sea'], cursor }),
        'a cursor of another search',
      );
    },
  },
  {
    rule: 'SEARCH-4',
    title: 'asks for leave before it sends a request per key',
    needs: ['attributes', '!listAttributes'],
    async run({ storage, capabilities, skip }) {
      if (capabilities.listFields?.includes('tags')) skip('every listing tells the tags');
      const engine = storage();
      await save(engine);
      await failsWith(
        'unsupported',
        async () => await engine.search({ tags: ['sea'] }),
        'search by tags',
      );
      ensure(
        (await engine.search({ tags: ['sea'], scan: true })).length === 3,
        'search by tags with leave',
      );
      equal(
        (await engine.search({ prefix: 'plans/' })).length,
        1,
        'items found by prefix, which needs no leave',
      );
    },
  },
  {
    rule: 'SEARCH-4',
    title: 'asks for leave before it reads values',
    async run({ storage }) {
      const engine = storage();
      await engine.save('a.json', { about: 'needle' });
      await engine.save('b.json', { about: 'hay' });
      await failsWith(
        'unsupported',
        async () => await engine.search({ text: 'needle', textIn: ['value'] }),
        'search in values',
      );
      equal(
        await found(engine, { text: 'needle', textIn: ['value'] }),
        ['a.json'],
        'found in values',
      );
    },
  },
];
