import { StorageClient } from '@supabase/storage-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type FakeSupabase, signJwt, startFakeSupabase } from '../src/index.ts';

let fake: FakeSupabase;

beforeEach(async () => {
  fake = await startFakeSupabase();
});

afterEach(() => fake.stop());

const client = (token: string): StorageClient =>
  new StorageClient(`${fake.url}/storage/v1`, {
    apikey: fake.anonKey,
    authorization: `Bearer ${token}`,
  });
const files = (token: string = fake.serviceKey, bucket = 'photos') => client(token).from(bucket);
const bytes = (text: string) => new TextEncoder().encode(text);

async function put(name: string, text = name, upsert = true): Promise<void> {
  const { error } = await files().upload(name, bytes(text), { upsert });
  if (error) throw error;
}

describe('upload', () => {
  test('refuses a second upload without upsert with HTTP 400 that says 409', async () => {
    await put('a.txt', 'first');
    const { error } = await files().upload('a.txt', bytes('second'), { upsert: false });
    expect(error).toMatchObject({ status: 400, statusCode: '409', code: 'KeyAlreadyExists' });
    await put('a.txt', 'third');
    expect(await (await files().download('a.txt')).data?.text()).toBe('third');
  });

  test('is no lock: several of ten racing creators are told that they won', async () => {
    const race = Array.from({ length: 10 }, (_, index) =>
      files().upload('race', new Blob([`${index}`.repeat(1000)]).stream(), { upsert: false }),
    );
    const won = (await Promise.all(race)).filter(({ error }) => error === null);
    expect(won.length).toBeGreaterThan(1);
  });

  test('takes forms, streams and bytes with type, cache control and metadata', async () => {
    const metadata = { rating: 5, nested: { a: [1] } };
    const options = { contentType: 'image/png', cacheControl: '60', metadata };
    await files().upload('form', new Blob(['x'], { type: 'image/png' }), options);
    await files().upload('bytes', bytes('x'), options);
    await files().upload('stream', new Blob(['x']).stream(), options);
    for (const name of ['form', 'bytes', 'stream']) {
      const { data } = await files().info(name);
      expect(data).toMatchObject({
        contentType: 'image/png',
        cacheControl: 'max-age=60',
        metadata,
        size: 1,
      });
    }
  });

  test('replaces metadata and keeps id and time of creation', async () => {
    await files().upload('a', bytes('x'), { metadata: { old: 1 } });
    const before = await files().info('a');
    await files().update('a', bytes('y'));
    const after = await files().info('a');
    expect(after.data?.metadata).toEqual({});
    expect(after.data?.id).toBe(before.data?.id);
    expect(after.data?.createdAt).toBe(before.data?.createdAt);
    expect(after.data?.version).not.toBe(before.data?.version);
  });

  test.each(['ä', 'a%b', 'a#b', 'a~b', 'a[b]', 'a"b', 'a|b', 'a\\b', 'a<b>', 'a^b', 'a`b', 'a{b}'])(
    'refuses the key %s',
    async (name) => {
      const { error } = await files().upload(encodeURIComponent(name), bytes('x'));
      expect(error).toMatchObject({ statusCode: '400', code: 'InvalidKey' });
    },
  );

  test.each(["a!b*c'd()", 'a b', 'a&b$c@d=e;f:g+h,i', 'deep/er/a.b-c_d'])(
    'takes the key %s',
    async (name) => {
      await put(name);
      expect((await files().exists(name)).data).toBe(true);
    },
  );

  test('refuses keys that are too long, metadata that jsonb cannot hold, and unknown fields', async () => {
    expect((await files().upload('x'.repeat(2000), bytes('x'))).error).toMatchObject({
      code: 'InvalidKey',
    });
    const { error } = await files().upload('a', bytes('x'), { metadata: { a: 'nul \0' } });
    expect(error).toMatchObject({ code: 'InvalidParameter' });
    const form = new FormData();
    form.append('unknown', '1');
    form.append('', new Blob(['x']));
    expect((await files().upload('a', form)).error).toMatchObject({ statusCode: '400' });
    expect((await files().upload('a', new FormData())).error).toMatchObject({ statusCode: '400' });
    await files().upload('a', bytes('x'), { headers: { 'x-metadata': 'no base64 of JSON' } });
    expect((await files().info('a')).data?.metadata).toEqual({});
  });
});

describe('reading', () => {
  test('answers ranges with 206 and an ETag, and 304 for a known one', async () => {
    await put('a', 'abcdef');
    const headers = { authorization: `Bearer ${fake.serviceKey}` };
    const url = `${fake.url}/storage/v1/object/authenticated/photos/a`;
    const part = await fetch(url, { headers: { ...headers, range: 'bytes=1-2' } });
    expect(part.status).toBe(206);
    expect(part.headers.get('content-range')).toBe('bytes 1-2/6');
    const etag = part.headers.get('etag') ?? '';
    expect(etag).toMatch(/^"[0-9a-f]{32}"$/);
    const known = await fetch(url, { headers: { ...headers, 'if-none-match': etag } });
    expect(known.status).toBe(304);
    const suffix = await fetch(url, { headers: { ...headers, range: 'bytes=-2' } });
    expect(await suffix.text()).toBe('ef');
    expect((await fetch(url, { headers: { ...headers, range: 'bytes=9-' } })).status).toBe(500);
    expect((await fetch(url, { method: 'HEAD', headers })).headers.get('content-length')).toBe('6');
  });

  test('serves HTML as plain text, and downloads with a name', async () => {
    await files().upload('a.html', bytes('<p>'), { contentType: 'text/html' });
    const { data } = await files().createSignedUrl('a.html', 60, { download: 'b.html' });
    const answer = await fetch(data?.signedUrl ?? '');
    expect(answer.headers.get('content-type')).toBe('text/plain');
    expect(answer.headers.get('content-disposition')).toContain("filename*=UTF-8''b.html");
    const plain = await files().createSignedUrl('a.html', 60, { download: true });
    const named = await fetch(plain.data?.signedUrl ?? '');
    expect(named.headers.get('content-disposition')).toBe('attachment;');
    expect((await files().info('a.html')).data?.contentType).toBe('text/html');
  });

  test('tells a missing object, a missing bucket and a bad token apart', async () => {
    expect((await files().info('missing')).error).toMatchObject({
      status: 400,
      statusCode: '404',
      code: 'NoSuchKey',
    });
    const nowhere = await files(fake.serviceKey, 'nowhere').info('a');
    expect(nowhere.error).toMatchObject({ code: 'NoSuchBucket' });
    expect((await files('no token').listV2()).error).toMatchObject({
      statusCode: '403',
      code: 'AccessDenied',
    });
    expect((await files(`${fake.serviceKey}x`).listV2()).error?.message).toContain('signature');
    const expired = fake.userToken('user');
    fake.advance(2 * 60 * 60 * 1000);
    expect((await files(expired).listV2()).error?.message).toContain('exp');
    const other = `${btoa('{"alg":"none"}')}.${btoa('{}')}.x`;
    expect((await files(other).listV2()).error?.message).toContain('alg');
    expect((await files(`e30.${btoa('1')}.x`).listV2()).error).toMatchObject({
      code: 'AccessDenied',
    });
  });
});

describe('listing', () => {
  beforeEach(async () => {
    for (const name of ['a', 'a-b', 'a/1', 'a/2', 'b/c/d', 'e']) await put(name);
  });

  test('lists folders with offset, search and sorting', async () => {
    const names = async (...args: Parameters<ReturnType<typeof files>['list']>) =>
      (await files().list(...args)).data?.map(({ name }) => name);
    expect(await names()).toEqual(['a', 'a', 'a-b', 'b', 'e']);
    expect(await names('a')).toEqual(['1', '2']);
    expect(await names('', { search: 'A-' })).toEqual(['a-b']);
    expect(await names('', { limit: 1, offset: 3 })).toEqual(['b']);
    expect(await names('a', { sortBy: { column: 'name', order: 'desc' } })).toEqual(['2', '1']);
    expect((await files().list('', { sortBy: { column: 'size' } })).error).toMatchObject({
      statusCode: '400',
    });
    expect(
      (await files().list('', { sortBy: { column: 'name', order: 'up' } })).error,
    ).not.toBeNull();
  });

  test('lists by prefix with cursors, in byte order', async () => {
    const first = await files().listV2({ limit: 2 });
    expect(first.data).toMatchObject({ hasNext: true, objects: [{ name: 'a' }, { name: 'a-b' }] });
    const cursor = first.data?.nextCursor ?? '';
    const second = await files().listV2({ cursor });
    expect(second.data?.objects.map(({ name }) => name)).toEqual(['a/1', 'a/2', 'b/c/d', 'e']);
    expect((await files().listV2({ prefix: 'a/' })).data?.objects).toHaveLength(2);
    const reversed = await files().listV2({ sortBy: { column: 'name', order: 'desc' }, limit: 1 });
    expect(reversed.data?.objects[0]?.name).toBe('e');
    const next = reversed.data?.nextCursor ?? '';
    const rest = await files().listV2({ sortBy: { column: 'name', order: 'desc' }, cursor: next });
    expect(rest.data?.objects[0]?.name).toBe('b/c/d');
    expect((await files().listV2({ cursor: btoa('nonsense') })).error).toMatchObject({
      code: 'InvalidParameter',
    });
    expect((await files().listV2({ limit: 0 })).error).not.toBeNull();
    expect((await files().listV2({ sortBy: { column: 'created_at' } })).error).not.toBeNull();
  });

  test('groups folders, and loses names behind a cursor as the service does', async () => {
    const { data } = await files().listV2({ with_delimiter: true });
    expect(data?.folders.map(({ name }) => name)).toEqual(['a/', 'b/']);
    expect(data?.objects.map(({ name }) => name)).toEqual(['a', 'a-b', 'e']);
    const first = await files().listV2({ with_delimiter: true, limit: 1 });
    const cursor = first.data?.nextCursor ?? '';
    const second = await files().listV2({ with_delimiter: true, cursor });
    expect(second.data?.objects.map(({ name }) => name)).toEqual(['e']);
    const behind = await files().listV2({ with_delimiter: true, prefix: 'e', cursor: btoa('l:d') });
    expect(behind.data?.objects.map(({ name }) => name)).toEqual(['e']);
  });
});

describe('copy, move and remove', () => {
  test('copies with and without metadata, and over a target with upsert alone', async () => {
    await files().upload('a', bytes('x'), { contentType: 'image/png', metadata: { n: 1 } });
    expect((await files().copy('a', 'b')).data).toEqual({ path: 'photos/b' });
    expect((await files().info('b')).data).toMatchObject({
      contentType: 'image/png',
      metadata: { n: 1 },
    });
    expect((await files().copy('a', 'b')).error).toMatchObject({ statusCode: '409' });
    expect((await files().setHeader('x-upsert', 'true').copy('a', 'b')).error).toBeNull();
    await files().copy('a', 'c', { copyMetadata: false, metadata: { mimetype: 'text/css' } });
    expect((await files().info('c')).data).toMatchObject({
      contentType: 'text/css',
      metadata: null,
    });
    expect((await files().copy('missing', 'd')).error).toMatchObject({ code: 'NoSuchKey' });
  });

  test('moves, never over another object', async () => {
    await put('a');
    await put('b');
    expect((await files().move('a', 'b')).error).toMatchObject({ statusCode: '409' });
    expect((await files().move('a', 'a')).error).toBeNull();
    expect((await files().move('a', 'c')).error).toBeNull();
    expect((await files().exists('a')).data).toBe(false);
    expect((await files(fake.userToken('u')).move('c', 'd')).error).toMatchObject({
      code: 'NoSuchKey',
    });
  });

  test('removes many and tells which', async () => {
    await put('a');
    await put('b');
    const { data } = await files().remove(['a', 'missing', 'a']);
    expect(data?.map(({ name }) => name)).toEqual(['a']);
    expect((await files().remove([])).error).not.toBeNull();
    expect((await files().remove(Array.from({ length: 1001 }, String))).error?.message).toContain(
      '1000',
    );
    const headers = { authorization: `Bearer ${fake.serviceKey}` };
    const remove = (name: string) =>
      fetch(`${fake.url}/storage/v1/object/photos/${name}`, { method: 'DELETE', headers });
    expect((await remove('b')).status).toBe(200);
    expect((await remove('b')).status).toBe(400);
  });
});

describe('signed URLs', () => {
  test('are for one object, until they expire', async () => {
    await put('a b');
    const signed = await files().createSignedUrl('a b', 60);
    const url = signed.data?.signedUrl ?? '';
    expect(await (await fetch(url)).text()).toBe('a b');
    expect((await fetch(url.replace('a%20b', 'c'))).status).toBe(400);
    expect((await fetch(url.replace(/\?.*/, ''))).status).toBe(400);
    fake.advance(61_000);
    expect((await fetch(url)).status).toBe(400);
    expect((await files().createSignedUrl('missing', 60)).error).toMatchObject({
      code: 'NoSuchKey',
    });
    expect((await files().createSignedUrl('a b', 0)).error).not.toBeNull();
  });

  test('come in bulk, and end with the object', async () => {
    await put('a');
    const { data } = await files().createSignedUrls(['a', 'missing'], 60);
    expect(data?.[1]).toMatchObject({ error: expect.any(String), signedUrl: null });
    await files().remove(['a']);
    expect((await fetch(data?.[0]?.signedUrl ?? '')).status).toBe(400);
    expect((await files().createSignedUrls([], 60)).error).not.toBeNull();
  });

  test('take uploads, with upsert or once, and read nothing', async () => {
    const once = await files().createSignedUploadUrl('a');
    const token = once.data?.token ?? '';
    expect((await files(fake.anonKey).uploadToSignedUrl('a', token, bytes('x'))).error).toBeNull();
    expect((await files().uploadToSignedUrl('a', token, bytes('y'))).error).toMatchObject({
      statusCode: '409',
    });
    expect((await files().createSignedUploadUrl('a')).error).toMatchObject({ statusCode: '409' });
    const again = await files(fake.serviceKey).createSignedUploadUrl('a', { upsert: true });
    expect(
      (await files().uploadToSignedUrl('a', again.data?.token ?? '', new Blob(['z']))).error,
    ).toBeNull();
    expect((await fetch(again.data?.signedUrl ?? '')).status).toBe(400);
    const reading = await files().createSignedUrl('a', 60);
    const other = new URL(reading.data?.signedUrl ?? '').searchParams.get('token') ?? '';
    expect((await files().uploadToSignedUrl('a', other, bytes('x'))).error).toMatchObject({
      code: 'InvalidSignature',
    });
    const nowhere = await files(fake.serviceKey, 'nowhere').createSignedUploadUrl('a');
    expect(nowhere.error).toMatchObject({ code: 'NoSuchBucket' });
  });
});

describe('policies', () => {
  test('let a user use the folder of the user, and nobody else', async () => {
    const mine = files(fake.userToken('me'));
    expect((await mine.upload('me/a', bytes('x'), { upsert: true })).error).toBeNull();
    const denied = { status: 400, statusCode: '403' };
    expect((await mine.upload('you/a', bytes('x'))).error).toMatchObject(denied);
    expect((await files(fake.anonKey).upload('a', bytes('x'))).error).toMatchObject({
      statusCode: '403',
    });
    const yours = files(fake.userToken('you'));
    expect((await yours.info('me/a')).error).toMatchObject({ code: 'NoSuchKey' });
    expect((await yours.listV2()).data?.objects).toEqual([]);
    expect((await yours.remove(['me/a'])).data).toEqual([]);
    expect((await mine.exists('me/a')).data).toBe(true);
    expect((await mine.move('me/a', 'you/a')).error).toMatchObject({ statusCode: '403' });
    expect((await client(fake.userToken('me')).listBuckets()).error).not.toBeNull();
    expect((await client(fake.userToken('me')).createBucket('x')).error).toMatchObject({
      statusCode: '403',
    });
  });

  test('may be others', async () => {
    await fake.stop();
    fake = await startFakeSupabase({
      policy: ({ action }) => action === 'insert' || action === 'select',
    });
    const mine = files(fake.userToken('me'));
    expect((await mine.upload('a', bytes('x'))).error).toBeNull();
    expect((await mine.upload('a', bytes('x'), { upsert: true })).error).toMatchObject({
      statusCode: '403',
    });
    expect((await mine.remove(['a'])).data).toEqual([]);
    expect((await mine.move('a', 'b')).error).not.toBeNull();
    const url = `${fake.url}/storage/v1/object/photos/a`;
    const headers = { authorization: `Bearer ${fake.userToken('me')}` };
    expect((await fetch(url, { method: 'DELETE', headers })).status).toBe(400);
  });

  test('are not asked where a bucket is public', async () => {
    fake.addBucket('open', { public: true });
    await files(fake.serviceKey, 'open').upload('a', bytes('x'));
    const { data } = files(fake.anonKey, 'open').getPublicUrl('a');
    expect((await fetch(data.publicUrl)).status).toBe(200);
    expect((await files(fake.anonKey, 'open').info('a')).error).toBeNull();
    expect((await files(fake.anonKey, 'open').info('b')).error).toMatchObject({
      code: 'NoSuchKey',
    });
    expect((await fetch(data.publicUrl.replace('open', 'photos'))).status).toBe(400);
    expect((await fetch(`${data.publicUrl}b`)).status).toBe(400);
    const info = data.publicUrl.replace('/public/', '/info/public/');
    expect((await fetch(info)).status).toBe(200);
    expect((await fetch(`${fake.url}/storage/v1/object/open/a`)).status).toBe(200);
    expect((await fetch(`${fake.url}/storage/v1/object/photos/a`)).status).toBe(400);
  });
});

describe('buckets', () => {
  test('are made, changed, emptied and deleted', async () => {
    const api = client(fake.serviceKey);
    const limits = {
      public: false,
      fileSizeLimit: '1KB',
      allowedMimeTypes: ['image/*', 'text/css'],
    };
    expect((await api.createBucket('new', limits)).error).toBeNull();
    expect((await api.createBucket('new', limits)).error).toMatchObject({ statusCode: '409' });
    expect((await api.createBucket('ä')).error).toMatchObject({ statusCode: '400' });
    expect(
      (await api.createBucket('odd', { public: true, fileSizeLimit: 'much' })).error,
    ).not.toBeNull();
    expect((await api.getBucket('new')).data).toMatchObject({
      file_size_limit: 1000,
      public: false,
    });
    expect((await api.listBuckets()).data).toHaveLength(2);
    const own = api.from('new');
    expect((await own.upload('a', bytes('x'), { contentType: 'text/html' })).error).toMatchObject({
      statusCode: '415',
    });
    const png = { contentType: 'image/png' };
    expect((await own.upload('a', new Uint8Array(2000), png)).error).toMatchObject({
      statusCode: '413',
    });
    expect(
      (await own.upload('a', new Blob([new Uint8Array(2000)]).stream(), png)).error,
    ).toMatchObject({ statusCode: '413' });
    expect((await own.upload('a', bytes('x'), png)).error).toBeNull();
    expect((await own.upload('b', new Blob(['x'], { type: 'text/css' }))).error).toBeNull();
    expect((await api.deleteBucket('new')).error).toMatchObject({ statusCode: '409' });
    await api.updateBucket('new', { public: true, fileSizeLimit: 10, allowedMimeTypes: null });
    expect((await api.getBucket('new')).data).toMatchObject({ public: true, file_size_limit: 10 });
    await api.emptyBucket('new');
    expect((await api.deleteBucket('new')).error).toBeNull();
    expect((await api.getBucket('new')).error).toMatchObject({ statusCode: '404' });
  });
});

describe('the fake', () => {
  test('refuses routes, headers, query options and fields that the service has not', async () => {
    const headers = { authorization: `Bearer ${fake.serviceKey}` };
    const ask = (path: string, init: RequestInit = {}) =>
      fetch(`${fake.url}/storage/v1/${path}`, { headers, ...init });
    expect((await ask('nothing')).status).toBe(404);
    expect((await ask('object')).status).toBe(404);
    expect((await ask('object/odd', { method: 'POST' })).status).toBe(404);
    expect((await ask('object/photos/a', { method: 'PATCH' })).status).toBe(404);
    expect((await ask('object/photos', { method: 'GET' })).status).toBe(404);
    expect((await ask('object/info/photos/a', { method: 'POST', body: 'x' })).status).toBe(400);
    expect((await ask('bucket', { method: 'DELETE' })).status).toBe(404);
    expect((await ask('bucket/photos', { method: 'POST' })).status).toBe(404);
    expect((await ask('bucket/photos/full', { method: 'POST' })).status).toBe(404);
    expect((await fetch(fake.url)).status).toBe(404);
    expect((await ask('bucket', { headers: { ...headers, 'x-odd': '1' } })).status).toBe(400);
    expect((await ask('bucket?odd=1')).status).toBe(400);
    expect((await fetch(`${fake.url}/storage/v1/bucket`)).status).toBe(400);
    for (const body of [
      '{"odd":1}',
      'no json',
      '1',
      '{"limit":"1"}',
      '{"with_delimiter":1}',
      '{"sortBy":[]}',
    ]) {
      expect((await ask('object/list-v2/photos', { method: 'POST', body })).status).toBe(400);
    }
    expect(
      (await ask('object/sign/photos', { method: 'POST', body: '{"paths":[1],"expiresIn":1}' }))
        .status,
    ).toBe(400);
    expect((await ask('object/copy', { method: 'POST', body: '{}' })).status).toBe(400);
    expect(
      (await ask('object/list/photos', { method: 'POST', body: '{"prefix":"","limit":0}' })).status,
    ).toBe(400);
  });

  test('counts requests, and makes trouble when asked', async () => {
    await put('a', 'abc');
    const before = fake.requests();
    fake.fault('unavailable');
    expect((await files().listV2()).error).toMatchObject({ status: 503 });
    fake.fault('cut-body');
    await expect(
      files()
        .download('a')
        .then(({ data }) => data?.text()),
    ).rejects.toThrow();
    fake.fault('lost-reply');
    expect((await files().upload('b', bytes('x'))).error).not.toBeNull();
    fake.fault('second-page');
    const { data } = await files().listV2();
    expect(data?.hasNext).toBe(true);
    expect((await files().listV2({ cursor: data?.nextCursor ?? '' })).error).toMatchObject({
      status: 500,
    });
    fake.fault(undefined);
    expect((await files().exists('b')).data).toBe(true);
    expect(fake.requests()).toBe(before + 6);
    expect(fake.log().at(-1)?.url).toContain('/object/info/photos/b');
    expect(fake.connections()).toBeGreaterThan(0);
  });
});

describe('with plain requests', () => {
  const ask = (path: string, init: RequestInit = {}, token = fake.serviceKey) =>
    fetch(`${fake.url}/storage/v1/${path}`, {
      ...init,
      headers: { authorization: `Bearer ${token}`, ...init.headers },
    });

  test('tells about an object to who may read it', async () => {
    await put('a');
    const info = await ask('object/info/authenticated/photos/a');
    expect(await info.json()).toMatchObject({ name: 'a', size: 1, metadata: {} });
    const bare = await fetch(`${fake.url}/storage/v1/object/info/authenticated/photos/a`);
    expect(bare.status).toBe(400);
    expect((await ask('object/info/authenticated/photos/a', {}, 'wrong')).status).toBe(400);
    expect((await ask('object/authenticated/nowhere/a')).status).toBe(400);
    expect((await ask('object/photos')).status).toBe(404);
  });

  test('takes content without a type, under the role of a token without one', async () => {
    await fake.stop();
    fake = await startFakeSupabase({ policy: ({ role }) => role === 'anon' });
    const token = signJwt({}, fake.jwtSecret);
    const body = new Uint8Array([1]);
    expect((await ask('object/photos/a', { method: 'PUT', body }, token)).status).toBe(200);
    const info = await ask('object/info/authenticated/photos/a', {}, token);
    expect(await info.json()).toMatchObject({
      content_type: 'application/octet-stream',
      cache_control: 'no-cache',
    });
    await ask('object/photos/b', { method: 'PUT', body, headers: { 'x-metadata': btoa('1') } });
    expect((await ask('object/upload/sign/photos/c', { method: 'POST' })).status).toBe(200);
  });

  test('does not let write what may not be seen, when it may replace', async () => {
    await fake.stop();
    fake = await startFakeSupabase({ policy: ({ action }) => action === 'insert' });
    const upload = (headers: Readonly<Record<string, string>>) =>
      ask('object/photos/a', { method: 'POST', body: 'x', headers }, fake.anonKey);
    expect((await upload({ 'x-upsert': 'true' })).status).toBe(400);
    expect((await upload({})).status).toBe(200);
  });

  test('ignores ranges when asked to, and refuses those that are none', async () => {
    await put('a', 'abc');
    const read = (range: string) => ask('object/authenticated/photos/a', { headers: { range } });
    expect((await read('bytes=-')).status).toBe(500);
    expect((await read('lines=1-2')).status).toBe(500);
    fake.fault('ignore-range');
    expect((await read('bytes=1-1')).status).toBe(200);
  });

  test('gives content of several parts the etag of parts', async () => {
    await files().upload('large', new Uint8Array(6 * 1024 * 1024));
    expect((await files().info('large')).data?.etag).toMatch(/^"[0-9a-f]{32}-2"$/);
    await files().copy('large', 'copy');
    expect((await files().info('copy')).data?.etag).toMatch(/^"[0-9a-f]{32}"$/);
  });

  test('makes buckets of plain sizes', async () => {
    const api = client(fake.serviceKey);
    await api.createBucket('sized', { public: false, fileSizeLimit: '10B' });
    expect((await api.getBucket('sized')).data?.file_size_limit).toBe(10);
    const body = JSON.stringify({ name: 'named', file_size_limit: 7 });
    expect((await ask('bucket', { method: 'POST', body })).status).toBe(200);
    expect((await api.getBucket('named')).data?.file_size_limit).toBe(7);
  });
});
