import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeGdrive, startFakeGdrive } from '../src/index.ts';

let fake: FakeGdrive;

beforeEach(async () => {
  fake = await startFakeGdrive();
});
afterEach(() => fake.stop());

interface Sent {
  readonly token?: string | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

async function send(
  method: string,
  path: string,
  { token = fake.accessToken, headers = {}, body }: Sent = {},
): Promise<Response> {
  return fetch(path.startsWith('http') ? path : fake.url + path, {
    method,
    redirect: 'manual',
    headers: { ...(token !== '' && { authorization: `Bearer ${token}` }), ...headers },
    ...(body !== undefined && { body }),
  });
}

/** Sends, and returns status and reason. */
async function refused(method: string, path: string, sent?: Sent): Promise<string> {
  const response = await send(method, path, sent);
  const { error } = (await response.json()) as { error: { errors: { reason: string }[] } };
  return `${response.status} ${error.errors[0]?.reason}`;
}

const json = (value: unknown): Sent => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
});
const FILES = '/drive/v3/files';
const query = (q: string) => `${FILES}?q=${encodeURIComponent(q)}`;

async function names(path: string, token?: string): Promise<readonly string[]> {
  const { files } = (await (await send('GET', path, { token })).json()) as {
    files: { name: string }[];
  };
  return files.map(({ name }) => name).toSorted();
}

describe('what is not in the description', () => {
  test('is refused: routes, parameters, fields', async () => {
    expect(await refused('GET', '/drive/v4/files')).toBe('404 notFound');
    expect(await refused('PUT', FILES)).toBe('404 notFound');
    expect(await refused('GET', `${FILES}?mood=good`)).toBe('400 badRequest');
    expect(await refused('GET', `${FILES}?pageSize=1&pageSize=2`)).toBe('400 badRequest');
    expect(await refused('GET', `${FILES}?pageSize=1001`)).toBe('400 invalid');
    expect(await refused('GET', `${FILES}?alt=media`)).toBe('400 invalid');
    expect(await refused('GET', `${FILES}?uploadType=media`)).toBe('400 badRequest');
    expect(await refused('GET', `${FILES}?fields=files(id,mood)`)).toBe('400 invalid');
    expect(await refused('GET', `${FILES}?fields=files(id`)).toBe('400 invalid');
    expect(await refused('GET', `${FILES}?fields=files/`)).toBe('400 invalid');
    expect(await refused('GET', `${FILES}?fields=,`)).toBe('400 invalid');
    expect(await refused('GET', `${FILES}?fields=kind)`)).toBe('400 invalid');
    expect(await refused('GET', `${FILES}?corpora=mine`)).toBe('400 invalid');
    expect(await refused('GET', `${FILES}?corpora=drive`)).toBe('400 badRequest');
    expect(await refused('GET', `${FILES}?spaces=photos`)).toBe('400 invalid');
    expect(await refused('GET', `${FILES}?spaces=appDataFolder`)).toBe(
      '403 insufficientPermissions',
    );
    expect(await refused('GET', `${FILES}?orderBy=mood`)).toBe('400 invalid');
    expect(await refused('GET', `${FILES}?pageToken=x`)).toBe('400 invalid');
    expect(
      await refused(
        'GET',
        `${FILES}?supportsAllDrives=yes&corpora=user&includeItemsFromAllDrives=maybe`,
      ),
    ).toBe('400 invalid');
    expect(
      await refused(
        'GET',
        `${FILES}?driveId=x&corpora=drive&includeItemsFromAllDrives=true&supportsAllDrives=true`,
      ),
    ).toBe('404 notFound');
    expect(await refused('GET', '/drive/v3/about')).toBe('400 invalid');
    expect(await refused('POST', FILES, json({ name: 'a', mood: 1 }))).toBe('403 fieldNotWritable');
    expect(await refused('POST', FILES, json({ name: 1 }))).toBe('400 invalid');
    expect(await refused('POST', FILES, json({ trashed: 'yes' }))).toBe('400 invalid');
    expect(await refused('POST', FILES, json({ createdTime: 'now' }))).toBe('400 invalid');
    expect(await refused('POST', FILES, json({ mimeType: 'text' }))).toBe('400 invalid');
    expect(await refused('POST', FILES, json({ contentHints: 1 }))).toBe('400 invalid');
    expect(await refused('POST', FILES, json({ description: 1 }))).toBe('400 invalid');
    expect(await refused('POST', FILES, json({ parents: ['root', 'x'] }))).toBe('400 invalid');
    expect(await refused('POST', FILES, json({ parents: ['none'] }))).toBe('404 notFound');
    expect(await refused('POST', FILES, json({ parents: ['appDataFolder'] }))).toBe(
      '403 insufficientPermissions',
    );
    expect(await refused('POST', FILES, json([]))).toBe('400 badRequest');
    expect(await refused('POST', FILES, { body: '{' })).toBe('400 badRequest');
    expect(
      await refused('POST', FILES, json({ mimeType: 'application/vnd.google-apps.document' })),
    ).toBe('400 badRequest');
  });

  test('is refused in queries, too', async () => {
    for (const q of [
      'name',
      "name ~ 'a'",
      "name in 'a'",
      "fullText = 'a'",
      "name = 'a",
      "name = 'a' name = 'b'",
      "'x' in children",
      "modifiedTime > 'now'",
      "name = 'a\\n'",
      "(name = 'a'",
    ]) {
      expect(await refused('GET', query(q)), q).toBe('400 invalid');
    }
  });
});

test('finds what a query says', async () => {
  const folder = fake.addFile({ name: 'folder', mimeType: 'application/vnd.google-apps.folder' });
  fake.addFile({ name: 'Alpha', content: 'x', modifiedTime: '2020-01-01T00:00:00.000Z' });
  fake.addFile({ name: 'beta', parent: folder });
  const id = fake.addFile({ name: 'gamma\\', parent: folder });
  await send(
    'PATCH',
    `${FILES}/${id}`,
    json({ appProperties: { k: 'v' }, properties: { p: 'q' } }),
  );
  const found = (q: string) => names(query(q));
  expect(await found("name = 'alpha'")).toEqual(['Alpha']);
  expect(await found("name = 'gamma\\\\'")).toEqual(['gamma\\']);
  expect(await found("name != 'alpha' and not name contains 'be'")).toEqual(['folder', 'gamma\\']);
  expect(await found(`'${folder}' in parents or (name = 'folder')`)).toHaveLength(3);
  expect(await found("mimeType = 'text/plain' and trashed != true")).toHaveLength(3);
  expect(await found("modifiedTime < '2021-01-01T00:00:00'")).toEqual(['Alpha']);
  expect(await found("modifiedTime = '2020-01-01T00:00:00.000Z'")).toEqual(['Alpha']);
  expect(await found("appProperties has { key='k' and value='v' }")).toEqual(['gamma\\']);
  expect(await found("properties has { key='p' and value='v' }")).toEqual([]);
  await send('PATCH', `${FILES}/${folder}`, json({ trashed: true }));
  expect(await found('trashed = true')).toEqual(['beta', 'folder', 'gamma\\']);
});

test('cuts answers down to the fields that were asked for', async () => {
  const id = fake.addFile({ name: 'a', content: 'x' });
  const fields = (text: string) => send('GET', `${FILES}/${id}?fields=${text}`);
  expect(await (await fields('name,capabilities/canTrash')).json()).toEqual({
    name: 'a',
    capabilities: { canTrash: true },
  });
  expect(await (await fields('*')).json()).toMatchObject({ id, size: '1', spaces: ['drive'] });
  expect(await (await fields('id,%20name')).json()).toEqual({ id, name: 'a' });
  expect(await (await fields('')).json()).toMatchObject({ id, name: 'a', mimeType: 'text/plain' });
  const list = await send('GET', `${FILES}?fields=files/capabilities/canTrash`);
  expect(await list.json()).toEqual({ files: [{ capabilities: { canTrash: true } }] });
});

describe('rules of files', () => {
  test('keep one parent, no cycles, 124 bytes and 30 properties, 100 levels', async () => {
    const folder = fake.addFile({ name: 'f', mimeType: 'application/vnd.google-apps.folder' });
    const id = fake.addFile({ name: 'a' });
    const patch = (value: unknown, search = '') =>
      refused('PATCH', `${FILES}/${id}${search}`, json(value));
    expect(await patch({ id: 'x' })).toBe('403 fieldNotWritable');
    expect(await patch({ mimeType: 'image/png' })).toBe('400 invalid');
    expect(await patch({ appProperties: { k: 'x'.repeat(124) } })).toBe('400 propertyTooLarge');
    const many = Object.fromEntries(Array.from({ length: 31 }, (_, n) => [`k${n}`, 'v']));
    expect(await patch({ properties: many })).toBe('403 propertyCountLimitExceeded');
    expect(await patch({}, `?addParents=${folder}`)).toBe('403 cannotAddParent');
    expect(await patch({}, '?removeParents=root')).toBe('400 badRequest');
    const moving = `${FILES}/${folder}?addParents=${folder}&removeParents=root`;
    expect(await refused('PATCH', moving, json({}))).toBe('400 badRequest');
    expect(await refused('PATCH', `${FILES}/${id}/copy`)).toBe('404 notFound');
    expect(await refused('POST', `${FILES}/${folder}/copy`, json({}))).toBe('403 cannotCopyFile');
    expect(await refused('POST', `${FILES}/${id}/copy`, json({ mimeType: 'image/png' }))).toBe(
      '400 badRequest',
    );
    expect(await refused('POST', FILES, json({ name: 'b', parents: [id] }))).toBe(
      '403 parentNotAFolder',
    );
    expect(await refused('POST', FILES, json({ name: 'b', id: folder }))).toBe('409 fileIdInUse');
    let parent = folder;
    for (let level = 0; level < 99; level += 1) {
      parent = fake.addFile({
        name: 'f',
        parent,
        mimeType: 'application/vnd.google-apps.folder',
      });
    }
    expect(await refused('POST', FILES, json({ name: 'b', parents: [parent] }))).toBe(
      '403 myDriveHierarchyDepthLimitExceeded',
    );
  });

  test('keep the root, the app folder and other apps apart', async () => {
    const full = fake.token({ scopes: ['drive', 'drive.appdata'] });
    const token = { token: full };
    expect(await refused('PATCH', `${FILES}/root`, { ...json({}), ...token })).toBe(
      '403 insufficientFilePermissions',
    );
    expect(await refused('DELETE', `${FILES}/root`, token)).toBe('403 insufficientFilePermissions');
    expect(await refused('GET', `${FILES}/root`)).toBe('404 notFound');
    const app = await send('POST', FILES, {
      ...json({ name: 'a', parents: ['appDataFolder'] }),
      ...token,
    });
    const { id } = (await app.json()) as { id: string };
    const move = `${FILES}/${id}?addParents=root&removeParents=appDataFolder`;
    expect(await refused('PATCH', move, { ...json({}), ...token })).toBe(
      '403 notSupportedForAppDataFolderFiles',
    );
    const others = fake.token({ scopes: ['drive.appdata'], app: 'app-2' });
    expect(await refused('GET', `${FILES}/${id}`, { token: others })).toBe('404 notFound');
    expect(await refused('POST', FILES, { ...json({ name: 'a' }), token: others })).toBe(
      '403 insufficientPermissions',
    );
    const abusive = fake.addFile({ name: 'bad', isAbusive: true });
    expect(await refused('GET', `${FILES}/${abusive}?alt=media`)).toBe(
      '403 cannotDownloadAbusiveFile',
    );
    expect(await refused('GET', `${FILES}/${abusive}/export`)).toBe('400 badRequest');
    expect(await refused('GET', `${FILES}/${abusive}/export?mimeType=a/b`)).toBe(
      '403 fileNotExportable',
    );
    const folder = fake.addFile({ name: 'f', mimeType: 'application/vnd.google-apps.folder' });
    expect(await refused('GET', `${FILES}/${folder}/revisions`)).toBe('403 revisionsNotSupported');
    expect(await refused('GET', `${FILES}/${abusive}/revisions?pageToken=x`)).toBe('400 invalid');
    expect(await refused('GET', `${FILES}/${abusive}/revisions/none`)).toBe('404 notFound');
    const revision = `${FILES}/${abusive}/revisions/head`;
    expect(await refused('PATCH', revision, json({ published: true }))).toBe('400 badRequest');
    const drive = fake.addDrive('Team');
    const shared = json({ name: 'a', parents: [drive] });
    expect(await refused('POST', FILES, { ...shared, ...token })).toBe('404 notFound');
  });

  test('end tokens with time, or at once', async () => {
    const short = fake.token({ expiresInMs: 1000 });
    expect((await send('GET', FILES, { token: short })).status).toBe(200);
    fake.advance(1001);
    expect(await refused('GET', FILES, { token: short })).toBe('401 authError');
    expect(await refused('GET', FILES, { token: '' })).toBe('401 authError');
  });
});

describe('content', () => {
  const upload = (type: string, sent: Sent) =>
    refused('POST', `/upload${FILES}?uploadType=${type}`, sent);

  test('comes in the three ways that there are', async () => {
    const simple = await send('POST', `/upload${FILES}?uploadType=media`, {
      headers: { 'content-type': 'text/plain' },
      body: 'x',
    });
    expect(await simple.json()).toMatchObject({ name: 'Untitled', mimeType: 'text/plain' });
    expect(await upload('other', {})).toBe('400 invalid');
    expect(await upload('media', { body: new Uint8Array(5 * 1024 * 1024 + 1) })).toBe(
      '413 uploadTooLarge',
    );
    expect(await upload('multipart', { body: 'x' })).toBe('400 badRequest');
    const related = { 'content-type': 'multipart/related; boundary=b' };
    expect(await upload('multipart', { headers: related, body: 'x' })).toBe('400 badRequest');
    expect(await upload('multipart', { headers: related, body: '--b\r\nx\r\n--b--' })).toBe(
      '400 badRequest',
    );
    expect(await upload('multipart', { headers: related, body: '--b--' })).toBe('400 badRequest');
    expect(
      await upload('multipart', {
        headers: related,
        body: '--b\r\ncontent-type: text/plain\r\n\r\n{}\r\n--b\r\ncontent-type: a/b\r\n\r\nx\r\n--b--',
      }),
    ).toBe('400 badRequest');
    const folder = fake.addFile({ name: 'f', mimeType: 'application/vnd.google-apps.folder' });
    expect(
      await refused('PATCH', `/upload${FILES}/${folder}?uploadType=media`, { body: 'x' }),
    ).toBe('403 insufficientFilePermissions');
    expect(await refused('GET', `/upload${FILES}`)).toBe('404 notFound');
  });

  test('goes out in ranges', async () => {
    const id = fake.addFile({ name: 'a', content: '0123456789' });
    const part = async (range: string) => {
      const response = await send('GET', `${FILES}/${id}?alt=media`, { headers: { range } });
      return `${response.status} ${await response.text()}`;
    };
    expect(await part('bytes=2-4')).toBe('206 234');
    expect(await part('bytes=8-')).toBe('206 89');
    expect(await part('bytes=-3')).toBe('206 789');
    expect(await part('bytes=-30')).toBe('206 0123456789');
    expect(await part('bytes=8-99')).toBe('206 89');
    expect(await part('bytes=-')).toBe('200 0123456789');
    expect(await part('lines=1-2')).toBe('200 0123456789');
    expect(await part('bytes=10-')).toMatch(/^416 /);
  });
});

describe('a resumable upload', () => {
  const STEP = 256 * 1024;

  async function begin(headers: Readonly<Record<string, string>> = {}): Promise<string> {
    const response = await send('POST', `/upload${FILES}?uploadType=resumable`, {
      headers: { 'content-type': 'application/json', ...headers },
      body: '{"name":"a"}',
    });
    return response.headers.get('location') ?? '';
  }

  async function put(url: string, range: string | undefined, bytes: number): Promise<string> {
    const response = await send('PUT', url, {
      token: '',
      headers: range === undefined ? {} : { 'content-range': range },
      body: new Uint8Array(bytes),
    });
    return `${response.status} ${response.headers.get('range') ?? ''}`.trim();
  }

  test('takes chunks of 256 KiB in order, tells what it holds, and ends once', async () => {
    const url = await begin();
    expect(fake.pendingUploads()).toBe(1);
    expect(await put(url, 'bytes */*', 0)).toBe('308');
    expect(await put(url, `bytes 0-${STEP - 1}/*`, STEP)).toBe(`308 bytes=0-${STEP - 1}`);
    expect(await put(url, 'bytes */*', 0)).toBe(`308 bytes=0-${STEP - 1}`);
    expect(await put(url, `bytes 0-${STEP - 1}/*`, STEP)).toBe('400');
    expect(await put(url, `bytes ${STEP}-${STEP + 8}/*`, 9)).toBe('400');
    expect(await put(url, `bytes ${STEP}-${STEP + 8}/*`, 8)).toBe('400');
    expect(await put(url, `bytes ${STEP}-${STEP + 8}/${STEP + 2}`, 9)).toBe('400');
    expect(await put(url, 'bytes x', 9)).toBe('400');
    expect(await put(url, 'bytes */*', 9)).toBe('400');
    expect(await put(url, `bytes ${STEP}-${STEP + 8}/${STEP + 9}`, 9)).toBe('200');
    expect(await put(url, 'bytes */*', 0)).toBe('200');
    expect(fake.paths()).toEqual(['a']);
    expect(fake.pendingUploads()).toBe(0);
    expect((await send('POST', url)).status).toBe(400);
  });

  test('ends with the length when all bytes are there, and in one request', async () => {
    const url = await begin();
    await put(url, `bytes 0-${STEP - 1}/*`, STEP);
    expect(await put(url, `bytes */${STEP}`, 0)).toBe('200');
    expect(await put(await begin({ 'x-upload-content-length': '3' }), undefined, 3)).toBe('200');
    expect(await put(await begin({ 'x-upload-content-length': '3' }), undefined, 4)).toBe('400');
    expect(
      await refused('POST', `/upload${FILES}?uploadType=resumable`, {
        headers: { 'x-upload-content-length': 'x' },
      }),
    ).toBe('400 invalid');
  });

  test('is forgotten after a week, or when it is cancelled', async () => {
    const cancelled = await begin();
    expect((await send('DELETE', cancelled)).status).toBe(499);
    expect(await put(cancelled, 'bytes */*', 0)).toBe('404');
    const old = await begin();
    fake.advance(7 * 24 * 60 * 60 * 1000);
    expect(await put(old, 'bytes */*', 0)).toBe('404');
    expect(await put(`${fake.url}/upload${FILES}?upload_id=none`, 'bytes */*', 0)).toBe('404');
  });
});

describe('a batch', () => {
  const type = { 'content-type': 'multipart/mixed; boundary=b' };
  const part = (text: string, id?: string) =>
    `--b\r\nContent-Type: application/http\r\n${id === undefined ? '' : `Content-ID: ${id}\r\n`}\r\n${text}\r\n`;

  test('answers each call by itself', async () => {
    const id = fake.addFile({ name: 'a', content: 'x' });
    const calls = [
      part(`GET ${FILES}/${id}?fields=name HTTP/1.1\r\n\r\n`, '<one>'),
      part(
        `PATCH ${FILES}/${id}?fields=name\r\nContent-Type: application/json\r\n\r\n{"name":"b"}`,
      ),
      part(`GET ${FILES}/none HTTP/1.1\r\n\r\n`, 'two'),
      part(`GET ${FILES}/${id}?alt=media HTTP/1.1\r\n\r\n`),
      part('nonsense'),
    ];
    const response = await send('POST', '/batch/drive/v3', {
      headers: type,
      body: `${calls.join('')}--b--`,
    });
    const text = await response.text();
    expect(text).toContain('Content-ID: <response-one>');
    expect(text).toContain('Content-ID: <response-two>');
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)).toEqual([
      ...['200', '200', '404', '400', '400'],
    ]);
    expect(fake.paths()).toEqual(['b']);
  });

  test('is refused when it is none, too long or empty', async () => {
    const body = `${part(`GET ${FILES} HTTP/1.1\r\n\r\n`).repeat(101)}--b--`;
    expect(await refused('POST', '/batch/drive/v3', { headers: type, body })).toBe(
      '400 batchSizeTooLarge',
    );
    expect(await refused('POST', '/batch/drive/v3', { body: 'x' })).toBe('400 badRequest');
    expect(await refused('POST', '/batch/drive/v3', { headers: type, body: '--b--' })).toBe(
      '400 badRequest',
    );
    const wrong = '--b\r\nContent-Type: text/plain\r\n\r\nGET / HTTP/1.1\r\n--b--';
    expect(await refused('POST', '/batch/drive/v3', { headers: type, body: wrong })).toBe(
      '400 badRequest',
    );
  });
});

describe('changes', () => {
  test('are refused with a token that is none, and for a drive that is none', async () => {
    const changes = '/drive/v3/changes';
    expect(await refused('GET', changes)).toBe('400 badRequest');
    expect(await refused('GET', `${changes}?pageToken=x`)).toBe('400 invalid');
    expect(await refused('GET', `${changes}?pageToken=99`)).toBe('400 invalid');
    expect(await refused('GET', `${changes}?pageToken=1&driveId=x`)).toBe('400 badRequest');
    expect(await refused('GET', `${changes}?pageToken=1&driveId=x&supportsAllDrives=true`)).toBe(
      '404 notFound',
    );
    const driveId = fake.addDrive('Team');
    const response = await send(
      'GET',
      `${changes}?pageToken=1&driveId=${driveId}&supportsAllDrives=true`,
    );
    expect(await response.json()).toMatchObject({ changes: [] });
  });
});

describe('trouble', () => {
  test('is made as it was asked for', async () => {
    const id = fake.addFile({ name: 'a', content: 'content' });
    for (const name of ['b', 'c']) fake.addFile({ name });
    const content = `${FILES}/${id}?alt=media`;
    fake.fault('ignore-range');
    expect((await send('GET', content, { headers: { range: 'bytes=1-2' } })).status).toBe(200);
    fake.fault('cut-body');
    await expect((await send('GET', content)).text()).rejects.toThrow();
    fake.fault('second-page');
    const first = (await (await send('GET', FILES)).json()) as { nextPageToken: string };
    expect(await refused('GET', `${FILES}?pageToken=${first.nextPageToken}`)).toBe(
      '503 backendError',
    );
    fake.fault('lost-reply');
    await expect(send('DELETE', `${FILES}/${id}`)).rejects.toThrow();
    fake.fault('last-step-of-write');
    expect(await refused('PATCH', `${FILES}/x`, json({}))).toBe('503 backendError');
    expect(
      (await send('POST', `/upload${FILES}?uploadType=resumable`, json({ name: 'd' }))).status,
    ).toBe(200);
    fake.fault('unavailable');
    expect(await refused('GET', FILES)).toBe('503 backendError');
    fake.fault(undefined);
    fake.refuse({ status: 403, reason: 'userRateLimitExceeded', retryAfter: '7' });
    const limited = await send('GET', FILES);
    expect([limited.status, limited.headers.get('retry-after')]).toEqual([403, '7']);
    fake.refuse({ status: 429, reason: 'rateLimitExceeded' });
    expect(await refused('GET', FILES)).toBe('429 rateLimitExceeded');
    fake.refuse(undefined);
    expect(await names(FILES)).toEqual(['b', 'c']);
    expect(fake.requests()).toBe(fake.log().length);
    expect(await fake.connections()).toBeGreaterThan(0);
  });
});

test('keeps what describes a file, for its own app and for all', async () => {
  const fields = {
    description: 'words',
    starred: true,
    modifiedTime: '2020-02-02T00:00:00.000Z',
    shortcutDetails: { targetId: 'x' },
    originalFilename: 'b',
    properties: { open: 'yes' },
    appProperties: { own: 'yes' },
  };
  const made = await send('POST', FILES, json({ name: 'a', ...fields }));
  const { id } = (await made.json()) as { id: string };
  const told = await (await send('GET', `${FILES}/${id}?fields=*`)).json();
  expect(told).toMatchObject({
    description: 'words',
    starred: true,
    modifiedTime: '2020-02-02T00:00:00.000Z',
    properties: { open: 'yes' },
    appProperties: { own: 'yes' },
  });
  const other = fake.token({ scopes: ['drive'], app: 'app-2' });
  const seen = await (await send('GET', `${FILES}/${id}?fields=*`, { token: other })).json();
  expect(seen).toMatchObject({ properties: { open: 'yes' } });
  expect(seen).not.toHaveProperty('appProperties');
});

test('lists shared drives beside the own one for who asks for them', async () => {
  const token = fake.token({ scopes: ['drive'] });
  const driveId = fake.addDrive('Team');
  fake.addFile({ name: 'own' });
  fake.addFile({ name: 'shared', parent: driveId });
  const both = 'includeItemsFromAllDrives=true&supportsAllDrives=true';
  expect(await names(FILES, token)).toEqual(['own']);
  expect(await names(`${FILES}?${both}`, token)).toEqual(['own', 'shared']);
  expect(await names(`${FILES}?${both}&driveId=${driveId}`, token)).toEqual(['shared']);
});

test('replaces content by a resumable upload, page by page in its revisions', async () => {
  const id = fake.addFile({ name: 'a', content: 'old' });
  const begun = await send('PATCH', `/upload${FILES}/${id}?uploadType=resumable`);
  const url = begun.headers.get('location') ?? '';
  fake.fault('lost-reply');
  await expect(send('PUT', url, { token: '', body: 'newer' })).rejects.toThrow();
  fake.fault(undefined);
  const again = await send('PUT', url, { headers: { 'content-range': 'bytes */*' } });
  expect(again.status).toBe(200);
  const page = await send('GET', `${FILES}/${id}/revisions?pageSize=1`);
  const { revisions, nextPageToken } = (await page.json()) as {
    revisions: { id: string }[];
    nextPageToken: string;
  };
  expect(revisions).toHaveLength(1);
  const next = await send('GET', `${FILES}/${id}/revisions?pageToken=${nextPageToken}`);
  expect(await next.json()).toMatchObject({ revisions: [{ kind: 'drive#revision' }] });
  const one = await send('GET', `${FILES}/${id}/revisions/${revisions[0]?.id}`);
  expect(await one.json()).toMatchObject({ mimeType: 'text/plain' });
  expect(await refused('PATCH', `/upload${FILES}/none?uploadType=resumable`)).toBe('404 notFound');
});

test('tells an app the changes that it may see, of the place that it asked for', async () => {
  fake.addFile({ name: 'mine' });
  fake.addFile({ name: 'theirs', app: 'app-2' });
  const driveId = fake.addDrive('Team');
  fake.addFile({ name: 'shared', parent: driveId });
  const seen = async (query: string, token?: string) => {
    const fields = 'changes(file(name))';
    const path = `/drive/v3/changes?pageToken=1&fields=${fields}${query}`;
    const { changes } = (await (await send('GET', path, { token })).json()) as {
      changes: { file: { name: string } }[];
    };
    return changes.map(({ file }) => file.name);
  };
  const full = fake.token({ scopes: ['drive'] });
  expect(await seen('')).toEqual(['mine']);
  expect(await seen('', full)).toEqual(['mine', 'theirs']);
  expect(await seen(`&driveId=${driveId}&supportsAllDrives=true`, full)).toEqual(['shared']);
  expect(await seen('&spaces=appDataFolder', full)).toEqual([]);
});
