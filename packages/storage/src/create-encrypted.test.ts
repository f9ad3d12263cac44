import { createVault, memoryDriver } from '@granary/storage-credentials';
import { createMemory } from '@granary/storage-memory';
import { expect, test, vi } from 'vitest';
import { encryptedCreator } from './create-encrypted.ts';

const ENCRYPTION = { algorithm: 'AES-256-GCM', keyDerivation: 'PBKDF2' } as const;

function platform() {
  const vault = createVault({ driver: memoryDriver() });
  const load = vi.fn(async () => vault);
  return { vault, load, createEncrypted: encryptedCreator(load) };
}

test('takes the key of the platform’s vault when none is given, and asks for it when it is needed', async () => {
  const { vault, load, createEncrypted } = platform();
  const underlying = createMemory();
  const storage = createEncrypted({ underlying, encryption: ENCRYPTION });
  expect(load).not.toHaveBeenCalled();
  await storage.save('secret', { pin: 4711 });
  await storage.save('other', 1);
  expect(load).toHaveBeenCalledTimes(1);
  expect(await vault.listKeys()).toEqual(['storage']);
  const stored = await (await underlying.get('secret')).bytes();
  expect(String.fromCharCode(...stored)).not.toContain('4711');
  await vault.rotateKey('storage');
  expect(await createEncrypted({ underlying }).load('secret')).toEqual({ pin: 4711 });
});

test('takes a vault and a name that are given', async () => {
  const { load, createEncrypted } = platform();
  const vault = createVault({ driver: memoryDriver() });
  const provider = createMemory.provider();
  const storage = createEncrypted.provider(provider, { vault, keyName: 'notes' });
  expect(storage.capabilities.encrypt).toBe(true);
  await createEncrypted({ underlying: provider, vault, keyName: 'notes' }).save('a', 1);
  expect(await vault.listKeys()).toEqual(['notes']);
  expect(load).not.toHaveBeenCalled();
});

test('leaves the vault alone when there is a key', async () => {
  const { load, createEncrypted } = platform();
  const storage = createEncrypted({ underlying: createMemory(), passphrase: 'correct horse' });
  await storage.save('a', 1);
  expect(await storage.load('a')).toBe(1);
  expect(load).not.toHaveBeenCalled();
});

test('asks for the vault again after it could not be opened', async () => {
  const { load, createEncrypted } = platform();
  load.mockRejectedValueOnce(new Error('no keychain'));
  const storage = createEncrypted({ underlying: createMemory() });
  await expect(storage.save('a', 1)).rejects.toMatchObject({ code: 'unavailable' });
  await storage.save('a', 1);
  expect(await storage.load('a')).toBe(1);
});

test('refuses a vault beside another key', () => {
  const { vault, createEncrypted } = platform();
  for (const place of [{ vault }, { keyName: 'notes' }]) {
    expect(() =>
      createEncrypted({ underlying: createMemory(), passphrase: 'correct horse', ...place }),
    ).toThrow(expect.objectContaining({ code: 'invalid-config' }));
  }
});
