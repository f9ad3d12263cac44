import { createStorage } from '@granary/storage-core';
import { isStorageError, type StorageProvider, toBody } from '@granary/storage-core/provider';
import { type drive_v3, google } from 'googleapis';
import { expect, test } from 'vitest';
import { type OpenFake, openFake } from './open-fake.ts';

const LARGE = new Uint8Array(20_000_000).fill(7, 9_000_000);
const KEYS = Array.from({ length: 1000 }, (_, index) => `notes/n${String(index).padStart(4, '0')}`);

async function fill(provider: StorageProvider): Promise<void> {
  for (const key of KEYS) await provider.put(key, toBody(key), {});
}

/** How an app calls the SDK plainly, by path: a search for each folder and name on the way. */
function plain({ fake }: OpenFake) {
  const auth = new google.auth.OAuth2();
  auth.setCredentials({ access_token: fake.accessToken });
  const fetchImplementation: typeof fetch = (input, init) =>
    fetch(String(input).replace('https://www.googleapis.com', fake.url), init);
  const drive: drive_v3.Drive = google.drive({ version: 'v3', auth, fetchImplementation });

  async function idOf(path: string): Promise<string> {
    let parent = 'root';
    for (const name of path.split('/')) {
      const q = `name = '${name}' and '${parent}' in parents and trashed = false`;
      const { data } = await drive.files.list({ q, fields: 'files(id)' });
      parent = data.files?.[0]?.id ?? '';
    }
    return parent;
  }
  return { drive, idOf };
}

test('makes as few calls as there can be, and never more than the plain use of the SDK', async () => {
  const opened = await openFake();
  const { counted } = opened;
  const provider = opened.open();
  await fill(provider);
  const { drive, idOf } = plain(opened);
  const some = KEYS.slice(0, 100);
  const media = { mimeType: 'text/plain', body: 'new' };

  const ours = {
    'list of 1,000': await counted(async () => {
      let entries = 0;
      for await (const page of provider.list({ prefix: 'notes/n0' }))
        entries += page.entries.length;
      expect(entries).toBe(1000);
    }),
    'put, new': await counted(() => provider.put('notes/new', toBody('new'), {})),
    'put, over': await counted(() => provider.put('notes/new', toBody('newer'), {})),
    'put of 20 MB': await counted(() => createStorage(provider).put('notes/large', LARGE)),
    'stream of 20 MB': await counted(() =>
      createStorage(provider).put('notes/large', new Blob([LARGE])),
    ),
    get: await counted(async () => (await provider.get('notes/new', {})).bytes()),
    stat: await counted(() => provider.stat('notes/new', {})),
    'stat of 100': await counted(async () => {
      const results = (await provider.statMany?.(some, {})) ?? [];
      expect(results.every(({ ok }) => ok)).toBe(true);
    }),
    'delete of 100': await counted(async () => {
      const results = (await provider.deleteMany?.(some, {})) ?? [];
      expect(results.every(({ ok }) => ok)).toBe(true);
    }),
  };
  const theirs = {
    'list of 1,000': await counted(async () => {
      const q = `'${await idOf('notes')}' in parents and trashed = false`;
      for (let pageToken = ''; ; ) {
        const { data } = await drive.files.list({
          q,
          pageSize: 1000,
          ...(pageToken !== '' && { pageToken }),
        });
        pageToken = data.nextPageToken ?? '';
        if (pageToken === '') return;
      }
    }),
    'put, new': await counted(async () => {
      await idOf('notes/plain');
      const parents = [await idOf('notes')];
      await drive.files.create({ requestBody: { name: 'plain', parents }, media });
    }),
    'put, over': await counted(async () => {
      await drive.files.update({ fileId: await idOf('notes/plain'), media });
    }),
    get: await counted(async () => {
      await drive.files.get({ fileId: await idOf('notes/plain'), alt: 'media' });
    }),
    stat: await counted(() => idOf('notes/plain')),
    'stat of 100': await counted(async () => {
      for (const key of KEYS.slice(100, 200)) await idOf(key);
    }),
    'delete of 100': await counted(async () => {
      for (const key of KEYS.slice(100, 200)) {
        await drive.files.update({ fileId: await idOf(key), requestBody: { trashed: true } });
      }
    }),
  };
  const table = Object.entries(ours).map(([name, calls]) => [
    name,
    calls.length,
    // The SDK has no sessions, which Google wants above 5 MB.
    theirs[name as keyof typeof theirs]?.length,
  ]);
  // What the README says.
  expect(table).toEqual([
    ['list of 1,000', 2, 2],
    ['put, new', 2, 4],
    ['put, over', 2, 3],
    // What is there, the session, and all content; or three parts of it.
    ['put of 20 MB', 3, undefined],
    ['stream of 20 MB', 5, undefined],
    ['get', 2, 3],
    ['stat', 1, 2],
    ['stat of 100', 1, 200],
    ['delete of 100', 2, 300],
  ]);
  const missing = await provider.stat('notes/n0000', {}).catch((error: unknown) => error);
  expect(isStorageError(missing, 'not-found')).toBe(true);
}, 60_000);

test('lists a tree of 300 folders in a few calls', async () => {
  const { fake, open, counted } = await openFake();
  const provider = open();
  for (let folder = 0; folder < 300; folder += 1) {
    const parent = fake.addFile({
      name: `f${String(folder).padStart(3, '0')}`,
      mimeType: 'application/vnd.google-apps.folder',
    });
    fake.addFile({ name: 'a', parent });
  }
  const keys: string[] = [];
  const calls = await counted(async () => {
    for await (const { entries } of provider.list({})) keys.push(...entries.map(({ key }) => key));
  });
  expect(keys).toHaveLength(300);
  expect(keys).toEqual(keys.toSorted());
  expect(calls.length).toBeLessThan(12);
});

test('looks for every name on a path at once, and walks when that finds too much', async () => {
  const { fake, open, counted } = await openFake();
  const provider = open();
  await provider.put('a/b/c', toBody('x'), {});
  await provider.put('a/a/a', toBody('y'), {});
  expect(await counted(() => provider.stat('a/b/c', {}))).toHaveLength(1);
  expect(await counted(() => provider.stat('a/a/a', {}))).toHaveLength(2);
  for (let copy = 0; copy < 1000; copy += 1) fake.addFile({ name: 'c' });
  const calls = await counted(async () => {
    expect((await provider.stat('a/b/c', {})).size).toBe(1);
  });
  // The search that found too much, and a level each.
  expect(calls).toHaveLength(4);
});
