import { toBody } from '@granary/storage-core/provider';
import {
  type FakeOneDrive,
  type FakeOneDriveOptions,
  startFakeOneDrive,
} from '@granary-tools/fake-onedrive';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createOneDrive, type OneDriveNativeOptions, type OneDriveOptions } from '../src/index.ts';
import { onedriveProvider } from '../src/onedrive-provider.ts';
import { optionsFor, rejection } from './open-drive.ts';

async function open(settings: FakeOneDriveOptions = {}, more: OneDriveOptions = {}) {
  const fake = await startFakeOneDrive(settings);
  onTestFinished(() => fake.stop());
  const options = optionsFor(fake, { versions: true, ...more });
  return { fake, options, storage: createOneDrive(options) };
}

async function versionsOf(storage: ReturnType<typeof createOneDrive>, key: string) {
  const infos = [];
  for await (const info of storage.versions.list(key)) infos.push(info);
  return infos;
}

async function calls(fake: FakeOneDrive, work: () => Promise<unknown>): Promise<number> {
  const before = fake.requests();
  await work();
  return fake.requests() - before;
}

describe('versions', () => {
  test('keep what was said of each, through moves and restores', async () => {
    const { storage } = await open();
    const one = await storage.put('a', 'one', { tags: ['first'], metadata: { n: 1 } });
    const two = await storage.put('a', 'two!', { tags: ['second'] });
    await storage.put('a', 'three');
    expect(await storage.stat('a', { version: one.version ?? '' })).toMatchObject({
      tags: ['first'],
      metadata: { n: 1 },
      size: 3,
    });
    expect((await versionsOf(storage, 'a')).map(({ tags }) => tags)).toEqual([
      undefined,
      ['second'],
      ['first'],
    ]);
    // They go with their item, and take the place of those of another one.
    await storage.put('b', 'other', { tags: ['other'] });
    await storage.put('b', 'other too');
    await storage.move('a', 'b');
    const moved = await versionsOf(storage, 'b');
    expect(moved.map(({ tags }) => tags)).toEqual([undefined, ['second'], ['first']]);
    const restored = await storage.versions.restore('b', two.version ?? '');
    expect(restored.tags).toEqual(['second']);
    expect(restored).toEqual(await storage.stat('b'));
    expect(await (await storage.get('b')).text()).toBe('two!');
    await storage.setMetadata('b', { tags: ['changed'] });
    expect((await storage.stat('b', { version: restored.version ?? '' })).tags).toEqual([
      'changed',
    ]);
  });

  test('are read where lists do not tell their addresses, and under conditions', async () => {
    const { storage } = await open({ tellsVersionUrls: false });
    const { version = '' } = await storage.put('a', 'content');
    const empty = await storage.put('a', '');
    await storage.put('a', 'now');
    const old = await storage.get('a', { version });
    expect(await old.text()).toBe('content');
    const part = await storage.get('a', { version, range: { offset: 1, length: 2 } });
    expect(await part.text()).toBe('on');
    expect(await (await storage.get('a', { version: empty.version ?? '' })).text()).toBe('');
    const etag = old.info.etag;
    expect(await (await storage.get('a', { version, ifMatch: etag })).text()).toBe('content');
    expect((await rejection(storage.get('a', { version, ifMatch: 'x' })))?.code).toBe(
      'precondition-failed',
    );
    expect((await rejection(storage.get('a', { version, ifNoneMatch: etag })))?.code).toBe(
      'not-modified',
    );
    expect((await rejection(storage.get('a', { version: 'x:1.0' })))?.code).toBe('not-found');
  });

  test('are as many as the account keeps', async () => {
    const { storage } = await open({ keepsVersions: false });
    const first = await storage.put('a', 'one');
    const second = await storage.put('a', 'two');
    expect((await versionsOf(storage, 'a')).map(({ version }) => version)).toEqual([
      second.version,
    ]);
    const error = await rejection(storage.get('a', { version: first.version ?? '' }));
    expect(error?.code).toBe('not-found');
  });

  test('are deleted one by one where the account lets that be, the current one aside', async () => {
    const { storage, options, fake } = await open();
    const first = await storage.put('a', 'one', { tags: ['t'] });
    const { version = '' } = await storage.put('a', 'two');
    expect(storage.getCapabilities().deleteVersion).toBe(true);
    await storage.delete('a', { version: first.version ?? '' });
    expect(await versionsOf(storage, 'a')).toHaveLength(1);
    const current = await rejection(storage.delete('a', { version }));
    expect([current?.code, current?.outcome]).toEqual(['unsupported', 'not-applied']);
    expect(current?.hint).toContain('Restore another version first');
    const denied = createOneDrive({ ...options, auth: () => fake.token(['Files.Read']) });
    const third = await storage.put('a', 'three');
    expect(third.version).toBeDefined();
    const refused = await rejection(denied.delete('a', { version }));
    expect(refused?.code).toBe('permission-denied');
  });

  test('of a personal account cannot be deleted alone', async () => {
    const { storage, options } = await open({ driveType: 'personal' });
    const { version = '' } = await storage.put('a', 'one');
    await storage.put('a', 'two');
    expect(storage.getCapabilities().deleteVersion).toBeFalsy();
    expect((await rejection(storage.delete('a', { version })))?.code).toBe('unsupported');
    // What the service itself says.
    const error = await rejection(onedriveProvider(options).delete('a', { version }));
    expect([error?.code, error?.outcome]).toEqual(['unsupported', 'not-applied']);
    expect(error?.hint).toContain('Personal accounts');
    expect(await versionsOf(storage, 'a')).toHaveLength(2);
  });

  test('may be told of as not deletable where the account cannot be asked', async () => {
    const { storage, fake } = await open();
    fake.failNext({ status: 403, match: ({ path }) => path.endsWith('/me/drive') });
    await storage.put('a', 'x');
    expect(storage.getCapabilities().deleteVersion).toBeFalsy();
  });

  test('take one request more with each write, and none with reads', async () => {
    const { storage, fake } = await open();
    // Once, the kind of account is asked for.
    await storage.ready();
    expect(await calls(fake, () => storage.put('a', 'x'))).toBe(3);
    expect(await calls(fake, () => storage.put('b', 'x', { tags: ['t'] }))).toBe(4);
    expect(await calls(fake, () => storage.stat('a'))).toBe(1);
    expect(await calls(fake, async () => (await storage.get('a')).text())).toBe(2);
    expect(await calls(fake, () => versionsOf(storage, 'a'))).toBe(2);
  });

  test('are left out of an info when nobody can tell which one it is', async () => {
    const { storage, fake } = await open();
    const listing = ({ path }: { readonly path: string }) => /\/items\/.*\/versions$/.test(path);
    fake.failNext({ status: 503, match: listing });
    expect((await storage.put('a', 'x')).version).toBeUndefined();
    expect((await storage.stat('a')).version).toBeDefined();
  });

  test('are not declared where they are not asked for', async () => {
    const { storage } = await open({}, { versions: false });
    expect(storage.getCapabilities().versions).toBeFalsy();
    expect((await storage.put('a', 'x')).version).toBeUndefined();
  });
});

describe('what the service may answer', () => {
  const ITEM = {
    ...{ id: '1', name: 'a', size: 1, eTag: '"e"', cTag: '"c"', file: {} },
    ...{ createdDateTime: '2026-01-01T00:00:00Z', lastModifiedDateTime: '2026-01-01T00:00:00Z' },
  };
  const OTHER = { ...ITEM, cTag: '"d"' };
  const ONE = { id: '1.0', lastModifiedDateTime: '2026-01-01T00:00:00Z' };

  /** A provider whose answers are these: versions, and the item when it is looked at again. */
  const answered = (listed: unknown, after: object | null = ITEM) =>
    onedriveProvider({
      auth: 'token',
      versions: true,
      fetch: async (input, init) => {
        const gone = { error: { code: 'itemNotFound' } };
        if (String(input).includes('meta.json')) return Response.json(gone, { status: 404 });
        if (!String(input).endsWith('/$batch')) return Response.json(ITEM);
        const { requests } = JSON.parse(String(init?.body)) as {
          readonly requests: readonly { readonly id: string; readonly url: string }[];
        };
        const responses = requests.map(({ id, url }) => {
          if (url.includes('meta.json')) return { id, status: 404, body: gone };
          if (url.endsWith('/versions')) return { id, status: 200, body: listed };
          return { id, status: 200, body: url.includes('size') ? ITEM : after };
        });
        if (after === null && requests.some(({ url }) => url.startsWith('/me/drive/items/'))) {
          throw new TypeError('fetch failed');
        }
        return Response.json({ responses });
      },
    });
  const offline = () => answered({ value: [ONE] }, null);
  const list = async (provider: ReturnType<typeof answered>) => {
    for await (const page of provider.versions?.list('a', {}) ?? []) return page;
    return [];
  };

  test('of an object that keeps changing is a conflict', async () => {
    const error = await rejection(answered({ value: [ONE] }, OTHER).stat('a', {}));
    expect(error?.code).toBe('conflict');
  });

  test('is no list, or an empty one, or one without sizes', async () => {
    expect((await rejection(list(answered({}))))?.code).toBe('unavailable');
    expect(await list(answered({ value: [] }))).toEqual([]);
    expect((await answered({ value: [] }).stat('a', {})).version).toBeUndefined();
    const infos = await list(answered({ value: [ONE, { ...ONE, id: '0.0' }] }));
    expect(infos.map(({ version, size }) => [version, size])).toEqual([
      ['1:1.0', 1],
      ['1:0.0', 0],
    ]);
  });

  test('leaves a write without the name of its version, and does not fail it', async () => {
    const put = async (provider: ReturnType<typeof answered>) =>
      (await provider.put('a', toBody('x'), {})).version;
    expect(await put(answered({ value: [ONE] }))).toBe('1:1.0');
    expect(await put(answered({ value: [ONE] }, OTHER))).toBeUndefined();
    expect(await put(answered({ value: [] }))).toBeUndefined();
    expect(await put(offline())).toBeUndefined();
  });

  test('is trouble on the way to a version', async () => {
    const { storage, fake, options } = await open({ tellsVersionUrls: false });
    const { version = '' } = await storage.put('a', 'content');
    await storage.put('a', 'now');
    const provider = onedriveProvider(options);
    const content = ({ path }: { readonly path: string }) => path.endsWith('/1.0/content');
    fake.failNext({ status: 503, match: content });
    expect((await rejection(provider.get('a', { version })))?.code).toBe('unavailable');
    fake.failNext({ status: 302, match: content });
    expect((await rejection(provider.get('a', { version })))?.code).toBe('unavailable');
    fake.fault('ignore-range');
    const part = provider.get('a', { version, range: { offset: 1 } });
    expect((await rejection(part))?.message).toContain('ignored the range');
    fake.fault(undefined);
    const many = await createOneDrive.provider(options).statMany?.(['a'], {});
    expect(many?.map((one) => one.ok && one.value.version)).toEqual([expect.any(String)]);
    fake.failNext({
      status: 403,
      code: 'accessDenied',
      match: ({ path }) => path.endsWith('/versions'),
    });
    expect((await rejection(list(provider)))?.code).toBe('permission-denied');
    let isRestored = false;
    const late = onedriveProvider({
      ...options,
      fetch: async (input, init) => {
        if (isRestored) throw new TypeError('fetch failed');
        isRestored = String(input).endsWith('/restoreVersion');
        return fetch(input, init);
      },
    });
    const restored = await rejection(late.versions?.restore('a', version, {}) as never);
    expect([restored?.code, restored?.outcome]).toEqual(['unavailable', 'unknown']);
    const signal = AbortSignal.abort();
    await expect(provider.open?.({ signal })).rejects.toThrow();
  });
});

describe('options of the service for one write', () => {
  const native = {
    description: 'words',
    fileSystemInfo: { lastModifiedDateTime: new Date('2020-01-02T03:04:05Z') },
  } satisfies OneDriveNativeOptions;
  const described = async (fake: FakeOneDrive, path: string) => {
    const response = await fetch(`${fake.url}/v1.0/me/drive/root:/${path}`, {
      headers: { authorization: `Bearer ${fake.token()}` },
    });
    const { description, fileSystemInfo } = (await response.json()) as {
      readonly description?: string;
      readonly fileSystemInfo: Readonly<Record<string, string>>;
    };
    return [description, fileSystemInfo['lastModifiedDateTime']];
  };
  const expected = ['words', '2020-01-02T03:04:05.000Z'];

  test('are set by puts and by uploads', async () => {
    const { storage, fake, options } = await open({ driveType: 'personal' }, { root: 'r' });
    await storage.put('put', 'x', { native });
    expect(await described(fake, 'r/put')).toEqual(expected);
    await storage.put('put', 'y', { native: { description: 'others' } });
    expect(await described(fake, 'r/put')).toEqual(['others', expected[1]]);
    const provider = createOneDrive.provider(options);
    for (const content of ['content', '']) {
      const bytes = new TextEncoder().encode(content);
      const upload = await provider.upload?.('up', { totalBytes: bytes.length, native });
      if (bytes.length > 0) await upload?.write(0, bytes);
      await upload?.complete();
      expect(await described(fake, 'r/up')).toEqual(expected);
      await storage.delete('up');
    }
  });

  test('that the service refuses fail, and say that the content is stored', async () => {
    const { storage } = await open();
    const error = await rejection(storage.put('a', 'x', { native }));
    expect([error?.code, error?.outcome]).toEqual(['invalid-argument', 'unknown']);
    expect(error?.message).toContain('the content is stored');
    expect(await (await storage.get('a')).text()).toBe('x');
  });

  test.each([
    [{ description: 1 }, '"description" is a text'],
    [{ fileSystemInfo: 'yesterday' }, '"fileSystemInfo" is an object'],
    [{ fileSystemInfo: { birthday: '2020-01-01' } }, 'has no "birthday"'],
    [{ fileSystemInfo: { createdDateTime: 'soon' } }, 'is no date'],
    [{ conflictBehavior: 'rename' }, 'conflictBehavior'],
  ])('are refused before anything is sent: %j', async (wrong, message) => {
    const { fake, options } = await open();
    const provider = createOneDrive.provider(options);
    const body = toBody(new Blob(['x']).stream());
    const error = await rejection(provider.put('a', body, { native: wrong }));
    expect(error?.message).toContain(message);
    expect(['invalid-argument', 'unsupported']).toContain(error?.code);
    expect(fake.paths()).toEqual([]);
  });
});
