import { describe, expect, onTestFinished, test } from 'vitest';
import { type FakeDropboxOptions, startFakeDropbox } from '../src/index.ts';

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly method?: string;
  readonly token?: string | null;
  readonly body?: string | Uint8Array<ArrayBuffer>;
}

async function open(options: FakeDropboxOptions = {}) {
  const fake = await startFakeDropbox(options);
  onTestFinished(() => fake.stop());

  function send(
    path: string,
    { headers, method = 'POST', token = fake.accessToken, body }: Sent = {},
  ) {
    return fetch(`${fake.url}${path}`, {
      method,
      headers: { ...(token !== null && { authorization: `Bearer ${token}` }), ...headers },
      ...(body !== undefined && { body }),
    });
  }
  const json = { 'content-type': 'application/json' };
  const rpc = (route: string, arg: unknown, sent: Sent = {}) =>
    send(`/2/${route}`, {
      ...sent,
      headers: { ...json, ...sent.headers },
      body: JSON.stringify(arg),
    });
  const content = (route: string, arg: unknown, sent: Sent = {}) =>
    send(`/2/${route}`, {
      ...sent,
      headers: { 'dropbox-api-arg': JSON.stringify(arg), ...sent.headers },
    });
  const put = (path: string, body: string | Uint8Array<ArrayBuffer>, more: object = {}) =>
    content(
      'files/upload',
      { path, mode: 'overwrite', ...more },
      {
        headers: { 'content-type': 'application/octet-stream' },
        body,
      },
    );
  const told = async (answering: Promise<Response>) => {
    const answer = await answering;
    const text = await answer.text();
    return `${answer.status} ${text.replace(/^\{"error_summary":"([^"]*)".*$/, '$1')}`;
  };
  return { fake, send, rpc, content, put, told };
}

describe('what is not as documented is refused', () => {
  test('routes, methods, headers, parameters, hosts and types', async () => {
    const { send, rpc, content, told } = await open();
    const arg = { path: '/a' };
    const octets = { 'content-type': 'application/octet-stream' };
    expect(await told(rpc('files/nothing', {}))).toMatch(/^400 .*Unknown API function/);
    expect(await told(send('/other'))).toMatch(/^400/);
    expect(await told(rpc('files/get_metadata', arg, { method: 'PUT' }))).toMatch(/^405/);
    expect(await told(rpc('files/get_metadata', arg, { headers: { 'x-odd': '1' } }))).toMatch(
      /^400 .*"x-odd"/,
    );
    expect(await told(rpc('files/get_metadata?odd=1', arg))).toMatch(/^400 .*"odd"/);
    expect(
      await told(rpc('files/get_metadata', arg, { headers: { 'x-fake-host': 'content' } })),
    ).toMatch(/^404/);
    expect(
      await told(rpc('files/get_metadata', arg, { headers: { 'content-type': 'text/html' } })),
    ).toMatch(/^400 .*Content-Type/);
    expect(
      await told(rpc('files/get_metadata', arg, { headers: { 'dropbox-api-arg': '{}' } })),
    ).toMatch(/^400 .*body/);
    expect(await told(content('files/upload', arg, { body: 'x' }))).toMatch(/^400 .*Content-Type/);
    expect(await told(send('/2/files/download'))).toMatch(/^400 .*Must provide/);
    expect(await told(send('/2/files/download', { headers: { 'dropbox-api-arg': '{' } }))).toMatch(
      /^400/,
    );
    expect(
      await told(
        send('/2/files/upload', { headers: { ...octets, 'dropbox-api-arg': '{"path":"/ü"}' } }),
      ),
    ).toMatch(/^400 .*decode/);
    expect(await told(rpc('users/get_space_usage', {}))).toMatch(/^400 .*expected null/);
    expect(await told(rpc('files/get_metadata', 'text'))).toMatch(/^400/);
    expect(await told(rpc('files/get_metadata', null))).toMatch(/^400/);
  });

  test('sign-ins', async () => {
    const { rpc, told } = await open();
    const ask = (token: string | null, headers: Record<string, string> = {}) =>
      told(rpc('check/user', {}, { token, headers }));
    expect(await ask(null)).toMatch(/^400 .*Must provide/);
    expect(await ask(null, { authorization: 'Basic x' })).toMatch(/^400 .*Invalid authorization/);
    expect(await ask('sl.unknown')).toMatch(/^401 invalid_access_token/);
    expect(await told(rpc('files/list_folder/longpoll', { cursor: 'x' }))).toMatch(
      /^400 .*no authorization/,
    );
  });

  test('arguments', async () => {
    const { rpc, content, put, told } = await open();
    const wrong: readonly (readonly [string, object, RegExp])[] = [
      ['files/get_metadata', {}, /missing required field 'path'/],
      ['files/get_metadata', { path: '/a', odd: 1 }, /unknown field 'odd'/],
      ['files/get_metadata', { path: 7 }, /expected string/],
      ['files/get_metadata', { path: 'a' }, /did not match pattern/],
      ['files/get_metadata', { path: null }, /expected string/],
      ['files/get_metadata', { path: '/a', include_deleted: true }, /this fake knows false/],
      ['files/get_metadata', { path: '/a', include_media_info: false }, /not_found/],
      ['files/list_folder', { path: '', limit: 2001 }, /expected integer/],
      ['files/list_folder', { path: '', recursive: 'yes' }, /expected boolean/],
      ['files/list_revisions', { path: '/a', mode: 'id' }, /expected one of path/],
      [
        'files/copy_v2',
        { from_path: '/a', to_path: '/b', autorename: true },
        /this fake knows false/,
      ],
      ['files/delete_batch', { entries: {} }, /expected list/],
      ['files/delete_batch', { entries: [7] }, /expected object/],
      ['files/delete_batch', { entries: Array(1001).fill({ path: '/a' }) }, /at most 1000/],
      [
        'files/get_temporary_upload_link',
        { commit_info: { path: '/a' }, duration: 7 },
        /expected number/,
      ],
      [
        'files/get_temporary_upload_link',
        { commit_info: { path: '/a', mode: 'update' } },
        /expected object for update/,
      ],
      [
        'files/get_temporary_upload_link',
        { commit_info: { path: '/a', mode: { '.tag': 'update', update: 'x' } } },
        /did not match/,
      ],
      [
        'files/get_temporary_upload_link',
        { commit_info: { path: '/a', mode: 7 } },
        /expected one of/,
      ],
      ['check/user', { query: 'q'.repeat(501) }, /at most 500/],
    ];
    for (const [route, arg, reason] of wrong) expect(await told(rpc(route, arg))).toMatch(reason);
    expect(await told(rpc('files/get_metadata', { path: '/a\\b' }))).toBe(
      '409 path/malformed_path/...',
    );
    expect(await told(rpc('files/get_metadata', { path: 'id:none' }))).toBe(
      '409 path/not_found/...',
    );
    expect(await told(rpc('files/get_metadata', { path: 'rev:5f0c1b2a999999' }))).toBe(
      '409 path/not_found/...',
    );
    expect(await told(rpc('files/list_folder', { path: '/a\\b' }))).toBe(
      '409 path/malformed_path/...',
    );
    await put('/file', 'x');
    expect(await told(rpc('files/list_folder', { path: '/file' }))).toBe('409 path/not_folder/...');
    expect(await told(rpc('files/create_folder_v2', { path: '/bad /x' }))).toBe(
      '409 path/malformed_path/...',
    );
    expect(await told(put('/a', 'x', { content_hash: '0'.repeat(64) }))).toBe(
      '409 content_hash_mismatch/...',
    );
    expect(await told(put('/a', new Uint8Array(150 * 1024 * 1024 + 1)))).toBe(
      '409 payload_too_large/...',
    );
    const session = { session_id: 'x', offset: 2 ** 41 };
    const octets = { 'content-type': 'application/octet-stream' };
    const append = (cursor: object) =>
      told(content('files/upload_session/append_v2', { cursor }, { headers: octets }));
    expect(await append(session)).toBe('409 not_found/...');
    const begun = await content('files/upload_session/start', {}, { headers: octets });
    const { session_id } = (await begun.json()) as { session_id: string };
    expect(await append({ session_id, offset: 2 ** 41 })).toBe('409 too_large/...');
  });
});

test('answers parts of content, by POST and by GET', async () => {
  const { fake, put, content, told } = await open();
  await put('/a', 'abcdef');
  const get = (range: string, method = 'POST') =>
    content('files/download', { path: '/a' }, { method, headers: { range } });
  expect(await told(get('bytes=1-2'))).toBe('206 bc');
  expect(await told(get('bytes=4-'))).toBe('206 ef');
  expect(await told(get('bytes=-2', 'GET'))).toBe('206 ef');
  expect(await told(get('bytes=-20'))).toBe('206 abcdef');
  expect(await told(get('bytes=6-'))).toMatch(/^416/);
  expect(await told(get('lines=1-2'))).toMatch(/^400/);
  fake.fault('ignore-range');
  expect(await told(get('bytes=1-2'))).toBe('200 abcdef');
  const url = `/2/files/download?arg=${encodeURIComponent('{"path":"/a"}')}&authorization=${encodeURIComponent(`Bearer ${fake.accessToken}`)}`;
  expect(await (await fetch(fake.url + url)).text()).toBe('abcdef');
});

test('keeps the time that a client says, and renames when it is told to', async () => {
  const { put } = await open();
  const named = async (path: string, more: object) =>
    (await (await put(path, Math.random().toString(), more)).json()) as {
      name: string;
      client_modified: string;
    };
  const first = await named('/plain', { client_modified: '2020-01-02T03:04:05Z' });
  expect(first.client_modified).toBe('2020-01-02T03:04:05Z');
  const renamed = { mode: { '.tag': 'add' }, autorename: true };
  expect((await named('/plain', renamed)).name).toBe('plain (1)');
  expect((await named('/plain', renamed)).name).toBe('plain (2)');
});

test('tells of a personal account, and deletes at once when asked to', async () => {
  const { rpc, put, told } = await open({ capacityBytes: 10, syncDeletes: 5 });
  const body = async (answering: Promise<Response>) => (await (await answering).json()) as unknown;
  expect(await body(rpc('users/get_space_usage', null))).toEqual({
    used: 0,
    allocation: { '.tag': 'individual', allocated: 10 },
  });
  expect(await body(rpc('users/get_current_account', null))).toMatchObject({
    account_type: { '.tag': 'basic' },
  });
  await put('/a', '0123456789');
  expect(await told(put('/b', 'x'))).toBe('409 path/insufficient_space/...');
  const forGood = await rpc('files/permanently_delete', { path: '/a' });
  expect(forGood.status).toBe(401);
  expect(await body(rpc('files/delete_batch', { entries: [{ path: '/a' }] }))).toMatchObject({
    '.tag': 'complete',
  });
});

test('deletes for good in teams alone', async () => {
  const { fake, put, rpc, told } = await open();
  await put('/a', 'x');
  const token = fake.issueToken(['files.permanent_delete']);
  expect(await told(rpc('files/permanently_delete', { path: '/a' }, { token }))).toBe(
    '403 invalid_account_type/endpoint/...',
  );
});

test('keeps what a link leads to, until it is deleted for good', async () => {
  const { fake, put, rpc } = await open({ isTeam: true });
  await put('/a', 'x');
  const { link } = (await (await rpc('files/get_temporary_link', { path: '/a' })).json()) as {
    link: string;
  };
  const token = fake.issueToken(['files.permanent_delete']);
  await rpc('files/permanently_delete', { path: '/a' }, { token });
  expect((await fetch(link)).status).toBe(410);
  expect((await fake.fetch(link)).status).toBe(410);
});

describe('trouble', () => {
  test('comes as it is asked for, and goes', async () => {
    const { fake, put, content, rpc } = await open();
    await put('/a', 'abc');
    const get = () => content('files/download', { path: '/a' });
    fake.fault('unavailable');
    expect((await get()).status).toBe(503);
    fake.fault('cut-body');
    await expect(get().then((response) => response.text())).rejects.toThrow();
    fake.fault('last-step-of-write');
    expect((await put('/b', 'x')).status).toBe(503);
    expect((await get()).status).toBe(200);
    fake.fault('lost-reply');
    await expect(put('/b', 'x')).rejects.toThrow();
    fake.fault('second-page');
    expect((await rpc('files/list_folder', { path: '' })).status).toBe(200);
    expect((await rpc('files/list_folder/continue', { cursor: 'x' })).status).toBe(503);
    fake.fault(undefined);
    expect((await content('files/download', { path: '/b' })).status).toBe(200);
    expect(fake.requests()).toBeGreaterThan(fake.calls().length - 1);
    expect(await fake.connections()).toBeGreaterThan(0);
  });

  test('of too many writes depends on how many there are', async () => {
    const { put } = await open({ maxWrites: 1, writeMs: 20 });
    const statuses = await Promise.all(
      ['/a', '/b'].map(async (path) => (await put(path, 'x')).status),
    );
    expect(statuses.toSorted()).toEqual([200, 429]);
    expect((await put('/c', 'x')).status).toBe(200);
  });
});

test('lets pages of every origin in', async () => {
  const { fake } = await open();
  const answer = await fetch(`${fake.url}/2/files/upload`, {
    method: 'OPTIONS',
    headers: { 'access-control-request-headers': 'authorization, dropbox-api-arg' },
  });
  expect(answer.headers.get('access-control-allow-headers')).toBe('authorization, dropbox-api-arg');
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  const plain = await fetch(fake.url, { method: 'OPTIONS' });
  expect(plain.headers.get('access-control-allow-headers')).toBe('');
});

test('tells a feed of what is in its folder alone, and waits for it', async () => {
  const { fake, put, rpc } = await open();
  await put('/in/a', 'x');
  const cursorOf = async (arg: object) =>
    ((await (await rpc('files/list_folder/get_latest_cursor', arg)).json()) as { cursor: string })
      .cursor;
  const cursor = await cursorOf({
    path: '/in',
    recursive: true,
    include_non_downloadable_files: false,
  });
  const poll = () => rpc('files/list_folder/longpoll', { cursor, timeout: 30 }, { token: null });
  const polling = poll();
  await expect.poll(() => fake.waiting()).toBe(1);
  await put('/out/b', 'x');
  expect(fake.waiting()).toBe(1);
  await put('/in/c', 'x');
  expect(await (await polling).json()).toEqual({ changes: true });
  expect(await (await poll()).json()).toEqual({ changes: true });
  fake.makeDocument('/in/c');
  const news = (await (await rpc('files/list_folder/continue', { cursor })).json()) as {
    entries: object[];
  };
  expect(news.entries).toEqual([]);
  const leaving = new AbortController();
  const later = await cursorOf({ path: '' });
  const left = fetch(`${fake.url}/2/files/list_folder/longpoll`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ cursor: later }),
    signal: leaving.signal,
  });
  await expect.poll(() => fake.waiting()).toBe(1);
  leaving.abort();
  await expect(left).rejects.toThrow();
  await expect.poll(() => fake.waiting()).toBe(0);
});
