import { type FakeOneDrive, startFakeOneDrive } from '@granary-tools/fake-onedrive';
import { graphClient } from '@granary-tools/fake-onedrive/graph-client';
import type { Client } from '@microsoft/microsoft-graph-client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOneDrive } from '../src/index.ts';

let fake: FakeOneDrive;
let client: Client;

beforeAll(async () => {
  fake = await startFakeOneDrive();
  client = graphClient(fake.url, () => fake.token());
});

afterAll(() => fake.stop());

const storage = () => createOneDrive({ auth: () => fake.token(), endpoint: fake.url });

/** Requests that a piece of work makes, those to the addresses of content included. */
async function calls(work: () => Promise<unknown>): Promise<number> {
  const before = fake.requests();
  await work();
  return fake.requests() - before;
}

const KEYS = Array.from({ length: 1000 }, (_, index) => `many/${String(index).padStart(4, '0')}`);

test('makes as few requests as the README says, and no more than the SDK', async () => {
  const mine = storage();
  const put = await calls(() => mine.put('one.txt', 'content'));
  const putAttributes = await calls(() => mine.put('two.txt', 'content', { tags: ['t'] }));
  const get = await calls(async () => (await mine.get('one.txt')).text());
  const getAttributes = await calls(async () => (await mine.get('two.txt')).text());
  const part = await calls(async () =>
    (
      await createOneDrive
        .provider({ auth: () => fake.token(), endpoint: fake.url })
        .get('one.txt', {
          range: { offset: 1, length: 2 },
        })
    ).text(),
  );
  const stat = await calls(() => mine.stat('one.txt'));
  const bare = createOneDrive({
    auth: () => fake.token(),
    endpoint: fake.url,
    attributes: 'none',
  });
  const large = new Uint8Array(20_000_000).fill(7, 9_000_000);
  const putLarge = await calls(() => mine.put('large', large));
  const putLargeBare = await calls(() => bare.put('large', large));
  const stream = await calls(() => mine.put('large', new Blob([large])));
  const streamBare = await calls(() => bare.put('large', new Blob([large])));
  const putBare = await calls(() => bare.put('three.txt', 'content'));
  const getBare = await calls(async () => (await bare.get('three.txt')).text());
  const statBare = await calls(() => bare.stat('three.txt'));
  const removeBare = await calls(() => bare.delete('three.txt'));
  await mine.saveMany(
    KEYS.map((key) => ({ key, value: 1 })),
    { concurrency: 16 },
  );
  const list = await calls(async () => expect(await mine.list('many/')).toHaveLength(1000));
  const remove = await calls(() => mine.deleteMany(KEYS.slice(0, 100)));
  const removeOne = await calls(() => mine.delete('one.txt'));
  const listBare = await calls(async () => expect(await bare.list('many/')).not.toHaveLength(0));

  const sdk = {
    put: await calls(() =>
      client
        .api('/me/drive/root:/sdk.txt:/content')
        .header('content-type', 'text/plain')
        .put('content'),
    ),
    get: await calls(() => client.api('/me/drive/root:/sdk.txt:/content').getStream()),
    stat: await calls(() => client.api('/me/drive/root:/sdk.txt').get()),
    list: await calls(async () => {
      let page = await client.api('/me/drive/root:/many:/children').get();
      while (page['@odata.nextLink']) {
        const { pathname, search } = new URL(page['@odata.nextLink']);
        page = await client.api(pathname.replace('/v1.0', '') + search).get();
      }
    }),
    remove: await calls(async () => {
      for (const key of KEYS.slice(100, 200)) await client.api(`/me/drive/root:/${key}`).delete();
    }),
  };
  const removeManyBare = await calls(() => bare.deleteMany(KEYS.slice(200, 300)));
  // A stream takes the session, and three parts, the last of which makes the file.
  expect({ putLarge, putLargeBare, stream, streamBare }).toEqual({
    putLarge: 2,
    putLargeBare: 1,
    stream: 5,
    streamBare: 4,
  });
  expect({ put, putAttributes, get, getAttributes, part, stat, list, remove, removeOne }).toEqual({
    put: 2,
    putAttributes: 3,
    get: 2,
    getAttributes: 3,
    part: 2,
    stat: 1,
    list: 1,
    remove: 7,
    removeOne: 3,
  });
  expect({ putBare, getBare, statBare, removeBare, listBare, removeManyBare }).toEqual({
    putBare: 1,
    getBare: 2,
    statBare: 1,
    removeBare: 2,
    listBare: 1,
    removeManyBare: 6,
  });
  expect(sdk).toEqual({ put: 1, get: 2, stat: 1, list: 5, remove: 100 });
}, 60_000);
