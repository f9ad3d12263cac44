import { toBody } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import { type createDropbox, type DropboxNativeOptions, dropboxProvider } from '../src/index.ts';
import { openHooked } from './open-hooked.ts';

const openWhole = () => openHooked({ attributes: 'companion' });

async function versionsOf(storage: ReturnType<typeof createDropbox>, key: string) {
  const infos = [];
  for await (const info of storage.versions.list(key)) infos.push(info);
  return infos;
}

describe('versions with attributes', () => {
  test('keep what was said of each, also of the same content, and after the object was deleted', async () => {
    const { storage } = await openWhole();
    const one = await storage.put('a', 'same', { tags: ['first'] });
    await storage.put('a', 'other', { metadata: { n: 2 } });
    const three = await storage.put('a', 'same', { tags: ['third'] });
    await storage.put('a', 'last');
    const told = async () =>
      (await versionsOf(storage, 'a')).map(({ tags, metadata }) => tags ?? metadata);
    const expected = [undefined, ['third'], { n: 2 }, ['first']];
    expect(await told()).toEqual(expected);
    await storage.delete('a');
    // The companion went with it, and is read as it was.
    expect(await told()).toEqual(expected);
    expect((await storage.stat('a', { version: one.version ?? '' })).tags).toEqual(['first']);
    const old = await storage.get('a', { version: three.version ?? '' });
    expect([await old.text(), old.info.tags]).toEqual(['same', ['third']]);
    const back = await storage.versions.restore('a', one.version ?? '');
    expect([back.tags, await (await storage.get('a')).text()]).toEqual([['first'], 'same']);
    expect(back).toEqual(await storage.stat('a'));
  });

  test('that other programs wrote have none, and change nothing of ours', async () => {
    const { storage, other, fake } = await openWhole();
    expect(other).toBeDefined();
    const mine = await storage.put('a', 'mine', { tags: ['mine'] });
    const plain = dropboxProvider({ auth: fake.accessToken, endpoint: fake.url });
    const theirs = await plain.put('a', toBody('theirs'), {});
    await storage.put('a', 'again', { tags: ['again'] });
    expect((await storage.stat('a', { version: mine.version ?? '' })).tags).toEqual(['mine']);
    // What the user said stays with what is edited elsewhere.
    expect((await storage.stat('a', { version: theirs.version ?? '' })).tags).toEqual(['mine']);
  });

  test('tell the same content with other attributes as one version, with the latest', async () => {
    const { storage } = await openWhole();
    const first = await storage.put('a', 'same', { tags: ['old'] });
    const second = await storage.put('a', 'same', { tags: ['new'] });
    expect(second.version).toBe(first.version);
    const { version = '' } = first;
    expect((await storage.stat('a', { version })).tags).toEqual(['new']);
    await storage.setMetadata('a', { tags: ['set'] });
    expect((await storage.stat('a', { version })).tags).toEqual(['set']);
    await storage.put('a', 'next');
    expect((await storage.stat('a', { version })).tags).toEqual(['set']);
  });

  test('cost a put no call, and a companion is written once', async () => {
    const { storage, routes } = await openWhole();
    await storage.put('a', 'one', { tags: ['first'] });
    // Is there a companion, is there an object, companion, object.
    expect(routes).toEqual([
      'files/download',
      'files/get_metadata',
      'files/upload',
      'files/upload',
    ]);
  });
});

describe('options of the service for one write', () => {
  const native = {
    client_modified: new Date('2020-01-02T03:04:05.678Z'),
    mute: false,
  } satisfies DropboxNativeOptions;

  test('are sent with puts and uploads, also of another process', async () => {
    const { storage, provider, hook } = await openWhole();
    const commits: unknown[] = [];
    hook(({ route, arg }) => {
      const { path, commit = arg } = arg as { path?: string; commit?: object };
      const { client_modified: modified, mute } = commit as Record<string, unknown>;
      if (route === 'files/upload_session/finish') commits.push([modified, mute]);
      if (route === 'files/upload' && path === '/a') commits.push([modified, mute]);
      return undefined;
    });
    await storage.put('a', 'x', { native });
    await storage.put('a', 'y');
    await storage.put('a', 'z', { native: { mute: false } });
    const begun = await provider.upload?.('b', { native, totalBytes: 1 });
    const upload = await provider.upload?.('b', { token: begun?.token ?? '' });
    await upload?.write(0, new Uint8Array(1));
    await upload?.complete();
    const time = '2020-01-02T03:04:05Z';
    expect(commits).toEqual([
      [time, false],
      [undefined, true],
      [undefined, false],
      [time, false],
    ]);
  });

  test.each([
    [{ mute: 'yes' }, '"mute" of the option "native" is true or false.'],
    [{ client_modified: 'soon' }, '"client_modified" of the option "native" is a date.'],
    [{ autorename: true }, 'autorename'],
  ])('are refused before anything is sent: %j', async (wrong, message) => {
    const { storage, routes, provider } = await openHooked();
    await expect(storage.put('a', new Blob(['x']), { native: wrong })).rejects.toThrow(message);
    if (!('autorename' in wrong)) {
      await expect(provider.upload?.('a', { native: wrong })).rejects.toThrow(message);
    }
    expect(routes).toEqual([]);
  });
});
