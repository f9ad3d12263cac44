import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type FakeOneDrive, startFakeOneDrive } from '../src/index.ts';
import { quickXorHash } from '../src/quick-xor-hash.ts';

let fake: FakeOneDrive;

beforeAll(async () => {
  fake = await startFakeOneDrive({ totalBytes: 10_000_000 });
  await send('PUT', '/me/drive/root:/f/a:/content', { body: 'hello', type: 'text/plain' });
});

afterAll(() => fake.stop());

interface Sent {
  readonly body?: string | object;
  readonly type?: string;
  readonly headers?: Record<string, string>;
  readonly token?: string | null;
}

async function send(method: string, path: string, sent: Sent = {}, of = fake) {
  const { body, headers = {}, token = of.token() } = sent;
  const { type = typeof body === 'object' ? 'application/json' : undefined } = sent;
  const response = await fetch(path.startsWith('http') ? path : `${of.url}/v1.0${path}`, {
    method,
    redirect: 'manual',
    headers: {
      ...(token !== null && { authorization: `Bearer ${token}` }),
      ...(type && { 'content-type': type }),
      ...headers,
    },
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  const json = text.startsWith('{') ? JSON.parse(text) : {};
  return { status: response.status, code: json.error?.code, json, text, headers: response.headers };
}

describe('what the service has not is refused', () => {
  test.each([
    ['GET', '/me/drive/root:/f/a?$filter=x', {}, 400],
    ['GET', '/me/drive/root:/f/a?$select=nonsense', {}, 400],
    ['GET', '/me/drive?$select=nonsense', {}, 400],
    ['GET', '/me/drive/root:/f:/children?$top=5000', {}, 400],
    ['GET', '/me/drive/root:/f:/children?$orderby=x', {}, 400],
    ['GET', '/me/drive/root:/f/a:/children', {}, 400],
    ['GET', '/me/drive/root:/f:/content', {}, 400],
    ['GET', '/me/drive/root:/f/a:/thumbnails', {}, 405],
    ['GET', '/me/drive/root:/%ZZ', {}, 400],
    ['GET', '/me/drive/nonsense', {}, 400],
    ['GET', '/me/messages', {}, 400],
    ['GET', '/me/drive/items/none', {}, 404],
    ['GET', '/me/drive/root:/f:/delta', {}, 400],
    ['GET', '/me/drive/root/delta?token=none', {}, 400],
    ['GET', '/drives/none/root', {}, 404],
    ['POST', '/me/drive', {}, 405],
    ['GET', '/$batch', {}, 405],
    ['GET', '/me/drive/root', { headers: { 'x-unknown': '1' } }, 400],
    ['GET', '/me/drive/root', { token: null }, 401],
    ['GET', '/me/drive/root', { token: 'nonsense' }, 401],
    [
      'PUT',
      '/me/drive/root:/f/a:/content',
      { body: 'x', type: 'text/plain', headers: { 'if-match': '"x"' } },
      412,
    ],
    [
      'PUT',
      '/me/drive/root:/f/b:/content?@microsoft.graph.conflictBehavior=nonsense',
      { body: 'x', type: 'text/plain' },
      400,
    ],
    [
      'PUT',
      '/me/drive/root:/f/b:/content?@microsoft.graph.conflictBehavior=rename',
      { body: 'x', type: 'text/plain' },
      400,
    ],
    [
      'PUT',
      '/me/drive/root:/f/a:/content?@microsoft.graph.conflictBehavior=fail',
      { body: 'x', type: 'text/plain' },
      409,
    ],
    ['PUT', '/me/drive/root:/f:/content', { body: 'x', type: 'text/plain' }, 409],
    ['PUT', '/me/drive/root:/f/a/b:/content', { body: 'x', type: 'text/plain' }, 400],
    ['PUT', '/me/drive/root:/a.:/content', { body: 'x', type: 'text/plain' }, 400],
    ['PUT', '/me/drive/root:/con:/content', { body: 'x', type: 'text/plain' }, 400],
    ['PUT', '/me/drive/root:/forms:/content', { body: 'x', type: 'text/plain' }, 400],
    [
      'PUT',
      `/me/drive/root:/${'a/'.repeat(200)}b:/content`,
      { body: 'x', type: 'text/plain' },
      400,
    ],
    ['PATCH', '/me/drive/root:/f/a', { body: { size: 3 } }, 400],
    ['PATCH', '/me/drive/root:/f/a', { body: { name: 7 } }, 400],
    ['PATCH', '/me/drive/root:/f/a', { body: { parentReference: { id: 'root' } } }, 400],
    ['PATCH', '/me/drive/root:/f/a', { body: { parentReference: { id: 'none' } } }, 404],
    ['PATCH', '/me/drive/root:/f/a', { body: '{', type: 'application/json' }, 400],
    ['PATCH', '/me/drive/root:/f/a', { body: '[]', type: 'application/json' }, 400],
    ['PATCH', '/me/drive/root:/f/a', { body: '{}', type: 'text/plain' }, 400],
    ['DELETE', '/me/drive/root', {}, 400],
    ['POST', '/me/drive/root:/f/a:/permanentDelete', {}, 405],
    ['POST', '/me/drive/root:/f:/children', { body: { name: 'x' } }, 400],
    ['POST', '/me/drive/root:/f:/children', { body: { name: 'a', folder: {} } }, 409],
    ['POST', '/me/drive/root:/f/a:/children', { body: { name: 'x', folder: {} } }, 400],
    [
      'POST',
      '/me/drive/root:/f/n:/createUploadSession',
      { body: { item: { name: 'other' } } },
      400,
    ],
    [
      'POST',
      '/me/drive/root:/f/n:/createUploadSession',
      { body: { item: { fileSize: 1e12 } } },
      507,
    ],
    ['POST', '/me/drive/root:/f/a:/createUploadSession', { body: {} }, 409],
    ['POST', '/$batch', { body: { requests: [{ id: 1, method: 'GET', url: '/me' }] } }, 400],
  ] as readonly (readonly [string, string, Sent, number])[])(
    '%s %s %o',
    async (method, path, sent, status) => {
      expect((await send(method, path, sent)).status).toBe(status);
    },
  );

  test('scopes decide, and an hour is the life of a token', async () => {
    const read = fake.token(['Files.Read']);
    expect((await send('GET', '/me/drive/root', { token: read })).status).toBe(200);
    expect((await send('DELETE', '/me/drive/root:/f/a', { token: read })).code).toBe(
      'accessDenied',
    );
    const app = fake.token(['Files.ReadWrite.AppFolder']);
    const own = '/me/drive/special/approot:/x:/content';
    const { json } = await send('PUT', own, { token: app, body: 'x', type: 'text/plain' });
    expect((await send('GET', `/me/drive/items/${json.id}`, { token: app })).status).toBe(200);
    expect((await send('GET', '/me/drive/root:/f/a', { token: app })).code).toBe('accessDenied');
    expect(() => fake.token(['Mail.Read'])).toThrow('no scope');
    const old = fake.token();
    fake.advance(61 * 60 * 1000);
    expect((await send('GET', '/me/drive/root', { token: old })).code).toBe(
      'InvalidAuthenticationToken',
    );
  });
});

describe('content', () => {
  test('is where the answer says, without a token and for an hour', async () => {
    const { json } = await send('GET', '/me/drive/root:/f/a');
    const url: string = json['@microsoft.graph.downloadUrl'];
    expect((await send('GET', url)).status).toBe(401);
    const free = (headers: Record<string, string> = {}, method = 'GET') =>
      send(method, url, { token: null, headers });
    expect((await free()).text).toBe('hello');
    const part = await free({ range: 'bytes=1-2' });
    expect([part.status, part.text, part.headers.get('content-range')]).toEqual([
      206,
      'el',
      'bytes 1-2/5',
    ]);
    expect((await free({ range: 'bytes=-2' })).text).toBe('lo');
    expect((await free({ range: 'bytes=3-' })).text).toBe('lo');
    expect((await free({ range: 'bytes=9-' })).status).toBe(416);
    expect((await free({ range: 'bytes=-' })).status).toBe(400);
    expect((await free({}, 'POST')).status).toBe(405);
    fake.advance(61 * 60 * 1000);
    expect((await free()).status).toBe(401);
    const moved = await send('GET', '/me/drive/root:/f/a:/content');
    expect([moved.status, moved.headers.has('location')]).toEqual([302, true]);
    expect((await send('GET', `${fake.url}/nothing`)).status).toBe(400);
  });

  test('that was deleted is gone from its address too', async () => {
    await send('PUT', '/me/drive/root:/gone:/content', { body: 'x', type: 'text/plain' });
    const { json } = await send('GET', '/me/drive/root:/gone');
    await send('DELETE', `/drives/${fake.driveId}/items/${json.id}`);
    const answer = await send('GET', json['@microsoft.graph.downloadUrl'], { token: null });
    expect(answer.code).toBe('itemNotFound');
  });
});

describe('parts', () => {
  const begin = async (name: string) => {
    const body = { item: { '@microsoft.graph.conflictBehavior': 'replace' } };
    const { json } = await send('POST', `/me/drive/root:/up/${name}:/createUploadSession`, {
      body,
    });
    return (method: string, range?: string, content?: string, token: string | null = null) =>
      send(method, json.uploadUrl, {
        token,
        ...(content !== undefined && { body: content }),
        ...(range && { headers: { 'content-range': range } }),
      });
  };

  test('keep the rules', async () => {
    const part = await begin('a');
    const multiple = 'x'.repeat(320 * 1024);
    expect((await part('PUT', 'bytes 0-0/1', 'x', fake.token())).status).toBe(401);
    expect((await part('PUT', undefined, 'x')).status).toBe(400);
    expect((await part('PUT', 'bytes 0-9/100', 'x')).status).toBe(400);
    expect((await part('PUT', 'bytes 0-0/100', 'x')).status).toBe(400);
    expect((await part('PUT', `bytes 5-${multiple.length + 4}/900000`, multiple)).status).toBe(416);
    const first = await part(
      'PUT',
      `bytes 0-${multiple.length - 1}/${multiple.length + 1}`,
      multiple,
    );
    expect([first.status, first.json.nextExpectedRanges]).toEqual([202, [`${multiple.length}-`]]);
    expect(
      (await part('PUT', `bytes 0-${multiple.length - 1}/${multiple.length + 1}`, multiple)).status,
    ).toBe(416);
    expect(
      (await part('PUT', `bytes ${multiple.length}-${multiple.length}/999999`, 'x')).status,
    ).toBe(400);
    expect((await part('POST')).status).toBe(400);
    expect((await part('PATCH')).status).toBe(405);
    expect((await part('DELETE')).status).toBe(204);
    expect((await part('GET')).status).toBe(404);
  });

  test('stay when the last one cannot be made an object', async () => {
    const part = await begin('b');
    const other = await begin('b');
    await send('POST', '/me/drive/root:/up:/children', { body: { name: 'b', folder: {} } });
    expect((await part('PUT', 'bytes 0-0/1', 'x')).code).toBe('nameAlreadyExists');
    expect((await part('GET')).json.nextExpectedRanges).toEqual(['0-']);
    fake.advance(8 * 24 * 60 * 60 * 1000);
    expect((await other('GET')).status).toBe(404);
  });
});

describe('trouble', () => {
  test('is made as it is asked for', async () => {
    const a = '/me/drive/root:/f/a';
    const status = async (method: string, path: string, sent: Sent = {}) =>
      (await send(method, path, sent)).status;
    fake.fault('unavailable');
    expect(await status('GET', a)).toBe(503);
    fake.fault('last-step-of-write');
    expect(await status('DELETE', a)).toBe(503);
    fake.fault('second-page');
    expect(await status('GET', '/me/drive/root:/f:/children?$skiptoken=x')).toBe(503);
    fake.fault('lost-reply');
    const lost = send('PUT', '/me/drive/root:/lost:/content', { body: 'x', type: 'text/plain' });
    await expect(lost).rejects.toThrow();
    expect(fake.paths()).toContain('lost');
    const url = (await send('GET', a)).json['@microsoft.graph.downloadUrl'];
    fake.fault('cut-body');
    await expect(send('GET', url, { token: null })).rejects.toThrow();
    fake.fault('ignore-range');
    const headers = { range: 'bytes=0-0' };
    expect(await status('GET', url, { token: null, headers })).toBe(200);
    fake.fault(undefined);
    fake.failNext({ status: 429, times: 2, match: ({ method }) => method === 'GET' });
    expect(await status('GET', a)).toBe(429);
    expect(await status('GET', a)).toBe(429);
    expect(await status('GET', a)).toBe(200);
    expect(fake.connections()).toBeGreaterThan(0);
    expect(fake.log().length).toBe(fake.requests());
    fake.revokeTokens();
    expect((await send('GET', a)).status).toBe(200);
  });
});

test('a personal account has names of what was deleted, tags of folders and more hashes', async () => {
  const personal = await startFakeOneDrive({ driveType: 'personal', tellsEtag: false });
  const { json } = await send(
    'PUT',
    '/me/drive/root:/d/a:/content',
    { body: 'x', type: 'text/plain' },
    personal,
  );
  expect(json.file.hashes).toMatchObject({ quickXorHash: quickXorHash(Buffer.from('x')) });
  expect(json.file.hashes.sha256Hash).toMatch(/^[0-9A-F]{64}$/);
  expect((await send('GET', '/me/drive/root:/d', {}, personal)).json.cTag).toBeDefined();
  const { json: start } = await send('GET', '/me/drive/root/delta?token=latest', {}, personal);
  await send('DELETE', '/me/drive/root:/d', {}, personal);
  const { json: page } = await send('GET', start['@odata.deltaLink'], {}, personal);
  expect(page.value.map(({ name }: { name: string }) => name).toSorted()).toEqual([
    'a',
    'd',
    'root',
  ]);
  await personal.stop();
});

// Of https://github.com/rclone/rclone/blob/master/backend/onedrive/quickxorhash/quickxorhash_test.go, read 2026-11-21
test.each([
  ['', 'AAAAAAAAAAAAAAAAAAAAAAAAAAA='],
  ['2fuxhBJXtpWFe8dOfdGeHw==', 'O9tHLAghgSvYohKFyMMxnNCHaHg='],
  ['NbYXsp5/K6mR+NmHwExjvWeWDJFnXTKWVlzYHoesp2E=', 'wjuAuWDiq04qDt1R8hHWDDcwVoQ='],
])('QuickXorHash of %s is the published one', (content, hash) => {
  expect(quickXorHash(Buffer.from(content, 'base64'))).toBe(hash);
});
