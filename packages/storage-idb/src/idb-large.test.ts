import { toBody as bodyOf } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import {
  bytesOf,
  dexieOf,
  fakeProfile,
  isSame,
  MIB,
  put,
  rowCounts,
  streamOf,
} from '../test/fake.ts';
import { openFileSink } from './idb-file-sink.ts';
import type { LargeObjectNotice } from './idb-large.ts';
import type { IndexedDBOptions } from './idb-provider.ts';

type Failing = 'getDirectory' | 'getFile' | 'createFile' | 'read' | 'write' | 'remove' | 'quota';

/** A directory of files that a test can take away, as much of its handle as is used. */
function fakeDirectory(kind: 'streams' | 'sync' | 'none' = 'streams') {
  const files = new Map<string, Uint8Array<ArrayBuffer>>();
  const folders = new Set<string>();
  const failing = new Map<Failing, string>();
  let permission: PermissionState | undefined;

  function check(what: Failing): void {
    const name = failing.get(what);
    if (name !== undefined) throw new DOMException(what, name);
  }

  function append(name: string, bytes: Uint8Array): void {
    check('write');
    files.set(name, new Uint8Array(Buffer.concat([files.get(name) ?? new Uint8Array(), bytes])));
  }

  const writing = (name: string) => ({
    ...(kind === 'streams' && {
      async createWritable() {
        const pieces: Uint8Array[] = [];
        return {
          async write(bytes: Uint8Array) {
            check('write');
            check('quota');
            pieces.push(bytes.slice());
          },
          close: async () => append(name, Buffer.concat(pieces)),
          abort: async () => {},
        };
      },
    }),
    ...(kind === 'sync' && {
      createSyncAccessHandle: async () => ({
        write(bytes: Uint8Array) {
          const taken = failing.has('quota') ? bytes.subarray(0, 1) : bytes;
          append(name, taken);
          return taken.byteLength;
        },
        flush() {},
        close() {},
      }),
    }),
  });

  const folder = {
    async getFileHandle(name: string, { create = false } = {}) {
      check(create ? 'createFile' : 'getFile');
      if (create) files.set(name, new Uint8Array());
      if (!files.has(name)) throw new DOMException(name, 'NotFoundError');
      return {
        ...writing(name),
        async getFile() {
          check('read');
          return new File([files.get(name) ?? ''], name);
        },
      };
    },
    async removeEntry(name: string) {
      check('remove');
      if (!files.delete(name)) throw new DOMException(name, 'NotFoundError');
    },
    keys: async function* () {
      yield* [...files.keys()];
    },
  };

  const root = {
    async getDirectoryHandle(name: string) {
      folders.add(name);
      return folder;
    },
    queryPermission: async () => permission ?? 'granted',
  };
  return {
    files,
    folders,
    failing,
    setPermission(state: PermissionState | undefined) {
      permission = state;
    },
    async directory(): Promise<FileSystemDirectoryHandle> {
      check('getDirectory');
      return root as unknown as FileSystemDirectoryHandle;
    },
  };
}

function openWith(disk: ReturnType<typeof fakeDirectory>, options: IndexedDBOptions = {}) {
  const profile = fakeProfile();
  const notices: LargeObjectNotice[] = [];
  const largeObjects = {
    directory: disk.directory,
    fromBytes: 2 * MIB,
    onNotice: (notice: LargeObjectNotice) => void notices.push(notice),
  };
  const open = () => profile.open({ ...options, largeObjects });
  return { open, provider: open(), profile, notices };
}

const BIG = bytesOf(3 * MIB);

async function bytesAt(
  provider: ReturnType<typeof openWith>['provider'],
  key: string,
): Promise<Uint8Array> {
  return await (await provider.get(key, {})).bytes();
}

describe('large objects', () => {
  test('lie in a file of the store, smaller ones in the database', async () => {
    const disk = fakeDirectory();
    const { provider, notices } = openWith(disk);
    await put(provider, 'big', streamOf(BIG));
    await put(provider, 'middle', streamOf(bytesOf(1.5 * MIB)));
    expect(disk.files.size).toBe(1);
    expect([...disk.folders]).toEqual([`granary-idb-${provider.storeId}`]);
    expect(await rowCounts(provider)).toMatchObject({ infos: 2, chunks: 2, writes: 0 });
    expect(isSame(await bytesAt(provider, 'big'), BIG)).toBe(true);
    expect(isSame(await bytesAt(provider, 'middle'), bytesOf(1.5 * MIB))).toBe(true);

    const part = await provider.get('big', { range: { offset: 1_000_000, length: 1_500_000 } });
    const pieces: Uint8Array[] = [];
    for await (const piece of part.stream()) pieces.push(piece);
    expect(isSame(Buffer.concat(pieces), BIG.subarray(1_000_000, 2_500_000))).toBe(true);
    const left = await provider.get('big', {});
    const reader = left.stream().getReader();
    await reader.read();
    await reader.cancel();
    expect(notices).toEqual([]);
  });

  test('are replaced, shared by copies and deleted with their files', async () => {
    const disk = fakeDirectory();
    const { provider } = openWith(disk);
    await put(provider, 'big', BIG);
    const info = await provider.put('big', bodyOf(bytesOf(3 * MIB, 1)), { checksum: 'sha256' });
    expect(info.checksums?.['sha256']).toMatch(/^sha256-/);
    expect(disk.files.size).toBe(1);
    await provider.copy?.('big', 'copy', {});
    await provider.delete('big', {});
    expect(disk.files.size).toBe(1);
    expect(isSame(await bytesAt(provider, 'copy'), bytesOf(3 * MIB, 1))).toBe(true);
    await provider.delete('copy', {});
    expect(disk.files.size).toBe(0);
  });

  test('go to the database where the directory cannot be had, and that is told once', async () => {
    const disk = fakeDirectory();
    const { provider, notices } = openWith(disk);
    const troubles: readonly (readonly [() => void, string])[] = [
      [() => disk.failing.set('getDirectory', 'NotFoundError'), 'directory-unavailable'],
      [() => disk.setPermission('prompt'), 'permission-needed'],
      [() => disk.failing.set('createFile', 'NotAllowedError'), 'permission-needed'],
      [() => disk.failing.set('createFile', 'SecurityError'), 'permission-needed'],
    ];
    for (const [makeTrouble, code] of troubles) {
      notices.length = 0;
      disk.failing.clear();
      disk.setPermission(undefined);
      await put(provider, 'fine', BIG);
      expect(disk.files.size).toBe(1);
      makeTrouble();
      await put(provider, 'a', BIG);
      await put(provider, 'b', BIG);
      expect(notices).toMatchObject([{ code, message: expect.stringContaining('IndexedDB') }]);
      expect(isSame(await bytesAt(provider, 'a'), BIG)).toBe(true);
      expect(await rowCounts(provider)).toMatchObject({ chunks: 6 });
    }
  });

  test('go to the database where the browser cannot write files', async () => {
    const disk = fakeDirectory('none');
    const { provider, notices } = openWith(disk);
    await put(provider, 'a', BIG);
    expect(notices).toMatchObject([{ code: 'no-file-access' }]);
    expect(disk.files.size).toBe(0);
    expect(isSame(await bytesAt(provider, 'a'), BIG)).toBe(true);
    expect(await rowCounts(provider)).toMatchObject({ chunks: 3, writes: 0 });
  });

  test('are written through synchronous handles where there is nothing else', async () => {
    const disk = fakeDirectory('sync');
    const { provider } = openWith(disk);
    await put(provider, 'a', streamOf(BIG));
    expect(disk.files.size).toBe(1);
    expect(isSame(await bytesAt(provider, 'a'), BIG)).toBe(true);
    disk.failing.set('quota', 'QuotaExceededError');
    await expect(put(provider, 'a', streamOf(BIG))).rejects.toMatchObject({
      code: 'quota-exceeded',
      outcome: 'not-applied',
    });
    expect(disk.files.size).toBe(1);
  });

  test('leave the old object when their source or the disk fails', async () => {
    const disk = fakeDirectory();
    const { provider } = openWith(disk);
    await put(provider, 'a', BIG);
    const cause = new Error('the source broke');
    let given = 0;
    const failing = new ReadableStream<Uint8Array>({
      pull(controller) {
        given += 1;
        if (given > 5) controller.error(cause);
        else controller.enqueue(bytesOf(MIB));
      },
    });
    await expect(put(provider, 'a', failing)).rejects.toMatchObject({ cause });
    for (const [what, name, code] of [
      ['quota', 'QuotaExceededError', 'quota-exceeded'],
      ['write', 'NotAllowedError', 'permission-denied'],
      ['write', 'InvalidStateError', 'unavailable'],
    ] as const) {
      disk.failing.set(what, name);
      await expect(put(provider, 'a', streamOf(BIG))).rejects.toMatchObject({ code });
      disk.failing.clear();
    }
    const stop = new AbortController();
    const writing = provider.put('a', bodyOf(abortingStream(stop)), { signal: stop.signal });
    await expect(writing).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(() => disk.files.size).toBe(1);
    expect(isSame(await bytesAt(provider, 'a'), BIG)).toBe(true);
    await expect.poll(async () => (await rowCounts(provider)).writes).toBe(0);
  });

  test('fail to be read with what to do, and are there again with the directory', async () => {
    const disk = fakeDirectory();
    const { provider } = openWith(disk);
    await put(provider, 'a', BIG);
    disk.setPermission('prompt');
    await expect(bytesAt(provider, 'a')).rejects.toMatchObject({
      code: 'permission-denied',
      hint: expect.stringContaining('requestPermission'),
    });
    const { body } = await readStream(provider);
    await expect(body).rejects.toMatchObject({ code: 'permission-denied' });
    disk.setPermission(undefined);
    for (const what of ['getDirectory', 'read'] as const) {
      disk.failing.set(what, 'InvalidStateError');
      await expect(bytesAt(provider, 'a')).rejects.toMatchObject({ code: 'unavailable' });
      disk.failing.clear();
    }
    expect(isSame(await bytesAt(provider, 'a'), BIG)).toBe(true);

    const [name = ''] = disk.files.keys();
    const held = await provider.get('a', {});
    const streamed = await provider.get('a', {});
    await put(provider, 'a', 'small');
    expect(disk.files.has(name)).toBe(false);
    await expect(held.bytes()).rejects.toMatchObject({ code: 'conflict', retryable: true });
    await expect(new Response(streamed.stream()).arrayBuffer()).rejects.toMatchObject({
      code: 'conflict',
    });
    await put(provider, 'a', BIG);
    disk.files.clear();
    await expect(bytesAt(provider, 'a')).rejects.toMatchObject({ code: 'corrupted' });
  });

  test('whose file cannot be removed are deleted, and swept when it can', async () => {
    const disk = fakeDirectory();
    const { provider, open } = openWith(disk);
    await put(provider, 'a', BIG);
    disk.failing.set('remove', 'NoModificationAllowedError');
    await provider.delete('a', {});
    await expect(provider.stat('a', {})).rejects.toMatchObject({ code: 'not-found' });
    expect(disk.files.size).toBe(1);
    disk.failing.clear();
    await put(provider, 'kept', BIG);
    disk.files.set('left-by-a-killed-tab', new Uint8Array(1));
    await dexieOf(provider)
      .table('writes')
      .put({ id: 'being-written', in: 'file', writer: 'other', touchedAt: Date.now() });
    disk.files.set('being-written', new Uint8Array(1));
    const next = open();
    await next.stat('kept', {});
    await next.close?.();
    expect([...disk.files.keys()]).toContain('being-written');
    expect(disk.files.size).toBe(2);
    expect(isSame(await bytesAt(provider, 'kept'), BIG)).toBe(true);
  });

  test('say that they are alive while they are written slowly, and stop when they were swept', async () => {
    const disk = fakeDirectory();
    const profile = fakeProfile();
    let ahead = 0;
    const provider = profile.open(
      { largeObjects: { directory: disk.directory, fromBytes: 2 * MIB } },
      { now: () => Date.now() + ahead },
    );
    let given = 0;
    const seen: number[] = [];
    const slow = new ReadableStream<Uint8Array>({
      async pull(controller) {
        given += 1;
        ahead += 11_000;
        if (given > 3) {
          const rows = await dexieOf(provider).table('writes').toArray();
          seen.push(...rows.map(({ touchedAt }) => touchedAt));
        }
        if (given === 6) await dexieOf(provider).table('writes').clear();
        controller.enqueue(bytesOf(MIB));
      },
    });
    await expect(put(provider, 'a', slow)).rejects.toMatchObject({ code: 'conflict' });
    expect(new Set(seen).size).toBeGreaterThan(1);
    expect(disk.files.size).toBe(0);
  });

  test('are refused with a size that is none', () => {
    const disk = fakeDirectory();
    for (const fromBytes of [-1, 1.5, Number.NaN]) {
      const open = () =>
        fakeProfile().open({ largeObjects: { directory: disk.directory, fromBytes } });
      expect(open).toThrow(expect.objectContaining({ code: 'invalid-config' }));
    }
  });
});

test('a file sink closes its handle when it is aborted', async () => {
  const calls: string[] = [];
  const sink = await openFileSink({
    createSyncAccessHandle: async () => ({
      write: ({ byteLength }) => byteLength,
      flush: () => void calls.push('flush'),
      close: () => void calls.push('close'),
    }),
  });
  await sink?.write(new Uint8Array(3));
  await sink?.abort();
  expect(calls).toEqual(['close']);
});

function abortingStream(stop: AbortController): ReadableStream<Uint8Array> {
  let given = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      given += 1;
      if (given === 5) stop.abort();
      controller.enqueue(bytesOf(MIB));
    },
  });
}

async function readStream(
  provider: ReturnType<typeof openWith>['provider'],
): Promise<{ readonly body: Promise<ArrayBuffer> }> {
  const object = await provider.get('a', {});
  return { body: new Response(object.stream()).arrayBuffer() };
}
