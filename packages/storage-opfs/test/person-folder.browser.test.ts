import { describe, expect, test } from 'vitest';
import { createOPFS } from '../src/index.ts';
import { drop, filesIn, keysOf, newFolder, providerWith, putText, textOf } from './folders.ts';

const ITERATING: ReadonlySet<string | symbol> = new Set(['entries', 'keys', 'values']);

/** The folder behind a permission that can be taken away, as browsers do. */
function guarded(folder: FileSystemDirectoryHandle): {
  readonly handle: FileSystemDirectoryHandle;
  state: PermissionState;
} {
  const door = { state: 'granted' as PermissionState, handle: folder };
  door.handle = new Proxy(folder, {
    get(target, name) {
      if (name === 'queryPermission') return async () => door.state;
      const value: unknown = Reflect.get(target, name);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        if (door.state === 'granted') return Reflect.apply(value, target, args);
        const error = new DOMException('No permission.', 'NotAllowedError');
        if (!ITERATING.has(name)) return Promise.reject(error);
        return {
          next: () => Promise.reject(error),
          [Symbol.asyncIterator]() {
            return this;
          },
        };
      };
    },
  });
  return door;
}

describe('a folder that a person chose', () => {
  test('holds each object as a file that anybody finds', async () => {
    const directory = await newFolder();
    const storage = createOPFS({ directory });
    await storage.put('photos/märz 1.jpg', 'jpg', { tags: ['x'] });
    await storage.put('con/a:b.lnk', 'odd');
    expect(await filesIn(directory)).toEqual([
      '%63on/a%3Ab%2Elnk',
      '.granary/format.json',
      'photos/märz 1.jpg',
      'photos/märz 1.jpg.meta.json',
    ]);
    expect((await storage.list()).map(({ key }) => key)).toEqual([
      'con/a:b.lnk',
      'photos/märz 1.jpg',
    ]);
    await storage.delete('photos/märz 1.jpg');
    await storage.delete('con/a:b.lnk');
    expect(await filesIn(directory)).toEqual(['.granary/format.json']);
    await storage.close();
  });

  test('gives what a person dropped into it and edited, and keeps what was said of it', async () => {
    const directory = await newFolder();
    const provider = providerWith({ directory });
    await drop(directory, 'Notes/Photo.JPG', 'dropped');
    await drop(directory, 'x.crswap', 'a browser writes');
    expect(await keysOf(provider)).toEqual(['Notes/Photo.JPG']);
    expect(await textOf(provider, 'Notes/Photo.JPG')).toBe('dropped');
    await provider.setMetadata?.('Notes/Photo.JPG', { tags: ['mine'] }, {});
    const before = await provider.stat('Notes/Photo.JPG', {});
    await drop(directory, 'Notes/Photo.JPG', 'edited by hand');
    const after = await provider.stat('Notes/Photo.JPG', {});
    expect(after).toMatchObject({ size: 14, tags: ['mine'] });
    expect(after.etag).not.toBe(before.etag);
    await expect(
      putText(provider, 'Notes/Photo.JPG', 'x', { ifMatch: before.etag }),
    ).rejects.toMatchObject({ code: 'precondition-failed' });
    await putText(provider, 'Notes/Photo.JPG', 'written', { ifMatch: after.etag });
    expect(await provider.stat('Notes/Photo.JPG', {})).not.toHaveProperty('tags');
    await provider.close?.();
  });

  test('finds files under names that Granary would write otherwise', async () => {
    const directory = await newFolder();
    await drop(directory, 'a:b/c?.txt', 'given');
    const provider = providerWith({ directory });
    expect(await keysOf(provider)).toEqual(['a:b/c?.txt']);
    expect(await textOf(provider, 'a:b/c?.txt')).toBe('given');
    await putText(provider, 'a:b/c?.txt', 'over it');
    expect(await filesIn(directory)).toContain('a:b/c?.txt');
    expect(await textOf(provider, 'a:b/c?.txt')).toBe('over it');
    await drop(directory, 'a%3Ab/c%3F.txt', 'ours');
    expect(await keysOf(provider)).toEqual(['a:b/c?.txt']);
    expect(await textOf(provider, 'a:b/c?.txt')).toBe('ours');
    await provider.close?.();
  });

  test('is refused while it is not allowed, and works again when it is', async () => {
    const door = guarded(await newFolder());
    const provider = providerWith({ directory: door.handle });
    door.state = 'prompt';
    await expect(keysOf(provider)).rejects.toMatchObject({
      code: 'permission-denied',
      hint: expect.stringContaining('requestPermission()'),
    });
    door.state = 'denied';
    await expect(keysOf(provider)).rejects.toMatchObject({
      code: 'permission-denied',
      hint: expect.stringContaining('refused'),
    });
    door.state = 'granted';
    await putText(provider, 'a/b', 'kept');
    door.state = 'prompt';
    const lost = { code: 'permission-denied', hint: expect.stringContaining('requestAccess') };
    await expect(putText(provider, 'a/c', 'x')).rejects.toMatchObject(lost);
    await expect(keysOf(provider)).rejects.toMatchObject(lost);
    door.state = 'granted';
    expect(await textOf(provider, 'a/b')).toBe('kept');
    expect(await keysOf(provider)).toEqual(['a/b']);
    await provider.close?.();
  });

  test('is not found when it was deleted', async () => {
    const directory = await newFolder();
    const provider = providerWith({ directory: async () => directory });
    await putText(provider, 'a/b', 'x');
    const top = await navigator.storage.getDirectory();
    await top.removeEntry(directory.name, { recursive: true });
    const gone = { code: 'store-not-found', hint: expect.stringContaining('chooseDirectory') };
    await expect(textOf(provider, 'a/b')).rejects.toMatchObject(gone);
    await expect(provider.delete('a/b', {})).rejects.toMatchObject(gone);
    await expect(provider.setMetadata?.('a', {}, {})).rejects.toMatchObject(gone);
    await expect(putText(provider, 'a/b', 'x')).rejects.toMatchObject(gone);
    await expect(keysOf(provider)).rejects.toMatchObject(gone);
    expect(await provider.health?.({})).toMatchObject({ ok: false, error: { code: gone.code } });
    await provider.close?.();
  });

  test('is left alone when it is opened for reading', async () => {
    const directory = await newFolder();
    await drop(directory, 'a', 'text');
    const provider = providerWith({ directory, mode: 'read' });
    expect(await textOf(provider, 'a')).toBe('text');
    expect(await provider.health?.({})).toMatchObject({ ok: true });
    await expect(putText(provider, 'b', 'x')).rejects.toMatchObject({
      code: 'permission-denied',
      outcome: 'not-applied',
    });
    await expect(provider.stat('none', {})).rejects.toMatchObject({ code: 'not-found' });
    expect(await filesIn(directory)).toEqual(['a']);
    expect(provider.capabilities.usage).toBeFalsy();
    await provider.close?.();
  });

  test('tells of what others do in it', async () => {
    const directory = await newFolder();
    const provider = providerWith({ directory });
    const watcher = (await provider.watch?.({})) ?? expect.unreachable();
    const seen: unknown[] = [];
    const reading = (async () => {
      for await (const event of watcher) seen.push(event);
    })();
    const within = { timeout: 30_000, interval: 20 };
    await drop(directory, 'dropped.txt', 'x');
    await expect
      .poll(() => seen, within)
      .toContainEqual(expect.objectContaining({ type: 'put', key: 'dropped.txt', isOwn: false }));
    await directory.removeEntry('dropped.txt');
    await expect
      .poll(() => seen, within)
      .toContainEqual({ type: 'delete', key: 'dropped.txt', isOwn: false });
    const etag = await putText(provider, 'own', 'x');
    await drop(directory, 'deep/er/file', 'x');
    await expect.poll(() => JSON.stringify(seen), within).toContain('deep/');
    expect(seen.filter((event) => JSON.stringify(event).includes('"own"'))).toEqual([
      { type: 'put', key: 'own', etag, isOwn: true },
    ]);
    await watcher.close();
    await reading;
    await provider.close?.();
  });
});

test.each([
  ['{', 'corrupted'],
  ['{}', 'corrupted'],
  ['null', 'corrupted'],
  ['{"granary":2,"storeId":"x"}', 'invalid-data'],
  ['{"granary":1,"storeId":"x","companions":"manifest","names":"exact"}', 'invalid-data'],
])('a folder whose format is %s is refused', async (text, code) => {
  const directory = await newFolder();
  await drop(directory, '.granary/format.json', text);
  await expect(keysOf(providerWith({ directory }))).rejects.toMatchObject({ code });
});

test('a function that gives no folder is refused', async () => {
  const directory = async () => undefined as unknown as FileSystemDirectoryHandle;
  await expect(keysOf(providerWith({ directory }))).rejects.toMatchObject({
    code: 'invalid-config',
    hint: expect.stringContaining('getDirectoryHandle()'),
  });
});

test('a root that is a file is refused', async () => {
  const directory = await newFolder();
  await drop(directory, 'a', 'x');
  await expect(keysOf(providerWith({ directory, root: 'a' }))).rejects.toMatchObject({
    code: 'invalid-config',
  });
});
