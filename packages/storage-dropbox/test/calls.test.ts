import { startFakeDropbox } from '@granary-tools/fake-dropbox';
import { Dropbox } from 'dropbox';
import { expect, test } from 'vitest';
import { createDropbox } from '../src/index.ts';

const LISTED = Array.from({ length: 1000 }, (_, index) => `list/${index}`);
const LARGE = new Uint8Array(20_000_000).fill(7, 9_000_000);
const DOOMED = Array.from({ length: 100 }, (_, index) => `doomed/${index}`);

/** Calls of an operation, ours with and without attributes, and the plain way of the SDK. */
async function measure() {
  const fake = await startFakeDropbox({ checksOfJobs: 3 });
  const { accessToken, url: endpoint } = fake;
  const sdk = new Dropbox({ accessToken, fetch: fake.fetch });
  const plain = createDropbox({ auth: accessToken, endpoint, attributes: 'none' });
  const whole = createDropbox({ auth: accessToken, endpoint });

  async function calls(work: () => Promise<unknown>): Promise<number> {
    const before = fake.requests();
    await work();
    return fake.requests() - before;
  }
  const fill = (keys: readonly string[]) => Promise.all(keys.map((key) => plain.put(key, key)));
  const each = async (keys: readonly string[], work: (path: string) => Promise<unknown>) => {
    for (const key of keys) await work(`/${key}`);
  };

  const table = {
    put: {
      companion: await calls(() => whole.put('a', 'one')),
      none: await calls(() => plain.put('b', 'one')),
      sdk: await calls(() => sdk.filesUpload({ path: '/c', contents: 'one' })),
    },
    get: {
      companion: await calls(async () => (await whole.get('a')).text()),
      none: await calls(async () => (await plain.get('a')).text()),
      sdk: await calls(() => sdk.filesDownload({ path: '/a' })),
    },
    stat: {
      companion: await calls(() => whole.stat('a')),
      none: await calls(() => plain.stat('a')),
      sdk: await calls(() => sdk.filesGetMetadata({ path: '/a' })),
    },
    'put of 20 MB': {
      companion: await calls(() => whole.put('large', LARGE)),
      none: await calls(() => plain.put('large', LARGE)),
      sdk: await calls(() =>
        sdk.filesUpload({ path: '/large', contents: LARGE, mode: { '.tag': 'overwrite' } }),
      ),
    },
    'stream of 20 MB': {
      companion: await calls(() => whole.put('large', new Blob([LARGE]))),
      none: await calls(() => plain.put('large', new Blob([LARGE]))),
      sdk: Number.NaN,
    },
    'list of 1,000': { companion: 0, none: 0, sdk: 0 },
    'delete of 100': { companion: 0, none: 0, sdk: 0 },
  };
  await fill(LISTED);
  table['list of 1,000'] = {
    companion: await calls(async () => expect(await whole.list('list/')).toHaveLength(1000)),
    none: await calls(async () => expect(await plain.list('list/')).toHaveLength(1000)),
    sdk: await calls(() => sdk.filesListFolder({ path: '/list', recursive: true })),
  };
  await fill(DOOMED);
  const companion = await calls(() => whole.deleteMany(DOOMED));
  await fill(DOOMED);
  const none = await calls(() => plain.deleteMany(DOOMED));
  await fill(DOOMED);
  const one = await calls(() => each(DOOMED, (path) => sdk.filesDeleteV2({ path })));
  table['delete of 100'] = { companion, none, sdk: one };
  await fake.stop();
  return table;
}

test('takes no more calls than the plain way of the SDK, attributes aside', async () => {
  const table = await measure();
  console.table(table);
  expect(table).toEqual({
    put: { companion: 2, none: 1, sdk: 1 },
    get: { companion: 2, none: 1, sdk: 1 },
    stat: { companion: 2, none: 1, sdk: 1 },
    'put of 20 MB': { companion: 2, none: 1, sdk: 1 },
    // The beginning of the session, two parts, and the last one with what makes the file. The SDK has no way for it.
    'stream of 20 MB': { companion: 5, none: 4, sdk: Number.NaN },
    'list of 1,000': { companion: 1, none: 1, sdk: 1 },
    // One listing, one batch and what it takes until its job is done; and one listing for companions.
    'delete of 100': { companion: 7, none: 6, sdk: 100 },
  });
}, 60_000);
