import { StorageError } from '@granary/storage-core/provider';
import { expect, test, vi } from 'vitest';
import { type KeyVault, vaultKeys } from './vault-keys.ts';

/** A vault in memory. */
function vault(): KeyVault & { rotate(name: string): void; destroy(name: string): void } {
  const keys = new Map<string, Uint8Array[]>();
  const add = (name: string) => {
    const key = crypto.getRandomValues(new Uint8Array(32));
    keys.set(name, [...(keys.get(name) ?? []), key]);
    return key;
  };
  return {
    rotate: add,
    destroy: (name) => keys.delete(name),
    async key(name, version) {
      const held = keys.get(name) ?? [];
      const found = version === undefined ? (held.at(-1) ?? add(name)) : held[version - 1];
      if (found === undefined) throw new StorageError('not-found', 'no such version.');
      return found;
    },
    async keyVersions(name) {
      return (keys.get(name) ?? []).map((_, at) => ({ version: at + 1 })).reverse();
    },
  };
}

const fileKey = () => crypto.getRandomValues(new Uint8Array(32));

test('wraps under the current version, which is asked for once a minute', async () => {
  const from = vault();
  const asked = vi.spyOn(from, 'keyVersions');
  let now = 0;
  const keys = vaultKeys(from, 'a@b', () => now);
  const plain = fileKey();
  const first = await keys.wrap(plain, {});
  expect(first.keyId).toBe('a@b@1');
  from.rotate('a@b');
  const count = asked.mock.calls.length;
  now = 59_999;
  expect((await keys.wrap(fileKey(), {})).keyId).toBe('a@b@1');
  expect(asked).toHaveBeenCalledTimes(count);
  now = 60_000;
  expect((await keys.wrap(fileKey(), {})).keyId).toBe('a@b@2');
  expect(await keys.isCurrent(first)).toBe(false);
  expect(await keys.unwrap(first, {})).toEqual(plain);
});

test('has no key for other ids and versions, and makes none for them', async () => {
  const from = vault();
  const keys = vaultKeys(from, 'storage');
  for (const keyId of ['storage@1', 'storage', 'other@1']) {
    const unwrapping = keys.unwrap({ keyId, bytes: new Uint8Array(60) }, {});
    await expect(unwrapping).rejects.toMatchObject({ code: 'permission-denied' });
  }
  expect(await from.keyVersions('storage')).toEqual([]);
});

test('asks again after the vault failed', async () => {
  const from = vault();
  const keys = vaultKeys(from, 'storage');
  vi.spyOn(from, 'keyVersions').mockRejectedValueOnce(new Error('locked'));
  await expect(keys.wrap(fileKey(), {})).rejects.toThrow('locked');
  vi.spyOn(from, 'key').mockRejectedValueOnce(new Error('locked'));
  const unwrapping = keys.unwrap({ keyId: 'storage@1', bytes: new Uint8Array(60) }, {});
  await expect(unwrapping).rejects.toThrow('locked');
  expect((await keys.wrap(fileKey(), {})).keyId).toBe('storage@1');
});

test('writes nothing under a key for more than a minute after it was deleted', async () => {
  const from = vault();
  let now = 0;
  const keys = vaultKeys(from, 'storage', () => now);
  const before = await keys.wrap(fileKey(), {});
  from.destroy('storage');
  now = 60_000;
  const plain = fileKey();
  const after = await keys.wrap(plain, {});
  expect(after.keyId).toBe(before.keyId);
  expect(await vaultKeys(from, 'storage').unwrap(after, {})).toEqual(plain);
  await expect(keys.unwrap(before, {})).rejects.toMatchObject({ code: 'permission-denied' });
});

test('reads under a key that another process has made anew', async () => {
  const from = vault();
  const keys = vaultKeys(from, 'storage');
  await keys.wrap(fileKey(), {});
  from.destroy('storage');
  const plain = fileKey();
  const made = await vaultKeys(from, 'storage').wrap(plain, {});
  expect(await keys.unwrap(made, {})).toEqual(plain);
});
