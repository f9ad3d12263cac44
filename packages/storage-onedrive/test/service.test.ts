import { type StorageProvider, toBody } from '@granary/storage-core/provider';
import { type FakeOneDrive, startFakeOneDrive } from '@granary-tools/fake-onedrive';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createOneDrive, type OneDriveOptions } from '../src/index.ts';
import { freshRoot, optionsFor, rejection } from './open-drive.ts';
import { signedInClient } from './signed-in-client.ts';

let fake: FakeOneDrive;
let personal: FakeOneDrive;

beforeAll(async () => {
  fake = await startFakeOneDrive();
  personal = await startFakeOneDrive({ driveType: 'personal', tellsEtag: false });
});

afterAll(async () => {
  await fake.stop();
  await personal.stop();
});

const open = (options: OneDriveOptions = {}) => createOneDrive(optionsFor(fake, options));
const openProvider = (options: OneDriveOptions = {}, of: FakeOneDrive = fake) =>
  createOneDrive.provider(optionsFor(of, options));
const changesOf = async (provider: StorageProvider, cursor?: string) => {
  const pages = [];
  for await (const page of provider.changes?.(cursor === undefined ? {} : { cursor }) ?? []) {
    pages.push(page);
  }
  return { events: pages.flatMap(({ events }) => events), cursor: pages.at(-1)?.cursor ?? '' };
};

describe('changes', () => {
  test('tell keys below the root, a renamed folder as a subtree, and nothing of other folders', async () => {
    for (const service of [fake, personal]) {
      const provider = openProvider({}, service);
      const other = openProvider({}, service);
      await provider.put('dir/x', toBody('x'), {});
      const start = await changesOf(provider);
      expect(start.events).toEqual([]);
      await provider.put('dir/a b#', toBody('x'), {});
      await other.put('elsewhere', toBody('x'), {});
      await provider.delete('dir/x', {});
      const { events, cursor } = await changesOf(provider, start.cursor);
      expect(events.find(({ type }) => type === 'put')).toMatchObject({ key: 'dir/a b#' });
      expect(JSON.stringify(events)).not.toContain('elsewhere');
      const gone = events.find((event) => event.type !== 'put');
      expect(gone).toMatchObject(
        service === personal
          ? { type: 'delete', key: 'dir/x' }
          : { type: 'subtree', prefix: 'dir/' },
      );
      expect((await changesOf(provider, cursor)).events).toEqual([]);
    }
  });

  test('begin anew when the service has forgotten the place', async () => {
    const service = await startFakeOneDrive();
    const auth = () => service.token();
    const provider = createOneDrive.provider({ auth, endpoint: service.url, retry: false });
    const { cursor } = await changesOf(provider);
    await provider.put('a', toBody('x'), {});
    service.forgetChanges();
    const reset = await changesOf(provider, cursor);
    expect(reset.events).toEqual([{ type: 'reset' }]);
    expect((await changesOf(provider, reset.cursor)).events).toEqual([]);
    await service.stop();
  });

  test('are read page by page, and a folder that is gone is anybody’s guess', async () => {
    const service = await startFakeOneDrive();
    const auth = () => service.token();
    const provider = createOneDrive.provider({ auth, endpoint: service.url, retry: false });
    const { cursor } = await changesOf(provider);
    for (let n = 0; n < 4; n += 1) await provider.put(`d/${n}`, toBody('x'), {});
    const token = service.token();
    const headers = { authorization: `Bearer ${token}` };
    await fetch(`${service.url}/v1.0/me/drive/root:/d`, { method: 'DELETE', headers });
    const small = `${cursor}&$top=2`;
    const pages = [];
    for await (const page of provider.changes?.({ cursor: small }) ?? []) pages.push(page);
    expect(pages.length).toBeGreaterThan(1);
    const events = pages.flatMap((page) => page.events);
    expect(events.filter(({ type }) => type === 'subtree').length).toBeGreaterThan(3);
    await service.stop();
  });
});

describe('trouble', () => {
  test('is told apart by health', async () => {
    const check = async (options: OneDriveOptions) => (await open(options).health()).error as never;
    expect((await open().health()).ok).toBe(true);
    expect(await check({ auth: () => 'nonsense' })).toMatchObject({ code: 'unauthenticated' });
    expect(await check({ auth: () => fake.token(['Files.ReadWrite.AppFolder']) })).toMatchObject({
      code: 'permission-denied',
    });
    expect(await check({ driveId: 'b!none' })).toMatchObject({ code: 'store-not-found' });
    fake.failNext({ status: 404, code: 'itemNotFound' });
    expect(await check({})).toMatchObject({ code: 'store-not-found' });
    fake.failNext({ status: 429, code: 'activityLimitReached', headers: { 'retry-after': '7' } });
    expect(await check({})).toMatchObject({ code: 'rate-limited', retryAfterMs: 7000 });
  });

  test('asks for another token once when the last one was revoked', async () => {
    let asked = 0;
    let token = fake.token();
    const storage = open({
      auth: {
        getToken: async ({ refresh = false }) => {
          if (refresh) {
            asked += 1;
            token = fake.token();
          }
          return { token };
        },
      },
    });
    await storage.put('a', 'x');
    fake.revokeTokens();
    await storage.put('a', 'y');
    expect(asked).toBeGreaterThan(0);
  });

  test('waits as long as one item of a batch says', async () => {
    const slept: number[] = [];
    const storage = createOneDrive({
      auth: () => fake.token(),
      endpoint: fake.url,
      root: freshRoot(),
      retry: {
        sleep: async (ms) => {
          slept.push(ms);
        },
      },
    });
    await storage.put('a', 'x');
    await storage.put('b', 'x');
    fake.failNext({
      status: 429,
      code: 'activityLimitReached',
      headers: { 'Retry-After': '3' },
      match: ({ method }) => method === 'DELETE',
    });
    const results = await storage.deleteMany(['a', 'b']);
    expect(results.map(({ ok }) => ok)).toEqual([true, true]);
    expect(Math.max(...slept)).toBeGreaterThanOrEqual(3000);
  });

  test('with a full drive is quota-exceeded', async () => {
    const service = await startFakeOneDrive({ totalBytes: 10 });
    const auth = () => service.token();
    const storage = createOneDrive({ auth, endpoint: service.url });
    await storage.put('a', '12345');
    expect((await rejection(storage.put('b', '1234567')))?.code).toBe('quota-exceeded');
    expect(await storage.usage()).toEqual({ usedBytes: 5, totalBytes: 10 });
    await service.stop();
  });
});

describe('the SDK', () => {
  test('lends its sign-in, and is handed back as native', async () => {
    const client = signedInClient(() => fake.token());
    const storage = createOneDrive({ client, endpoint: fake.url, root: 'sdk' });
    await storage.put('a', 'x');
    expect(storage.native).toBe(client);
    const signIn = { getAccessToken: async () => fake.token() };
    const other = createOneDrive({ auth: signIn, endpoint: fake.url, root: 'sdk' });
    expect(await (await other.get('a')).text()).toBe('x');
  });
});

describe('options', () => {
  test('say where a site’s library is', async () => {
    const storage = createOneDrive({
      auth: () => fake.token(),
      endpoint: fake.url,
      siteId: 'a-site',
      root: 'library',
    });
    await storage.put('a', 'x');
    expect(fake.paths()).toContain('library/a');
    const drive = open({ driveId: fake.driveId, root: 'library' });
    expect(await drive.exists('a')).toBe(true);
  });

  test.each([
    [{}, /"auth" is missing/],
    [{ client: { api: () => 0 } }, /authProvider/],
    [{ auth: 'x', driveId: 'a', siteId: 'b' }, /not both/],
    [{ auth: 'x', root: 'a//b' }, /"root"/],
    [{ auth: 'x', endpoint: 'http://graph.example' }, /encryption/],
    [{ clientId: 'x', redirectUri: 'y' }, /"clientId" needs a sign-in/],
  ])('%o fails with invalid-config', (options, reason) => {
    expect(() => createOneDrive.provider(options as OneDriveOptions)).toThrow(reason);
  });

  test('come from a URL and a configuration', () => {
    const { fromConfig } = createOneDrive.backend;
    expect(fromConfig?.({ config: { token: 't', drive_id: 'd', trash: 'false' } })).toEqual({
      auth: 't',
      driveId: 'd',
      trash: false,
    });
    // An application that has a sign-in adds it; without one, the error says how to sign in.
    expect(fromConfig?.({ config: {} })).toEqual({});
    const opened = () => createOneDrive(fromConfig?.({ config: {} }) as OneDriveOptions);
    expect(opened).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('granary login onedrive') }),
    );
    const withId = () =>
      createOneDrive(fromConfig?.({ config: { clientId: 'c' } }) as OneDriveOptions);
    expect(withId).toThrow(/"clientId" needs a sign-in/);
  });
});
