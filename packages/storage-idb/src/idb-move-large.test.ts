import type { StorageProvider } from '@granary/storage-core/provider';
import { toBody } from '@granary/storage-core/provider';
import { describe, expect, test } from 'vitest';
import {
  bytesOf,
  dexieOf,
  fakeProfile,
  isSame,
  keysOf,
  MIB,
  put,
  rowCounts,
} from '../test/fake.ts';
import { type FakeDirectory, fakeDirectory } from '../test/fake-directory.ts';
import type { MoveLargeObjectsOptions, MoveLargeProgress } from './idb-move-large.ts';
import type { IndexedDBNative } from './idb-provider.ts';

const BIG = bytesOf(3 * MIB);

function move(provider: StorageProvider, options?: MoveLargeObjectsOptions) {
  return (provider.native as IndexedDBNative).moveLargeObjects(options);
}

async function bytesAt(provider: StorageProvider, key: string): Promise<Uint8Array> {
  return await (await provider.get(key, {})).bytes();
}

/** A store with two large objects, of which one has a copy, and a small one. */
async function filled(disk: FakeDirectory | undefined) {
  const profile = fakeProfile();
  const open = (to: FakeDirectory | undefined) =>
    profile.open(to && { largeObjects: { directory: to.directory, fromBytes: 2 * MIB } });
  const provider = open(disk);
  const etags = [
    await put(provider, 'a', BIG),
    await put(provider, 'b', bytesOf(4 * MIB, 1)),
    await put(provider, 'small', bytesOf(1.5 * MIB)),
  ];
  await provider.copy?.('a', 'copy', {});
  return { open, provider, etags };
}

async function expectWhole(provider: StorageProvider): Promise<void> {
  for (const key of ['a', 'copy']) expect(isSame(await bytesAt(provider, key), BIG)).toBe(true);
  expect(isSame(await bytesAt(provider, 'b'), bytesOf(4 * MIB, 1))).toBe(true);
  expect(isSame(await bytesAt(provider, 'small'), bytesOf(1.5 * MIB))).toBe(true);
}

describe('moveLargeObjects', () => {
  test('brings files from another directory, with progress, and keeps etags', async () => {
    const [old, young] = [fakeDirectory(), fakeDirectory()];
    const { open, etags } = await filled(old);
    const provider = open(young);
    const told: MoveLargeProgress[] = [];
    const moved = await move(provider, {
      from: old.directory,
      onProgress: (progress) => void told.push(progress),
    });
    expect(moved).toEqual({ movedObjects: 2, movedBytes: 7 * MIB, left: [] });
    const total = { totalObjects: 2, totalBytes: 7 * MIB };
    expect(told).toEqual([
      { key: expect.any(String), movedObjects: 1, movedBytes: expect.any(Number), ...total },
      { key: expect.any(String), movedObjects: 2, movedBytes: 7 * MIB, ...total },
    ]);
    await expectWhole(provider);
    expect([old.files.size, young.files.size]).toEqual([0, 2]);
    expect(await rowCounts(provider)).toMatchObject({ infos: 4, chunks: 2, writes: 0 });
    const infos = await Promise.all(['a', 'b', 'small'].map((key) => provider.stat(key, {})));
    expect(infos.map(({ etag }) => etag)).toEqual(etags);

    expect(await move(provider, { from: old.directory })).toMatchObject({ movedObjects: 0 });
    await provider.delete('a', {});
    await provider.delete('b', {});
    await expect(bytesAt(provider, 'copy')).resolves.toHaveLength(3 * MIB);
    await provider.delete('copy', {});
    expect(young.files.size).toBe(0);
  });

  test('brings content out of the database into a directory, and back', async () => {
    const disk = fakeDirectory();
    const { open } = await filled(undefined);
    const inFiles = open(disk);
    expect(await move(inFiles)).toMatchObject({ movedObjects: 2, movedBytes: 7 * MIB });
    await expectWhole(inFiles);
    expect(await rowCounts(inFiles)).toMatchObject({ chunks: 2, writes: 0 });
    expect(disk.files.size).toBe(2);

    const inDatabase = open(undefined);
    const stays = await move(inDatabase);
    expect(stays.left.map(({ error }) => error.code)).toEqual(['unavailable', 'unavailable']);
    expect(await move(inDatabase, { from: disk.directory })).toMatchObject({ movedObjects: 2 });
    await expectWhole(inDatabase);
    expect(disk.files.size).toBe(0);
    expect(await rowCounts(inDatabase)).toMatchObject({ chunks: 9, writes: 0 });
  });

  test('goes on after it was stopped or killed, and removes what that left', async () => {
    const [old, young] = [fakeDirectory(), fakeDirectory()];
    const { open } = await filled(old);
    const provider = open(young);
    const stop = new AbortController();
    const stopped = move(provider, {
      from: old.directory,
      onProgress: () => stop.abort(),
      signal: stop.signal,
    });
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    await expect(bytesAt(provider, 'small')).resolves.toHaveLength(1.5 * MIB);
    expect([old.files.size, young.files.size]).toEqual([1, 1]);
    // A kill after the commit leaves an old copy; one before it leaves half a new one.
    old.files.set('an-old-copy', new Uint8Array(3));
    young.files.set('half-a-copy', new Uint8Array(3));
    expect(await move(open(young), { from: old.directory })).toMatchObject({ movedObjects: 1 });
    const next = open(young);
    await expectWhole(next);
    await next.close?.();
    expect([old.files.size, young.files.size]).toEqual([0, 2]);
  });

  test('leaves what it cannot read whole, and says why', async () => {
    const [old, young] = [fakeDirectory(), fakeDirectory()];
    const { open, provider } = await filled(old);
    const summed = await provider.put('summed', toBody(BIG), { checksum: 'sha256' });
    const rows = await dexieOf(provider).table('infos').toArray();
    const idOf = (place: string): string => rows.find((row) => row.place === place).body.id;
    old.files.set(idOf('summed'), bytesOf(3 * MIB, 9));
    old.files.set(idOf('b'), bytesOf(2));
    const kept = old.files.get(idOf('a')) ?? expect.unreachable();
    old.files.delete(idOf('a'));
    const next = open(young);
    const { left, ...moved } = await move(next, { from: old.directory });
    expect(moved).toEqual({ movedObjects: 0, movedBytes: 0 });
    const codes = left.map(({ key, error }) => [key, error.code, error.key]);
    expect(codes).toContainEqual(['summed', 'corrupted', 'summed']);
    expect(codes).toContainEqual(['b', 'corrupted', 'b']);
    expect(codes.filter(([, code]) => code === 'unavailable')).toHaveLength(1);
    expect(young.files.size).toBe(0);
    expect(old.files.size).toBe(2);
    expect(await next.stat('summed', {})).toMatchObject({ etag: summed.etag });

    old.files.set(idOf('a'), kept);
    old.files.set(idOf('summed'), BIG);
    old.files.set(idOf('b'), bytesOf(4 * MIB, 1));
    expect(await move(next, { from: old.directory })).toMatchObject({ movedObjects: 3, left: [] });
    await expectWhole(next);
  });

  test('stops when it may not write, and nothing is changed', async () => {
    const [old, young] = [fakeDirectory(), fakeDirectory()];
    const { open, provider: before } = await filled(old);
    const provider = open(young);
    young.setPermission('prompt');
    const denied = { code: 'permission-denied', provider: 'idb', operation: 'moveLargeObjects' };
    await expect(move(provider, { from: old.directory })).rejects.toMatchObject(denied);
    young.setPermission(undefined);
    old.setPermission('prompt');
    await expect(move(provider, { from: old.directory })).rejects.toMatchObject(denied);
    old.setPermission(undefined);
    young.failing.set('createFile', 'NotAllowedError');
    await expect(move(provider, { from: old.directory })).rejects.toMatchObject(denied);
    young.failing.clear();
    young.failing.set('quota', 'QuotaExceededError');
    await expect(move(provider, { from: old.directory })).rejects.toMatchObject({
      code: 'quota-exceeded',
    });
    await expectWhole(before);
    young.failing.clear();
    old.failing.set('remove', 'NotAllowedError');
    await expect(move(provider, { from: old.directory })).rejects.toMatchObject(denied);
    await expectWhole(provider);
    old.failing.clear();
    await move(provider, { from: old.directory });
    expect([old.files.size, young.files.size]).toEqual([0, 2]);
  });

  test('keeps the old copy when the new one is not the same', async () => {
    const [old, young] = [fakeDirectory(), fakeDirectory()];
    const { open, provider: before } = await filled(old);
    const provider = open(young);
    for (const spoil of [
      (id: string) => young.files.set(id, bytesOf(3 * MIB, 5)),
      (id: string) => young.files.delete(id),
    ]) {
      young.onClosed = spoil;
      await expect(move(provider, { from: old.directory })).rejects.toMatchObject({
        code: 'unavailable',
        outcome: 'not-applied',
      });
      young.onClosed = undefined;
      await expectWhole(before);
      expect(young.files.size).toBe(0);
      expect((await rowCounts(provider)).writes).toBe(0);
    }
  });

  test('takes what others write, rename and delete meanwhile as it is', async () => {
    const [old, young] = [fakeDirectory(), fakeDirectory()];
    const { open, provider: other } = await filled(old);
    const provider = open(young);
    const changes = [
      () => other.delete('copy', {}),
      () => other.delete('a', {}),
      () => other.move?.('b', 'renamed', {}),
    ];
    young.onClosed = async () => {
      young.onClosed = undefined;
      for (const change of changes) await change();
    };
    const moved = await move(provider, { from: old.directory });
    expect(moved).toMatchObject({ left: [] });
    expect(await keysOf(provider)).toEqual(['renamed', 'small']);
    expect(isSame(await bytesAt(provider, 'renamed'), bytesOf(4 * MIB, 1))).toBe(true);
    expect([old.files.size, young.files.size]).toEqual([0, 1]);
    expect((await rowCounts(provider)).writes).toBe(0);
  });

  test('may run in two tabs at once', async () => {
    const [old, young] = [fakeDirectory(), fakeDirectory()];
    const { open } = await filled(old);
    const tabs = [open(young), open(young)];
    const results = await Promise.all(tabs.map((tab) => move(tab, { from: old.directory })));
    expect(results.map(({ left }) => left)).toEqual([[], []]);
    for (const tab of tabs) await expectWhole(tab);
    expect([old.files.size, young.files.size]).toEqual([0, 2]);
  });
});
