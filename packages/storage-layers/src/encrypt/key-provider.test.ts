import { StorageError } from '@granary/storage-core/provider';
import { expect, test, vi } from 'vitest';
import { type KeyProvider, keyChain, keyRing, singleKey } from './key-provider.ts';

const newKey = () => crypto.getRandomValues(new Uint8Array(32));

test('a ring forgets keys that it found when there are many, and finds them again', async () => {
  const keys = new Map(Array.from({ length: 70 }, (_, at) => [`k${at}`, newKey()]));
  const find = vi.fn((id: string) => keys.get(id));
  let current = 'k0';
  const ring = keyRing({ current: () => current, find });
  const wrapped = [];
  for (const id of keys.keys()) {
    current = id;
    wrapped.push(await ring.wrap(newKey(), {}));
  }
  expect(find).toHaveBeenCalledTimes(70);
  const [first] = wrapped;
  if (first === undefined) throw new Error('Nothing was wrapped.');
  expect(await ring.unwrap(first, {})).toHaveLength(32);
  expect(find).toHaveBeenCalledTimes(71);
});

test('a chain goes on where a key is not there, and stops at any other trouble', async () => {
  const wrapped = await singleKey(newKey()).wrap(newKey(), {});
  const failing: KeyProvider = {
    wrap: async () => wrapped,
    unwrap: async () => {
      throw new StorageError('unavailable', 'the key service does not answer.');
    },
    isCurrent: () => true,
  };
  const chain = keyChain(singleKey(newKey()), singleKey(newKey()));
  await expect(chain.unwrap(wrapped, {})).rejects.toMatchObject({ code: 'permission-denied' });
  const broken = keyChain(failing, singleKey(newKey()));
  await expect(broken.unwrap(wrapped, {})).rejects.toMatchObject({ code: 'unavailable' });
});

test('a key that cannot do both is refused', async () => {
  const { subtle } = crypto;
  const raw = newKey();
  const one = await subtle.importKey('raw', raw, 'AES-GCM', false, ['encrypt']);
  const short = await subtle.importKey('raw', raw.slice(0, 16), 'AES-GCM', false, ['encrypt']);
  for (const key of [one, short, {} as CryptoKey]) {
    expect(() => singleKey(key)).toThrow(expect.objectContaining({ code: 'invalid-config' }));
  }
  expect(() => keyRing({ current: 'x'.repeat(64), keys: {} })).toThrow('63 bytes');
  expect(() => keyRing({ current: 'a', keys: { b: raw } })).toThrow('not among the keys');
});
