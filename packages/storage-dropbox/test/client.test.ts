import { Dropbox, DropboxAuth } from 'dropbox';
import { describe, expect, test } from 'vitest';
import { createDropbox } from '../src/index.ts';
import { openHooked } from './open-hooked.ts';

describe('sign-in', () => {
  test('is asked for again when the service refuses a token, once', async () => {
    const { fake, storage } = await openHooked({ auth: async () => fake.issueToken() });
    await storage.put('a', 'one');
    fake.revokeTokens();
    expect(await (await storage.get('a')).text()).toBe('one');
    const same = await openHooked({ auth: () => 'sl.always-the-same' });
    await expect(same.storage.get('a')).rejects.toMatchObject({
      code: 'unauthenticated',
      status: 401,
    });
    expect(same.routes).toHaveLength(1);
  });

  test('that cannot be renewed says so', async () => {
    const { fake, storage } = await openHooked();
    fake.revokeTokens();
    await expect(storage.get('a')).rejects.toMatchObject({ code: 'unauthenticated' });
    const malformed = await openHooked({ auth: 'ä' });
    await expect(malformed.storage.get('a')).rejects.toBeDefined();
  });

  test('without a scope is told by the name of the scope, and not renewed', async () => {
    let asked = 0;
    const { fake, storage } = await openHooked({
      auth: () => {
        asked += 1;
        return fake.issueToken(['files.metadata.read']);
      },
    });
    await expect(storage.put('a', 'x')).rejects.toMatchObject({
      code: 'permission-denied',
      hint: expect.stringContaining('files.content.write'),
    });
    expect(asked).toBe(1);
  });

  test('can be that of the SDK, which refreshes by itself', async () => {
    const { fake } = await openHooked();
    const { clientId, refreshToken, fetch, url: endpoint } = fake;
    const auth = new DropboxAuth({ clientId, refreshToken, fetch });
    const client = new Dropbox({ auth });
    const storage = createDropbox({ client, endpoint });
    await storage.save('a.json', { by: 'the SDK' });
    expect(storage.native).toBe(client);
    fake.revokeTokens();
    expect(await storage.load('a.json')).toEqual({ by: 'the SDK' });
    expect(await createDropbox({ auth, endpoint }).load('a.json')).toEqual({ by: 'the SDK' });
    expect(await createDropbox({ client: auth, endpoint }).load('a.json')).toBeDefined();
  });

  test('of the SDK that fails is told apart from a network that does', async () => {
    const { fake } = await openHooked();
    const { clientId, refreshToken, fetch, url: endpoint } = fake;
    const open = (auth: DropboxAuth) => createDropbox({ auth, endpoint, retry: false });
    const wrong = new DropboxAuth({ clientId, refreshToken: 'wrong', fetch });
    await expect(open(wrong).stat('a')).rejects.toMatchObject({ code: 'unauthenticated' });
    const offline = new DropboxAuth({
      clientId,
      refreshToken,
      fetch: () => Promise.reject(new TypeError('offline')),
    });
    await expect(open(offline).stat('a')).rejects.toMatchObject({ code: 'unavailable' });
    const broken = new DropboxAuth({
      clientId,
      refreshToken,
      fetch: async () => new Response('', { status: 503 }),
    });
    await expect(open(broken).stat('a')).rejects.toMatchObject({ code: 'unavailable' });
    const none = new DropboxAuth({ fetch });
    await expect(open(none).stat('a')).rejects.toMatchObject({ code: 'unauthenticated' });
    const old = new DropboxAuth({ accessToken: fake.issueToken(), fetch });
    fake.revokeTokens();
    await expect(open(old).stat('a')).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

describe('options', () => {
  test('that are missing, wrong or unsafe are refused at once', () => {
    const auth = 'token';
    expect(() => createDropbox({})).toThrow(/"auth" is missing/);
    expect(() => createDropbox({ appKey: 'k' })).toThrow(/signs nobody in/);
    expect(() => createDropbox({ client: {} as never })).toThrow(/no Dropbox/);
    expect(() => createDropbox({ auth: {} as never })).toThrow(/"auth"/);
    expect(() => createDropbox({ auth, endpoint: 'http://dropbox.example' })).toThrow(/encryption/);
    expect(() => createDropbox({ auth, root: '../x' })).toThrow(/"root"/);
    expect(() => createDropbox({ auth, concurrentWrites: 0 })).toThrow(/concurrentWrites/);
    expect(createDropbox({ auth }).native).toBeUndefined();
  });

  test('send requests to three addresses, with roots and members of teams', async () => {
    const { fake, hook } = await openHooked();
    const seen: { host: string; root: string | null; user: string | null }[] = [];
    const fetch: typeof globalThis.fetch = async (input, init) => {
      const headers = new Headers(init?.headers);
      const url = new URL(String(input));
      seen.push({
        host: url.host.split('.')[0] ?? '',
        root: headers.get('dropbox-api-path-root'),
        user: headers.get('dropbox-api-select-user'),
      });
      return globalThis.fetch(fake.url + url.pathname, init);
    };
    hook(undefined);
    const common = { auth: fake.accessToken, fetch, attributes: 'none' } as const;
    const rooted = createDropbox({ ...common, pathRoot: '1', selectUser: 'dbmid:x' });
    await rooted.put('a', 'x');
    await rooted.stat('a');
    expect(seen).toEqual([
      { host: 'content', root: '{".tag":"namespace_id","namespace_id":"1"}', user: 'dbmid:x' },
      { host: 'api', root: '{".tag":"namespace_id","namespace_id":"1"}', user: 'dbmid:x' },
    ]);
    const home = '{".tag": "home"}';
    const client = new Dropbox({
      accessToken: fake.accessToken,
      pathRoot: home,
      selectUser: 'u',
      fetch: fake.fetch,
    });
    await createDropbox({ client, fetch, attributes: 'none' }).stat('a');
    expect(seen.at(-1)).toEqual({ host: 'api', root: home, user: 'u' });
    const wrong = createDropbox({ ...common, pathRoot: '7', retry: false });
    await expect(wrong.stat('a')).rejects.toMatchObject({ code: 'store-not-found', status: 422 });
    const endpoints = { api: fake.url, content: fake.url, notify: fake.url };
    expect(await createDropbox({ auth: fake.accessToken, endpoints }).exists('a')).toBe(true);
  });
});

test('takes no page of a proxy for an answer', async () => {
  const { storage, hook, provider } = await openHooked();
  hook(() => new Response('<html>', { status: 200 }));
  const unavailable = { code: 'unavailable' };
  await expect(storage.stat('a')).rejects.toMatchObject(unavailable);
  await expect(storage.put('a', 'x')).rejects.toMatchObject({ ...unavailable, outcome: 'unknown' });
  await expect(storage.get('a')).rejects.toMatchObject(unavailable);
  hook(() => Response.json({}));
  await expect(provider.upload?.('a', {})).rejects.toMatchObject(unavailable);
  await expect(storage.put('a', 'x')).rejects.toMatchObject(unavailable);
  await storage.close();
});

test('waits as long as the service asks for, and tries again', async () => {
  const { fake } = await openHooked();
  const waited: number[] = [];
  const storage = createDropbox({
    auth: fake.accessToken,
    endpoint: fake.url,
    attributes: 'none',
    retry: { sleep: async (ms) => void waited.push(ms) },
  });
  fake.limitRate(1, 7);
  await storage.put('a', 'x');
  expect(waited).toEqual([7000]);
});

test('keeps writes below what locks the account', async () => {
  const limits = { maxWrites: 2, writeMs: 3 };
  const own = { concurrentWrites: 2 };
  const { storage } = await openHooked(own, limits);
  const keys = Array.from({ length: 20 }, (_, index) => `k${index}`);
  await Promise.all(keys.map((key) => storage.put(key, key)));
  expect(await storage.list()).toHaveLength(20);
  const eager = await openHooked({ concurrentWrites: 20 }, limits);
  const results = await Promise.allSettled(keys.map((key) => eager.storage.put(key, key)));
  const failed = results.filter(({ status }) => status === 'rejected');
  expect(failed.length).toBeGreaterThan(0);
  expect(failed[0]).toMatchObject({ reason: { code: 'rate-limited', retryAfterMs: 1000 } });
});
