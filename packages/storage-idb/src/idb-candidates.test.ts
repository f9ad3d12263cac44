import { type CandidateQuery, type StorageProvider, toBody } from '@granary/storage-core/provider';
import { expect, test } from 'vitest';
import { dexieOf, fakeProfile } from '../test/fake.ts';

/** A store with many objects, of which few have what is looked for. */
async function filled(): Promise<StorageProvider> {
  let now = 1_000_000;
  const provider = fakeProfile().open({ indexes: ['stars', 'color'] }, { now: () => now });
  const entries = Array.from({ length: 200 }, (_, at) => ({
    key: `${at % 2 === 0 ? 'even' : 'odd'}/${String(at).padStart(3, '0')}${at % 50 === 0 ? '.png' : ''}`,
    body: toBody('x'.repeat(at)),
    options: {
      metadata: { stars: at, color: at % 40 === 0 ? 'red' : 'blue', list: [at] },
      ...(at % 20 === 0 && { tags: ['rare', `t${at}`] }),
      ...(at === 7 && { contentType: 'Image/JPEG; q=1' }),
    },
  }));
  for (let from = 0; from < entries.length; from += 50) {
    await provider.putMany?.(entries.slice(from, from + 50), {});
    now += 1000;
  }
  await provider.setMetadata?.('odd/013', { cacheControl: 'no-store' }, {});
  return provider;
}

async function find(provider: StorageProvider, query: CandidateQuery): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { entries } of provider.candidates?.(query, {}) ?? []) {
    keys.push(...entries.map(({ key }) => key));
  }
  return keys;
}

test.each<readonly [CandidateQuery, number]>([
  [{ tags: ['rare'] }, 10],
  [{ tags: ['rare', 't60'] }, 1],
  [{ anyTags: ['t20', 't40', 't20', 'none'] }, 2],
  [{ tags: ['none'] }, 0],
  [{ metadata: { stars: 5 } }, 1],
  [{ metadata: { stars: { gte: 10, lt: 12 } } }, 3],
  [{ metadata: { stars: { gt: 190 } } }, 10],
  [{ metadata: { stars: { lte: 3 } } }, 4],
  [{ metadata: { stars: { in: [1, 2, 2, 900] } } }, 2],
  [{ metadata: { color: 'red' } }, 5],
  [{ metadata: { color: { eq: 'red' } } }, 5],
  [{ metadata: { color: { gte: 'r' } } }, 5],
  [{ metadata: { color: { lt: 'b' } } }, 0],
  [{ metadata: { color: { gt: 'a', lt: 'b' } } }, 0],
  [{ contentType: 'image/jpeg' }, 1],
  [{ contentType: 'IMAGE/*' }, 5],
  [{ contentType: 'image/png', prefix: 'even/1' }, 2],
  [{ createdAt: { before: new Date(1_000_001) }, modifiedAt: { after: new Date(1_004_000) } }, 1],
  [{ modifiedAt: { after: new Date(1_004_000) } }, 1],
  [{ metadata: { color: 'blue' } }, 195],
  [{ createdAt: { after: new Date(0) } }, 200],
  [{ tags: ['rare'], prefix: 'odd/' }, 0],
  [{ tags: ['rare'], startAfter: 'even/100.png' }, 4],
  [{ tags: ['rare'], prefix: 'even/', startAfter: 'odd/001' }, 0],
  [{ metadata: { color: 'blue' }, startAfter: 'odd/100' }, 50],
])('finds no more than an index knows of %j', async (query, count) => {
  const provider = await filled();
  expect(await find(provider, query)).toHaveLength(count);
});

test.each<CandidateQuery>([
  { metadata: { list: { contains: 3 } } },
  { metadata: { stars: { ne: 3 } } },
  { metadata: { stars: null } },
  { metadata: { stars: { eq: true } } },
  { metadata: { stars: { gt: 3, lt: 'x' } } },
  { metadata: { color: { gt: 'a', lt: 5 } } },
  { metadata: { other: 1 } },
  { size: { min: 190 } },
])('lists where no index helps: %j', async (query) => {
  const provider = await filled();
  expect(await find(provider, query)).toHaveLength(200);
  expect(await find(provider, { ...query, prefix: 'odd/', startAfter: 'odd/100' })).toHaveLength(
    50,
  );
});

/** So many that a page of an index does not hold them. */
async function crowded(): Promise<StorageProvider> {
  const provider = fakeProfile().open();
  const entries = Array.from({ length: 2600 }, (_, at) => ({
    key: `k${String(at).padStart(4, '0')}`,
    body: toBody(''),
    options: { tags: ['all', ...(at % 4 === 0 ? ['some'] : []), ...(at % 8 === 0 ? ['few'] : [])] },
  }));
  await provider.putMany?.(entries, {});
  return provider;
}

test('finds many in pages, and lists where nearly all match', { timeout: 60_000 }, async () => {
  const provider = await crowded();
  const some = await find(provider, { tags: ['some'] });
  expect(some).toHaveLength(650);
  expect(some).toEqual(some.toSorted());
  expect(await find(provider, { tags: ['some', 'few'] })).toHaveLength(325);
  expect(await find(provider, { tags: ['some'], prefix: 'k1', startAfter: 'k1500' })).toHaveLength(
    499,
  );
  expect(await find(provider, { anyTags: ['some', 'few'] })).toHaveLength(2600);
  expect(await find(provider, { tags: ['all'] })).toHaveLength(2600);
  expect(await find(provider, { createdAt: { after: new Date(0) } })).toHaveLength(2600);
});

test('stops when its signal is aborted', async () => {
  const provider = await filled();
  const controller = new AbortController();
  controller.abort();
  const { signal } = controller;
  const first = provider
    .candidates?.({ tags: ['rare'] }, { signal })
    [Symbol.asyncIterator]()
    .next();
  await expect(first).rejects.toMatchObject({ code: 'aborted' });
});

test('leaves out what was deleted after the index', { timeout: 60_000 }, async () => {
  const provider = await crowded();
  const dexie = dexieOf(provider);
  const transaction = dexie.transaction.bind(dexie);
  let transactions = 0;
  Object.assign(dexie, {
    transaction: async (...args: Parameters<typeof transaction>) => {
      transactions += 1;
      if (transactions === 2) await dexie.table('infos').delete('k0020');
      return await transaction(...args);
    },
  });
  const found = await find(provider, { tags: ['some'] });
  expect(found).toHaveLength(649);
  expect(found).not.toContain('k0020');
});

test('ends when the caller gives up, whether an index helps or not', async () => {
  const provider = await filled();
  const signal = AbortSignal.abort();
  for (const query of [{ tags: ['rare'] }, { metadata: { color: 'blue' } }]) {
    const pages = provider.candidates?.(query, { signal }) ?? expect.unreachable();
    await expect(Array.fromAsync(pages)).rejects.toMatchObject({ code: 'aborted' });
  }
});
