import { describe, expect, test, vi } from 'vitest';
import { openLocks } from './opfs-locks.ts';
import { openTemps, type TempsSettings } from './opfs-temp.ts';
import { openWriters } from './opfs-writers.ts';

const DAY_MS = 24 * 3_600_000;

/** A folder of files in memory, written by streams; `clock` is the time that a file gets. */
function fakeFolder(clock: () => number) {
  const files = new Map<string, { bytes: number[]; lastModified: number }>();
  const handleOf = (name: string) => ({
    kind: 'file' as const,
    async getFile() {
      const file = files.get(name);
      if (file === undefined) throw new DOMException('', 'NotFoundError');
      const { bytes, lastModified } = file;
      return Object.assign(new Blob([Uint8Array.from(bytes)]), { lastModified });
    },
    async createWritable({ keepExistingData = false } = {}) {
      const bytes = keepExistingData ? [...(files.get(name)?.bytes ?? [])] : [];
      return {
        async write({ position, data }: { position: number; data: Uint8Array }) {
          bytes.splice(position, data.byteLength, ...data);
        },
        async truncate(size: number) {
          bytes.length = size;
        },
        async close() {
          files.set(name, { bytes, lastModified: clock() });
        },
        abort: async () => {},
      };
    },
  });
  const folder = {
    async getFileHandle(name: string, { create = false } = {}) {
      if (!files.has(name)) {
        if (!create) throw new DOMException('', 'NotFoundError');
        files.set(name, { bytes: [], lastModified: clock() });
      }
      return handleOf(name);
    },
    removeEntry: vi.fn(async (name: string) => {
      if (!files.delete(name)) throw new DOMException('', 'NotFoundError');
    }),
    async *entries() {
      for (const name of [...files.keys()]) yield [name, handleOf(name)];
    },
  };
  return {
    files,
    removeEntry: folder.removeEntry,
    folder: folder as unknown as FileSystemDirectoryHandle,
  };
}

function temps(clock: () => number, changes: Partial<TempsSettings> = {}) {
  const { files, folder, removeEntry } = fakeFolder(clock);
  const writers = openWriters({
    ...{ hasSyncHandles: false, hasWritables: true, worker: false, isUserFolder: false },
  });
  const opened = openTemps({
    ...{ locks: openLocks(undefined), writers, isUserFolder: false, now: clock },
    folder: async () => folder,
    folderIfThere: async () => folder,
    ...changes,
  });
  return { files, opened, removeEntry };
}

/** A clock that goes on when it is looked at. */
function ticking(start: number) {
  let time = start;
  return () => {
    time += 1;
    return time;
  };
}

describe('a file without a name yet', () => {
  test('gets a later time than the one before it, empty or not', async () => {
    const { opened } = temps(ticking(100));
    for (const bytes of [new Uint8Array(0), Uint8Array.of(1, 2, 3)]) {
      const temp = await opened.create(undefined);
      await temp.append(bytes);
      const file = await temp.finish(150, true);
      expect(file.lastModified).toBeGreaterThan(150);
      expect(new Uint8Array(await file.arrayBuffer())).toEqual(bytes);
      await temp.discard();
    }
  });

  test('does not wait for a time of another clock', async () => {
    const { opened } = temps(ticking(100));
    const temp = await opened.create(1);
    expect((await temp.finish(100 + DAY_MS, false)).lastModified).toBeLessThan(200);
    await expect(temp.append(new Uint8Array(1))).rejects.toThrow('was closed');
  });

  test('is given up when others changed it', async () => {
    const { files, opened } = temps(ticking(100));
    const temp = await opened.create(1);
    await temp.append(Uint8Array.of(1));
    vi.spyOn(files, 'get').mockReturnValue({ bytes: [1, 2], lastModified: 1 });
    await expect(temp.finish(undefined, false)).rejects.toMatchObject({
      code: 'conflict',
      outcome: 'not-applied',
    });
  });

  test('is removed when it cannot be opened', async () => {
    const choose = async () => () => Promise.reject(new DOMException('', 'QuotaExceededError'));
    const { files, opened } = temps(() => 100, { writers: { choose, stop: () => {} } });
    await expect(opened.create(1)).rejects.toMatchObject({ name: 'QuotaExceededError' });
    expect([...files.keys()]).toEqual([]);
    opened.close();
  });
});

describe('files of writers that are gone', () => {
  const left = `${crypto.randomUUID()}.1`;

  test('are removed, and those of this writer are not', async () => {
    const { files, opened } = temps(() => 100 + DAY_MS);
    await opened.create(1);
    files.set(left, { bytes: [], lastModified: 1 }).set('stray', { bytes: [], lastModified: 1 });
    expect(await opened.sweep()).toBe(2);
    expect(files.size).toBe(1);
    opened.close();
  });

  test('stay while they may be in use, or cannot be looked at or removed', async () => {
    const { files, opened, removeEntry } = temps(() => DAY_MS);
    files.set(left, { bytes: [], lastModified: 1 });
    expect(await opened.sweep()).toBe(0);
    files.set(left, { bytes: [], lastModified: 0 });
    removeEntry.mockRejectedValueOnce(new DOMException('', 'NoModificationAllowedError'));
    expect(await opened.sweep()).toBe(0);
    vi.spyOn(files, 'get').mockReturnValueOnce(undefined);
    expect(await opened.sweep()).toBe(0);
    expect(await opened.sweep()).toBe(1);
    opened.close();
  });

  test('are none where there is no folder', async () => {
    const { opened } = temps(() => 1, { folderIfThere: async () => undefined });
    expect(await opened.sweep()).toBe(0);
  });
});
