import { toBody as bodyOf } from '@granary/storage-core/provider';
import { describe, expect, test, vi } from 'vitest';
import {
  bytesOf,
  dexieOf,
  fakeProfile,
  isSame,
  keysOf,
  MIB,
  put,
  rowCounts,
  streamOf,
} from '../test/fake.ts';
import { type FakeDirectory, fakeDirectory } from '../test/fake-directory.ts';
import { openFileSink } from './idb-file-sink.ts';
import { directoryOf } from './idb-folder.ts';
import type { LargeObjectNotice } from './idb-large.ts';
import type { IndexedDBOptions } from './idb-provider.ts';

function openWith(disk: FakeDirectory, options: IndexedDBOptions = {}) {
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
    const disk = fakeDirectory({ kind: 'none' });
    const { provider, notices } = openWith(disk);
    await put(provider, 'a', BIG);
    expect(notices).toMatchObject([{ code: 'no-file-access' }]);
    expect(disk.files.size).toBe(0);
    expect(isSame(await bytesAt(provider, 'a'), BIG)).toBe(true);
    expect(await rowCounts(provider)).toMatchObject({ chunks: 3, writes: 0 });
  });

  test('are written through synchronous handles where there is nothing else', async () => {
    const disk = fakeDirectory({ kind: 'sync' });
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

  test.each([
    ['bytes', () => BIG],
    ['a Blob', () => new Blob([BIG])],
  ] as const)(
    'of %s get the room of what has expired, and then of what may go',
    async (_, content) => {
      const disk = fakeDirectory({ capacityBytes: 10 * MIB });
      const asked: unknown[] = [];
      const { provider } = openWith(disk, {
        evictable: ({ key }) => key.startsWith('cache/'),
        onQuota: ({ key, neededBytes }) => void asked.push({ key, neededBytes }),
      });
      await provider.put('old', bodyOf(BIG), { expiresAt: new Date(Date.now() + 1) });
      await put(provider, 'cache/a', BIG);
      await put(provider, 'kept', BIG);
      await new Promise((resolve) => setTimeout(resolve, 2));
      await provider.put('new', bodyOf(content()), {});
      await expect(provider.stat('old', {})).rejects.toMatchObject({ code: 'not-found' });
      await provider.stat('cache/a', {});
      await provider.put('newer', bodyOf(content()), {});
      await expect(provider.stat('cache/a', {})).rejects.toMatchObject({ code: 'not-found' });
      expect(asked).toEqual([]);
      await expect(provider.put('newest', bodyOf(content()), {})).rejects.toMatchObject({
        code: 'quota-exceeded',
        outcome: 'not-applied',
        key: 'newest',
      });
      expect(asked).toEqual([{ key: 'newest', neededBytes: 3 * MIB }]);
      for (const key of ['kept', 'new', 'newer']) {
        expect(isSame(await bytesAt(provider, key), BIG)).toBe(true);
      }
      expect(disk.files.size).toBe(3);
      expect(await rowCounts(provider)).toMatchObject({ infos: 3, chunks: 0, writes: 0 });
    },
  );

  test('of a stream that find no room have it made for the next time', async () => {
    const disk = fakeDirectory({ capacityBytes: 10 * MIB });
    const asked: unknown[] = [];
    const { provider } = openWith(disk, {
      evictable: ({ key }) => key.startsWith('cache/'),
      async onQuota({ key, neededBytes, cleanup }) {
        asked.push({ key, neededBytes });
        await cleanup((item) => item.key === 'chosen');
      },
    });
    for (const key of ['cache/a', 'chosen', 'kept']) await put(provider, key, BIG);
    const again = { code: 'quota-exceeded', hint: expect.stringContaining('Send it again') };
    await expect(put(provider, 'new', streamOf(BIG))).rejects.toMatchObject(again);
    expect([...(await keysOf(provider))]).toEqual(['chosen', 'kept']);
    await put(provider, 'new', streamOf(BIG));
    expect(asked).toEqual([]);
    const sized = bodyOf(streamOf(BIG), { size: BIG.byteLength });
    await expect(provider.put('newer', sized, {})).rejects.toMatchObject(again);
    expect(asked).toEqual([{ key: 'newer', neededBytes: 3 * MIB }]);
    await put(provider, 'newer', streamOf(BIG));
    expect([...(await keysOf(provider))]).toEqual(['kept', 'new', 'newer']);
    expect(disk.files.size).toBe(3);
  });

  test('of a stream that begins after room was made for its row are written', async () => {
    const disk = fakeDirectory();
    const { provider } = openWith(disk, { evictable: ({ key }) => key === 'cache' });
    await put(provider, 'cache', 'x');
    const writes = Object.getPrototypeOf(dexieOf(provider).table('writes'));
    const full = vi.spyOn(writes, 'put').mockImplementationOnce(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    await put(provider, 'new', streamOf(BIG));
    full.mockRestore();
    expect(await keysOf(provider)).toEqual(['new']);
    expect(disk.files.size).toBe(1);
  });

  test('that lie in another directory are not lost, and are there again with theirs', async () => {
    const [old, young] = [fakeDirectory(), fakeDirectory()];
    const { provider, profile } = openWith(old);
    await put(provider, 'a', BIG);
    const largeObjects = { directory: young.directory, fromBytes: 2 * MIB };
    const next = profile.open({ largeObjects });
    for (let round = 0; round < 2; round += 1) {
      await expect(bytesAt(next, 'a')).rejects.toMatchObject({
        code: 'unavailable',
        retryable: false,
        hint: expect.stringContaining('Nothing is lost'),
      });
      const object = await next.get('a', {});
      const streamed = new Response(object.stream()).arrayBuffer();
      await expect(streamed).rejects.toMatchObject({ code: 'unavailable' });
      await put(next, 'b', BIG);
    }
    await next.copy?.('a', 'copy', {});
    expect(isSame(await bytesAt(provider, 'copy'), BIG)).toBe(true);
    await expect(bytesAt(provider, 'b')).rejects.toMatchObject({ code: 'unavailable' });
    old.files.clear();
    await expect(bytesAt(provider, 'a')).rejects.toMatchObject({ code: 'corrupted' });
    expect([old.marks.size, young.marks.size]).toEqual([1, 1]);
  });

  test('of which nobody noted the folder are read, and never called corrupted', async () => {
    const disk = fakeDirectory();
    const { provider } = openWith(disk);
    await put(provider, 'a', BIG);
    const infos = dexieOf(provider).table('infos');
    const [row] = await infos.toArray();
    await infos.put({ ...row, body: { in: 'file', id: row.body.id } });
    expect(isSame(await bytesAt(provider, 'a'), BIG)).toBe(true);
    disk.files.clear();
    await expect(bytesAt(provider, 'a')).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('are found in a folder that two tabs have marked', async () => {
    const disk = fakeDirectory();
    const { provider, open } = openWith(disk);
    const other = open();
    await Promise.all([put(provider, 'a', BIG), put(other, 'b', BIG)]);
    for (const key of ['a', 'b']) expect(isSame(await bytesAt(provider, key), BIG)).toBe(true);
    disk.files.clear();
    for (const key of ['a', 'b']) {
      await expect(bytesAt(provider, key)).rejects.toMatchObject({ code: 'corrupted' });
    }
  });
});

test('directoryOf gives the folder that was chosen under an id', async () => {
  const disk = fakeDirectory();
  const handle = await disk.directory();
  const list = async () => [{ handleId: 'library', handle }];
  expect(await directoryOf('library', list)()).toBe(handle);
  await expect(directoryOf('photos', list)()).rejects.toMatchObject({ code: 'store-not-found' });
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
