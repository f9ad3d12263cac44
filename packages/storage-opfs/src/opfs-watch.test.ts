import { afterEach, describe, expect, test, vi } from 'vitest';
import { keyNames } from './opfs-keys.ts';
import type { ChangeRecord, FolderObserverConstructor } from './opfs-platform.ts';
import type { FoundFile, Store } from './opfs-store.ts';
import { openWatching } from './opfs-watch.ts';

afterEach(() => vi.unstubAllGlobals());

interface Entry {
  readonly [name: string]: Entry | number;
}

/** A folder as far as it is walked: a number is the time of a file. */
function fakeFolder(content: Entry): FileSystemDirectoryHandle {
  const folder = {
    async *entries() {
      for (const [name, inner] of Object.entries(content)) {
        yield [name, { kind: typeof inner === 'number' ? 'file' : 'directory' }];
      }
    },
  };
  return folder as unknown as FileSystemDirectoryHandle;
}

/** A storage whose files are the ones given, and an observer that tells what the test says. */
function watched(content: Entry) {
  const at = (path: readonly string[]) =>
    path.reduce<Entry | number | undefined>(
      (inner, name) => (typeof inner === 'object' ? inner[name] : undefined),
      content,
    );
  const store = {
    names: keyNames({ isUserFolder: false, foldsCase: false }),
    space: `test-${crypto.randomUUID()}`,
    async find(key: string) {
      const time = at(key.split('/'));
      if (typeof time !== 'number') return undefined;
      return { file: { lastModified: time, size: 1 } } as unknown as FoundFile;
    },
    async folder(path: readonly string[]) {
      const inner = at(path);
      return typeof inner === 'object' ? fakeFolder(inner) : undefined;
    },
  } as unknown as Store;
  let callback: (records: readonly ChangeRecord[]) => void = () => {};
  const disconnect = vi.fn();
  const observer: FolderObserverConstructor = class {
    constructor(told: typeof callback) {
      callback = told;
    }
    async observe(): Promise<void> {}
    disconnect = disconnect;
  };
  const quiet = vi.fn(async () => {});
  return {
    disconnect,
    quiet,
    store,
    watching: openWatching({ store, observer, quiet }),
    tell: (...records: readonly ChangeRecord[]) => callback(records),
  };
}

async function take(events: AsyncIterable<unknown>, count: number): Promise<readonly unknown[]> {
  const seen: unknown[] = [];
  for await (const event of events) {
    seen.push(event);
    if (seen.length === count) break;
  }
  return seen;
}

const appeared = (...path: readonly string[]): ChangeRecord => ({
  type: 'appeared',
  relativePathComponents: path,
});

describe('what the browser sees', () => {
  test('is told by key, as the object is then, and once', async () => {
    const { watching, tell, quiet, disconnect } = watched({ a: 1, b: 2, d: { '.granary-x': 1 } });
    const watcher = await watching.watch({});
    tell(appeared('a'), appeared('a'), appeared('.granary', 'x'), appeared('a.meta.json'));
    tell({ type: 'moved', relativePathMovedFrom: ['gone'], relativePathComponents: ['b'] });
    tell(appeared('d'), { type: 'disappeared', relativePathComponents: ['c', 'e'] });
    expect(await take(watcher, 4)).toEqual([
      { type: 'put', key: 'a', etag: '1-1', isOwn: false },
      { type: 'delete', key: 'gone', isOwn: false },
      { type: 'put', key: 'b', etag: '2-1', isOwn: false },
      { type: 'delete', key: 'c/e', isOwn: false },
    ]);
    expect(quiet).toHaveBeenCalledWith('c/e');
    await watcher.close();
    expect(disconnect).toHaveBeenCalledOnce();
    await watching.close();
  });

  test('of a new folder is its files, or the folder when there is more in it', async () => {
    const { watching, tell } = watched({ d: { x: 1, '.granary': {} }, e: { f: { y: 1 } } });
    const watcher = await watching.watch({ prefix: 'e/f/' });
    const all = await watching.watch({});
    tell(appeared('d'), appeared('e'));
    expect(await take(all, 2)).toEqual([
      { type: 'put', key: 'd/x', etag: '1-1', isOwn: false },
      { type: 'subtree', prefix: 'e/' },
    ]);
    expect(await take(watcher, 1)).toEqual([{ type: 'subtree', prefix: 'e/' }]);
    await watching.close();
  });

  test('of a long name is told by the whole of it', async () => {
    const long = 'x'.repeat(500);
    const names = keyNames({ isUserFolder: false, foldsCase: false });
    const path = names.pathOf(long);
    const { watching, tell, store } = watched({});
    const watcher = await watching.watch({});
    tell(appeared(...path.slice(0, 1)), appeared(...path));
    expect(store.names.isPart(path[0] ?? '')).toBe(true);
    expect(await take(watcher, 1)).toEqual([{ type: 'delete', key: long, isOwn: false }]);
    await watching.close();
  });

  test('may be lost, which is told, and is nothing any more when nobody watches', async () => {
    const { watching, tell, quiet } = watched({ a: 1 });
    const watcher = await watching.watch({ prefix: 'elsewhere/' });
    tell({ type: 'unknown' });
    quiet.mockRejectedValueOnce(new Error('odd'));
    tell(appeared('a'), { type: 'errored' });
    expect(await take(watcher, 1)).toEqual([{ type: 'lost' }]);
    await watcher.close();
    quiet.mockClear();
    tell(appeared('a'));
    await Promise.resolve();
    expect(quiet).not.toHaveBeenCalled();
    await watching.close();
  });
});

test('own changes are told where there is no channel to other tabs', async () => {
  vi.stubGlobal('BroadcastChannel', undefined);
  const { store, quiet } = watched({});
  const watching = openWatching({ store, observer: undefined, quiet });
  watching.publish({ type: 'put', key: 'a', etag: '0' });
  const watcher = await watching.watch({ prefix: 'a' });
  watching.publish({ type: 'put', key: 'b', etag: '1' });
  watching.publish({ type: 'put', key: 'a', etag: '1' });
  watching.publish({ type: 'put', key: 'a', etag: '1' });
  const own = { type: 'put', key: 'a', etag: '1', isOwn: true };
  expect(await take(watcher, 2)).toEqual([own, own]);
  await watching.close();
});

test('many keys are remembered for so long as room is kept for them', async () => {
  const { watching, tell } = watched({ a: 1 });
  const watcher = await watching.watch({ prefix: 'a' });
  watching.publish({ type: 'put', key: 'a', etag: '1-1' });
  for (let count = 0; count < 5000; count += 1)
    watching.publish({ type: 'delete', key: `b${count}` });
  tell(appeared('a'));
  expect(await take(watcher, 2)).toEqual([
    { type: 'put', key: 'a', etag: '1-1', isOwn: true },
    { type: 'put', key: 'a', etag: '1-1', isOwn: false },
  ]);
  await watching.close();
});
