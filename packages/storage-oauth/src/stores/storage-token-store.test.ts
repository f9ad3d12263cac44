import { createStorage } from '@granary/storage-core';
import { describe, expect, test } from 'vitest';
import { fakeClock } from '../../test/fake-clock.ts';
import { memoryProvider } from '../../test/memory-provider.ts';
import { storageTokenStore } from './storage-token-store.ts';
import { toTokenStore } from './to-token-store.ts';

const ANN = { space: 'google/1234.apps', account: 'Ann Ä' };
const COMPARES = { encrypt: true, replaceIfMatch: true };
const CREATES = { encrypt: true, createIfAbsent: true };

describe.each([COMPARES, CREATES])('tokens in a storage with %j', (capabilities) => {
  test('are written, replaced when nothing else did, listed and removed', async () => {
    const objects = new Map();
    const store = toTokenStore(memoryProvider(capabilities, objects));
    expect([store.place, store.isShared]).toEqual(['the storage', true]);
    expect(await store.read(ANN)).toBeUndefined();
    expect(await store.swap(ANN, 'one', 'two')).toBe(false);
    await store.write(ANN, 'one');
    expect(await store.swap(ANN, 'other', 'two')).toBe(false);
    expect(await store.swap(ANN, 'one', 'two')).toBe(true);
    expect(await store.read(ANN)).toBe('two');
    expect([...objects.keys()]).toEqual(['oauth/google%2F1234%2Eapps/%41nn%20%C3%84.json']);
    await store.write({ ...ANN, account: '..' }, 'x');
    expect((await store.list(ANN.space)).toSorted()).toEqual(['..', 'Ann Ä']);
    expect(await store.list('google/1234')).toEqual([]);
    await store.remove(ANN);
    expect(await store.read(ANN)).toBeUndefined();
  });

  test('are replaced by one of two at once', async () => {
    const store = storageTokenStore(createStorage(memoryProvider(capabilities)));
    await store.write(ANN, 'one');
    const swaps = ['a', 'b', 'c'].map((text) => store.swap(ANN, 'one', text));
    expect((await Promise.all(swaps)).filter(Boolean)).toHaveLength(1);
  });
});

test('what a program left locked is taken over after a while', async () => {
  const clock = fakeClock();
  const objects = new Map();
  const provider = memoryProvider(CREATES, objects);
  const store = storageTokenStore(provider, clock);
  await store.write(ANN, 'one');
  const [key = ''] = objects.keys();
  const engine = createStorage(provider);
  await engine.put(`${key}.lock`, `${clock.now()} of a process that died`);
  expect(await store.swap(ANN, 'one', 'two')).toBe(true);
  expect(clock.sleeps.length).toBeGreaterThan(100);
  expect([...objects.keys()]).toEqual([key]);
});

test('a lock that is always held ends in an error', async () => {
  const clock = fakeClock();
  const objects = new Map();
  const provider = memoryProvider(CREATES, objects);
  const store = storageTokenStore(provider, clock);
  await store.write(ANN, 'one');
  const [key = ''] = objects.keys();
  await createStorage(provider).put(`${key}.lock`, `${clock.now() + 3_600_000} of the future`);
  await expect(store.swap(ANN, 'one', 'two')).rejects.toMatchObject({ code: 'conflict' });
});

test('a storage that does not encrypt is used only when that is said', async () => {
  const plain = memoryProvider({ replaceIfMatch: true });
  for (const store of [plain, { storage: plain, allowPlain: false }, createStorage(plain)]) {
    await expect(toTokenStore(store).read(ANN)).rejects.toMatchObject({
      code: 'invalid-config',
      hint: expect.stringContaining('allowPlain'),
    });
  }
  const allowed = toTokenStore({ storage: plain, allowPlain: true });
  await allowed.write(ANN, 'one');
  expect(await allowed.swap(ANN, 'one', 'two')).toBe(true);
});

test('a storage without any guarded write is refused', async () => {
  const store = storageTokenStore(memoryProvider({ encrypt: true }));
  await expect(store.write(ANN, 'one')).rejects.toMatchObject({ code: 'invalid-config' });
  await expect(store.list(ANN.space)).rejects.toMatchObject({ code: 'invalid-config' });
});

test('what the storage itself fails with is not hidden', async () => {
  const provider = memoryProvider({ encrypt: true, replaceIfMatch: true, createIfAbsent: true });
  const broken = { ...provider, get: () => Promise.reject(new Error('disk')) };
  await expect(storageTokenStore(broken).read(ANN)).rejects.toMatchObject({ code: 'unknown' });
  const full = { ...memoryProvider(CREATES), put: () => Promise.reject(new Error('full')) };
  await expect(storageTokenStore(full).swap(ANN, 'a', 'b')).rejects.toMatchObject({
    code: 'unknown',
  });
  const objects = new Map();
  const store = storageTokenStore(memoryProvider(COMPARES, objects));
  await store.write(ANN, 'one');
  const full2 = {
    ...memoryProvider(COMPARES, objects),
    put: () => Promise.reject(new Error('full')),
  };
  await expect(storageTokenStore(full2).swap(ANN, 'one', 'b')).rejects.toMatchObject({
    code: 'unknown',
  });
  const raced = { ...full2, put: memoryProvider(COMPARES).put };
  expect(await storageTokenStore(raced).swap(ANN, 'one', 'b')).toBe(false);
});
