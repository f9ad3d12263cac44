import { type FakeSupabase, startFakeSupabase } from '@granary-tools/fake-supabase';
import { StorageClient } from '@supabase/storage-js';
import { createClient } from '@supabase/supabase-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createSupabase } from '../src/index.ts';

let fake: FakeSupabase;

beforeEach(async () => {
  fake = await startFakeSupabase();
});

afterEach(async () => {
  vi.unstubAllGlobals();
  await fake.stop();
});

describe("with the app's own client", () => {
  test("sends the user's session with every request", async () => {
    const token = fake.userToken('me');
    const client = createClient(fake.url, fake.anonKey, { accessToken: async () => token });
    const storage = createSupabase({ client, bucket: 'photos', retry: false });
    await storage.save('me/note', { text: 'hello' }, { tags: ['t'] });
    expect(await storage.load('me/note')).toEqual({ text: 'hello' });
    expect(await storage.list()).toMatchObject([{ key: 'me/note' }]);
    await storage.copy('me/note', 'me/copy');
    await storage.put('me/large', new Uint8Array(7 * 1024 * 1024), { size: 7 * 1024 * 1024 });
    expect((await fetch((await storage.presign('me/note')).url)).status).toBe(200);
    await storage.delete('me/note');
    expect(await storage.exists('me/note')).toBe(false);
    expect(storage.native).toBe(client);
    await expect(storage.put('you/note', 'x')).rejects.toMatchObject({
      code: 'permission-denied',
      status: 403,
      hint: expect.stringContaining('policy'),
    });
  });

  test('takes a StorageClient too', async () => {
    const client = new StorageClient(`${fake.url}/storage/v1`, {
      authorization: `Bearer ${fake.serviceKey}`,
    });
    const storage = createSupabase({ client, bucket: 'photos' });
    await storage.put('a', 'content');
    expect(await (await storage.get('a')).text()).toBe('content');
  });

  test('refuses what is no client, and a client beside a key', () => {
    const refused = { code: 'invalid-config' };
    const client = createClient(fake.url, fake.anonKey);
    const both = { client, key: fake.anonKey, bucket: 'photos' };
    expect(() => createSupabase(both)).toThrow(expect.objectContaining(refused));
    const none = { client: { from: () => ({}) }, bucket: 'photos' };
    expect(() => createSupabase(none)).toThrow(expect.objectContaining(refused));
  });
});

describe('with a session of its own', () => {
  test('asks for the token before each request, and falls back to the key', async () => {
    let token: string | undefined = fake.userToken('me');
    const storage = createSupabase({
      url: `${fake.url}/storage/v1/`,
      key: fake.anonKey,
      bucket: 'photos',
      retry: false,
      accessToken: () => token,
    });
    await storage.put('me/a', 'x');
    token = undefined;
    await expect(storage.put('me/a', 'x')).rejects.toMatchObject({ code: 'permission-denied' });
    expect(await storage.exists('me/a')).toBe(false);
  });

  test('says that a session has expired', async () => {
    const token = fake.userToken('me');
    const options = { url: fake.url, key: fake.anonKey, bucket: 'photos', retry: false } as const;
    const storage = createSupabase({ ...options, accessToken: async () => token });
    fake.advance(2 * 60 * 60 * 1000);
    await expect(storage.put('me/a', 'x')).rejects.toMatchObject({
      code: 'unauthenticated',
      hint: expect.stringContaining('session'),
    });
  });

  test('tells objects apart that are there and may not be deleted', async () => {
    await fake.stop();
    fake = await startFakeSupabase({ policy: ({ action }) => action !== 'delete' });
    const storage = createSupabase({
      url: fake.url,
      key: fake.anonKey,
      bucket: 'photos',
      retry: false,
      accessToken: () => fake.userToken('me'),
    });
    await storage.put('a', 'x');
    await storage.put('b', 'x');
    await expect(storage.delete('a')).rejects.toMatchObject({ code: 'permission-denied' });
    const results = await storage.deleteMany(['missing', 'a', 'b']);
    expect(results.map(({ ok }) => ok)).toEqual([true, false, false]);
    await expect(
      createSupabase({
        url: fake.url,
        key: fake.serviceKey,
        bucket: 'no',
        retry: false,
      }).deleteMany(['a']),
    ).resolves.toMatchObject([{ ok: false, error: { code: 'store-not-found' } }]);
  });
});

describe('in a browser', () => {
  beforeEach(() => {
    vi.stubGlobal('document', {});
  });

  test('refuses a service key, in every form it has', () => {
    const options = { url: 'https://xyz.supabase.co', bucket: 'photos' };
    const refused = expect.objectContaining({ code: 'invalid-config' });
    for (const key of [fake.serviceKey, 'sb_secret_x']) {
      expect(() => createSupabase({ ...options, key })).toThrow(refused);
      expect(() =>
        createSupabase({ ...options, key, allowServiceKeyInBrowser: true }),
      ).not.toThrow();
      const headers = { Authorization: `Bearer ${key}` };
      const client = new StorageClient(`${fake.url}/storage/v1`, headers);
      expect(() => createSupabase({ client, bucket: 'photos' })).toThrow(refused);
    }
    expect(() => createSupabase({ ...options, key: fake.anonKey })).not.toThrow();
    expect(() => createSupabase({ ...options, key: 'sb_publishable_x' })).not.toThrow();
    const client = createClient(fake.url, fake.serviceKey, { auth: { persistSession: false } });
    expect(() => createSupabase({ client, bucket: 'photos' })).toThrow(refused);
  });

  test('keeps large bodies out of one request, and sends no stream', async () => {
    const sent: RequestInit[] = [];
    const storage = createSupabase({
      url: fake.url,
      key: fake.anonKey,
      bucket: 'photos',
      accessToken: () => fake.userToken('me'),
      fetch: (input, init) => {
        sent.push(init ?? {});
        return fetch(input, init);
      },
    });
    const size = 13 * 1024 * 1024;
    await storage.put('me/large', new Blob([new Uint8Array(size)]).stream(), { size });
    await storage.put('me/small', new Blob(['small']).stream(), { size: 5 });
    expect((await storage.stat('me/large')).size).toBe(size);
    expect(await (await storage.get('me/small')).text()).toBe('small');
    expect(sent.some(({ body }) => body instanceof ReadableStream)).toBe(false);
    expect(sent.some(({ cache }) => cache === 'no-store')).toBe(true);
    const broken = new ReadableStream({
      pull: (controller) => controller.error(new Error('disk')),
    });
    await expect(storage.put('me/broken', broken, { size: 5 })).rejects.toMatchObject({
      cause: expect.objectContaining({ message: 'disk' }),
    });
  });
});

describe('health', () => {
  const check = async (options: { key?: string; bucket?: string; url?: string } = {}) => {
    const { key = fake.serviceKey, bucket = 'photos', url = fake.url } = options;
    return createSupabase({ url, key, bucket, retry: false }).health();
  };

  test('is fine for an empty bucket and a full one', async () => {
    expect(await check()).toMatchObject({ ok: true });
    await createSupabase({ url: fake.url, key: fake.serviceKey, bucket: 'photos' }).put('a', 'x');
    expect(await check()).toMatchObject({ ok: true });
  });

  test('tells what is wrong', async () => {
    const code = async (options: Parameters<typeof check>[0]) =>
      ((await check(options)).error as { code?: string } | undefined)?.code;
    expect(await code({ key: 'wrong' })).toBe('unauthenticated');
    expect(await code({ bucket: 'no-such-bucket' })).toBe('store-not-found');
    expect(await code({ key: fake.anonKey })).toBe('permission-denied');
    expect(await code({ url: 'http://127.0.0.1:9' })).toBe('unavailable');
    fake.fault('unavailable');
    expect(await code({})).toBe('unavailable');
  });
});

describe('with public objects', () => {
  test('gives lasting URLs, also behind a CDN', async () => {
    fake.addBucket('open', { public: true });
    const options = { url: fake.url, key: fake.serviceKey, bucket: 'open' };
    const storage = createSupabase({ ...options, public: true });
    for (const key of ['a b/ä?x=1#y%41', 'plain.txt', ' edge ']) {
      await storage.put(key, key);
      expect(await (await fetch(storage.publicUrl(key))).text()).toBe(key);
    }
    const cdn = createSupabase({ ...options, publicUrl: 'https://cdn.example/files/' });
    expect(cdn.publicUrl('a b/c')).toBe('https://cdn.example/files/a%20b/c');
    expect(() => createSupabase({ ...options, publicUrl: 'nonsense' })).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    );
    await expect(async () => createSupabase(options).publicUrl('a')).rejects.toMatchObject({
      code: 'unsupported',
    });
  });
});
