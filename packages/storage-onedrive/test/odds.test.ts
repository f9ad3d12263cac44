import {
  type ChangesPage,
  encodeToken,
  isStorageError,
  type ListPage,
  toBody,
} from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { type DriveItem, toInfo } from '../src/onedrive-attributes.ts';
import { readChanges } from '../src/onedrive-changes.ts';
import { type OneDrive, openOneDrive } from '../src/onedrive-client.ts';
import { moveObject } from '../src/onedrive-copy.ts';
import { deleteObjects } from '../src/onedrive-delete.ts';
import { quickXorHash } from '../src/onedrive-hash.ts';
import { listObjects } from '../src/onedrive-list.ts';
import { readObject } from '../src/onedrive-read.ts';
import { uploadSession } from '../src/onedrive-upload.ts';
import { writeObject } from '../src/onedrive-write.ts';

const GRAPH = 'https://graph.microsoft.com/v1.0';
const ITEM: DriveItem = {
  id: '1',
  name: 'a',
  size: 1,
  eTag: '"e"',
  cTag: '"c"',
  createdDateTime: '2026-01-01T00:00:00Z',
  lastModifiedDateTime: '2026-01-01T00:00:00Z',
  file: {},
  '@microsoft.graph.downloadUrl': 'https://content.example/a',
};
const HASH_OF_ZEROS = quickXorHash(new Uint8Array(1_000_000));
const FOLDER = { ...ITEM, id: '2', file: undefined, folder: {} };

const answer = (body: object, status = 200) => Response.json(body, { status });
const refused = (status: number, code: string) => answer({ error: { code } }, status);

/** A drive whose requests are answered in turn; the last answer stays. */
function answeredBy(...answers: readonly (Response | (() => Response))[]): OneDrive {
  let turn = 0;
  return openOneDrive({
    auth: 'token',
    fetch: async () => {
      const one = answers[Math.min(turn, answers.length - 1)];
      turn += 1;
      if (one === undefined) throw new TypeError('nothing was asked for');
      return typeof one === 'function' ? one() : one.clone();
    },
  });
}

const batch = (...parts: readonly { status: number; body?: unknown }[]) =>
  answer({ responses: parts.map((part, id) => ({ ...part, id: String(id) })) });

async function errorOf(work: () => unknown) {
  try {
    await work();
  } catch (error) {
    if (isStorageError(error)) return error;
    throw error;
  }
  return undefined;
}
const codeOf = async (work: () => unknown) => (await errorOf(work))?.code;

async function all<Page>(pages: AsyncIterable<Page>): Promise<Page[]> {
  const found: Page[] = [];
  for await (const page of pages) found.push(page);
  return found;
}

test('an item without a tag of its content is known by its own, and without a size is empty', () => {
  const { cTag: _cTag, size: _size, ...bare } = ITEM;
  expect(toInfo('a', bare as DriveItem)).toMatchObject({ etag: '"e"', size: 0 });
});

describe('the feed', () => {
  const feed = (value: readonly object[], ...parents: { status: number; body?: unknown }[]) =>
    all<ChangesPage>(
      readChanges(
        answeredBy(answer({ value, '@odata.deltaLink': `${GRAPH}/delta` }), batch(...parents)),
        { cursor: `${GRAPH}/me/drive/root/delta` },
      ),
    ).then((pages) => pages.flatMap(({ events }) => events));
  const parentReference = { id: 'p' };
  const inRoot = { status: 200, body: { root: {} } };

  test('without a place to go on from is not one', async () => {
    const pages = readChanges(answeredBy(answer({ value: [] })), { cursor: `${GRAPH}/delta` });
    expect(await codeOf(() => all(pages))).toBe('unavailable');
  });

  test('tells folders as subtrees, and leaves out the root', async () => {
    const items = [
      { id: 'r', root: {}, folder: {} },
      { id: 'f', name: 'dir', folder: {}, parentReference },
      { id: 'g', name: 'long%-', folder: {}, parentReference },
      { name: 'x', file: {}, parentReference },
    ];
    expect(await feed(items, inRoot)).toEqual([
      { type: 'subtree', prefix: 'dir/', id: 'f' },
      { type: 'subtree', prefix: '', id: 'g' },
      { type: 'put', key: 'x' },
    ]);
  });

  test.each([
    ['is gone', { status: 404, body: { error: { code: 'itemNotFound' } } }],
    ['says nothing', { status: 200 }],
    ['has no path', { status: 200, body: { name: 'p' } }],
    ['has no name', { status: 200, body: { parentReference: { path: '/drive/root:' } } }],
    [
      'has a bad path',
      { status: 200, body: { name: 'p', parentReference: { path: 'root:/%ZZ' } } },
    ],
  ])('tells a subtree of anything when the folder above %s', async (_name, parent) => {
    expect(await feed([{ id: 'x', name: 'x', file: {}, parentReference }], parent)).toEqual([
      { type: 'subtree', id: 'x' },
    ]);
  });

  test('of an item that lies nowhere is a subtree too, and of one that may not be seen an error', async () => {
    expect(await feed([{ id: 'x', name: 'x', file: {} }])).toEqual([{ type: 'subtree', id: 'x' }]);
    const denied = { status: 403, body: { error: { code: 'accessDenied' } } };
    const failing = feed([{ id: 'x', name: 'x', file: {}, parentReference }], denied);
    expect(await codeOf(() => failing)).toBe('permission-denied');
  });
});

describe('a move', () => {
  const move = (drive: OneDrive, options = {}, to = 'b') => moveObject(drive, 'a', to, options);

  test('onto itself changes nothing', async () => {
    const drive = answeredBy(answer(ITEM));
    expect((await move(drive, {}, 'a')).etag).toBe('"c"');
    expect(await codeOf(() => move(drive, { ifNoneMatch: '*' }, 'a'))).toBe('precondition-failed');
    expect(await codeOf(() => move(drive, { sourceIfMatch: 'x' }))).toBe('precondition-failed');
  });

  test('of what changed meanwhile may be tried again, unless a certain write was meant', async () => {
    const drive = () => answeredBy(answer(ITEM), answer(FOLDER), refused(412, 'resourceModified'));
    expect((await errorOf(() => move(drive())))?.retryable).toBe(true);
    const pinned = await errorOf(() => move(drive(), { sourceIfMatch: '"c"' }));
    expect([pinned?.code, pinned?.retryable]).toEqual(['precondition-failed', false]);
  });

  test('takes the folder that somebody else made meanwhile, and says why one cannot be made', async () => {
    const missing = refused(404, 'itemNotFound');
    const meanwhile = answeredBy(
      ...[answer(ITEM), missing, answer(FOLDER), refused(409, 'nameAlreadyExists')],
      ...[answer(FOLDER), answer({ ...ITEM, name: 'c' })],
    );
    expect((await move(meanwhile, {}, 'dir/c')).key).toBe('dir/c');
    const denied = refused(403, 'accessDenied');
    const unseen = answeredBy(answer(ITEM), denied);
    expect(await codeOf(() => move(unseen, {}, 'dir/c'))).toBe('permission-denied');
    const unmade = answeredBy(answer(ITEM), missing, answer(FOLDER), denied);
    expect(await codeOf(() => move(unmade, {}, 'dir/c'))).toBe('permission-denied');
  });
});

describe('deletes', () => {
  const seen = { status: 200, body: ITEM };

  test('tell each key what became of it', async () => {
    const drive = answeredBy(
      batch(seen, seen, seen, { status: 200, body: 7 }),
      batch(
        { status: 404, body: { error: { code: 'itemNotFound' } } },
        { status: 403, body: { error: { code: 'accessDenied' } } },
        { status: 412, body: { error: { code: 'resourceModified' } } },
      ),
    );
    const keys = ['a', 'b', 'c', 'd', '?'.repeat(200)];
    const results = await deleteObjects(drive, keys, {}, true);
    const told = results.map((one) =>
      one.ok ? one.value.existed : isStorageError(one.error) && one.error.code,
    );
    expect(told).toEqual([false, 'permission-denied', 'conflict', 'unavailable', 'invalid-key']);
  });

  test('whose second half gets no answer leave the outcome open', async () => {
    const drive = answeredBy(batch(seen), () => {
      throw new TypeError('no network');
    });
    const [result] = await deleteObjects(drive, ['a'], {}, true);
    const error = result?.ok === false && isStorageError(result.error) ? result.error : undefined;
    expect([error?.code, error?.outcome]).toEqual(['unavailable', 'unknown']);
  });
});

describe('a listing', () => {
  const list = (drive: OneDrive, options = {}) =>
    all<ListPage>(listObjects(drive, options)).then((pages) =>
      pages.flatMap(({ entries }) => entries.map(({ key }) => key)),
    );

  test('leaves out what is neither file nor folder, and names that no key has', async () => {
    const notebook = { ...ITEM, name: 'notes', file: undefined };
    const odd = { ...ITEM, name: '..' };
    expect(await list(answeredBy(answer({ value: [ITEM, notebook, odd] })))).toEqual(['a']);
  });

  test('ends where a folder was deleted behind its first page', async () => {
    const next = { value: [ITEM], '@odata.nextLink': `${GRAPH}/next` };
    expect(await list(answeredBy(answer(next), refused(404, 'itemNotFound')))).toEqual(['a']);
    const busy = answeredBy(answer(next), refused(503, 'serviceNotAvailable'));
    expect(await codeOf(() => list(busy))).toBe('unavailable');
  });

  test('of a drive without a root says so, and of a request that is wrong too', async () => {
    const missing = answeredBy(refused(404, 'itemNotFound'));
    expect(await codeOf(() => list(missing))).toBe('store-not-found');
    const wrong = answeredBy(refused(400, 'invalidRequest'));
    expect(await codeOf(() => list(wrong))).toBe('invalid-argument');
    expect(await codeOf(() => list(wrong, { prefix: 'a/' }))).toBe('invalid-argument');
  });

  test('ends when the caller gives up', async () => {
    const controller = new AbortController();
    const drive = answeredBy(() => {
      controller.abort();
      return answer({ value: [ITEM] });
    });
    await expect(list(drive, { signal: controller.signal })).rejects.toThrow();
  });
});

describe('an upload', () => {
  const url = 'https://up.example/1';
  const session = { uploadUrl: url, expirationDateTime: '2030-01-01T00:00:00Z' };
  const held = (...ranges: string[]) => answer({ nextExpectedRanges: ranges });
  const begin = (...answers: Response[]) =>
    uploadSession(answeredBy(answer(session), ...answers), 'a', { totalBytes: 1_000_000 });

  test('refuses a part that begins in one that is held', async () => {
    const upload = await begin(held('327680-'));
    const part = new Uint8Array(655_360);
    await upload.status();
    expect(await codeOf(() => upload.write(0, part))).toBe('invalid-argument');
    expect(await codeOf(() => upload.write(655_360, part.subarray(0, 327_680)))).toBe(
      'invalid-argument',
    );
  });

  test('is asked again what it holds when it expects another part', async () => {
    const upload = await begin(refused(416, 'invalidRange'));
    const error = await errorOf(() => upload.write(0, new Uint8Array(327_680)));
    expect([error?.code, error?.retryable]).toEqual(['conflict', true]);
  });

  test('that answers with something else is unavailable, and that cannot be ended says why', async () => {
    expect(await codeOf(async () => (await begin(answer({}))).status())).toBe('unavailable');
    const odd = await begin(held('x-'));
    expect(await codeOf(() => odd.status())).toBe('unavailable');
    const stuck = await begin(refused(403, 'accessDenied'));
    expect(await codeOf(() => stuck.abort())).toBe('permission-denied');
    const other = { ...session, expirationDateTime: 'soon' };
    const unclear = uploadSession(answeredBy(answer(other)), 'a', { totalBytes: 1 });
    expect(await codeOf(() => unclear)).toBe('unavailable');
  });

  test('whose object has another length is corrupted', async () => {
    const upload = await begin(answer({ ...ITEM, size: 7 }));
    await upload.write(0, new Uint8Array(1_000_000));
    expect(await codeOf(() => upload.complete())).toBe('corrupted');
  });

  test('whose last answer was lost knows its own object, and no other one', async () => {
    const cut = () => {
      throw new TypeError('cut');
    };
    const made = { ...ITEM, size: 1_000_000, file: { hashes: { quickXorHash: HASH_OF_ZEROS } } };
    const gone = refused(404, 'itemNotFound');
    const others = { ...made, file: { hashes: { quickXorHash: 'other' } } };
    for (const [found, code] of [
      [answer(made), undefined],
      [answer(others), 'conflict'],
      [answer({ ...made, size: 1 }), 'conflict'],
      [gone, 'conflict'],
    ] as const) {
      const drive = answeredBy(answer(session), cut, gone, found);
      const upload = await uploadSession(drive, 'a', { totalBytes: 1_000_000 });
      await upload.write(0, new Uint8Array(1_000_000));
      expect(await codeOf(() => upload.complete())).toBe('unavailable');
      expect(await codeOf(() => upload.complete())).toBe(code);
    }
  });

  test('takes no token that holds something else', async () => {
    const drive = answeredBy(held('0-'));
    for (const fields of [null, { url: 'no address', expiresAt: 1, totalBytes: 1 }]) {
      const token = encodeToken('a', fields);
      expect(await codeOf(() => uploadSession(drive, 'a', { token }))).toBe('invalid-argument');
    }
  });
});

describe('a write', () => {
  const put = (drive: OneDrive, options = {}) => writeObject(drive, 'a', toBody('x'), options);

  test('that fails for a reason of its own says that one', async () => {
    const long = answer(
      { error: { code: 'invalidRequest', innerError: { code: 'pathIsTooLong' } } },
      400,
    );
    expect(await codeOf(() => put(answeredBy(long)))).toBe('invalid-key');
    const nothing = answeredBy(
      refused(400, 'invalidRequest'),
      batch({ status: 404, body: { error: { code: 'itemNotFound' } } }),
    );
    expect(await codeOf(() => put(nothing))).toBe('invalid-argument');
    const blind = answeredBy(refused(409, 'nameAlreadyExists'), refused(403, 'accessDenied'));
    expect(await codeOf(() => put(blind, { ifNoneMatch: '*' }))).toBe('precondition-failed');
    const unseen = answeredBy(refused(403, 'accessDenied'));
    expect(await codeOf(() => put(unseen, { ifMatch: '"c"' }))).toBe('permission-denied');
  });

  test('without a hash in the answer is held against its length alone', async () => {
    const { file: _file, ...bare } = ITEM;
    expect((await put(answeredBy(answer(bare)))).size).toBe(1);
  });
});

describe('a read', () => {
  test('of what has no address is unavailable, and one that cannot be settled says why', async () => {
    const { '@microsoft.graph.downloadUrl': _url, ...bare } = ITEM;
    expect(await codeOf(() => readObject(answeredBy(answer(bare)), 'a', {}))).toBe('unavailable');
    const content = new Response('x', { headers: { etag: '"other"' } });
    const denied = answeredBy(answer(ITEM), content, refused(403, 'accessDenied'));
    expect(await codeOf(() => readObject(denied, 'a', {}))).toBe('permission-denied');
  });
});
