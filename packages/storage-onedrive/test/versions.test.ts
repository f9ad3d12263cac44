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
