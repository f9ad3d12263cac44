import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { createVault, type ElectronDriverOptions, electronDriver } from '../src/node.ts';
import { fakeSafeStorage } from './fake-safe-storage.ts';
import { temporaryFolder } from './temporary-folder.ts';
import { describeVault } from './vault-conformance.ts';

for (const version of [38, 46] as const) {
  describeVault(`safeStorage of Electron ${version}`, async () => {
    const folder = await mkdtemp(join(tmpdir(), 'granary-credentials-'));
    const file = join(folder, 'secrets.json');
    const { safeStorage } = fakeSafeStorage({ version });
    return {
      open: (options) =>
        createVault({
          driver: electronDriver({ safeStorage, file, platform: 'linux' }),
          ...options,
        }),
      raw: () => readFile(file, 'utf8'),
      close: () => rm(folder, { recursive: true }),
    };
  });
}

describe('safeStorage', () => {
  async function vaultOver(
    options: Partial<ElectronDriverOptions> & Pick<ElectronDriverOptions, 'safeStorage'>,
  ) {
    const file = join(await temporaryFolder(), 'secrets.json');
    return {
      file,
      vault: createVault({ driver: electronDriver({ file, platform: 'linux', ...options }) }),
    };
  }

  test.each([
    ['before the app is ready', { isReady: false }],
    ['where the system has no encryption', { isAvailable: false }],
    ['while the secret store is not chosen', { backend: 'unknown' }],
    ['where Linux has no secret store', { backend: 'basic_text' }],
    ['before the app is ready, version 38', { version: 38, isReady: false }],
  ] as const)('is unavailable %s', async (_, options) => {
    const { vault, file } = await vaultOver(fakeSafeStorage(options));
    await expect(vault.set('github', 'hunter2')).rejects.toMatchObject({ code: 'unavailable' });
    await expect(readFile(file)).rejects.toThrow('ENOENT');
  });

  test('goes on without a secret store only when told to, and says what that is worth', async () => {
    const { safeStorage } = fakeSafeStorage({ backend: 'basic_text' });
    const { vault } = await vaultOver({ safeStorage, allowBasicText: true });
    await vault.set('github', 'hunter2');
    const info = await vault.getInfo();
    expect(info.protectsAgainst).toEqual([]);
    expect(info.doesNotProtectAgainst[0]).toContain('fixed password');
  });

  test('encrypts anew what an older key has encrypted, with the next write', async () => {
    const { safeStorage, rotateKey, encryptions } = fakeSafeStorage();
    const { vault } = await vaultOver({ safeStorage });
    await vault.set('a', 'one');
    await vault.set('b', 'two');
    rotateKey();
    expect((await vault.get('a'))?.reveal()).toBe('one');
    const before = encryptions();
    await vault.set('c', 'three');
    expect(encryptions() - before).toBe(2);
    expect((await vault.get('a'))?.reveal()).toBe('one');
  });

  test('does not touch what it cannot decrypt', async () => {
    const { safeStorage, resetKeys } = fakeSafeStorage();
    const { vault, file } = await vaultOver({ safeStorage });
    await vault.set('github', 'hunter2');
    const before = await readFile(file, 'utf8');
    resetKeys();
    await expect(vault.get('github')).rejects.toMatchObject({ code: 'permission-denied' });
    await expect(vault.key('data')).resolves.toHaveLength(32);
    expect(await vault.list()).toEqual([{ service: 'github' }]);
    await vault.delete('github');
    expect(before).not.toBe(await readFile(file, 'utf8'));
    await writeFile(
      file,
      JSON.stringify({ format: 'granary-electron', version: 1, entries: { a: '***' } }),
    );
    await expect(vault.get('a')).rejects.toMatchObject({ code: 'permission-denied' });
  });

  test.each(['{', '{}', '"text"', '{"format":"granary-electron","version":2,"entries":{}}'])(
    'leaves a file alone that is not its own: %s',
    async (text) => {
      const { vault, file } = await vaultOver(fakeSafeStorage());
      await writeFile(file, text, { mode: 0o600 });
      await expect(vault.set('github', 'hunter2')).rejects.toMatchObject({ code: 'invalid-data' });
      expect(await readFile(file, 'utf8')).toBe(text);
    },
  );

  test('does not quote a secret that Electron quotes', async () => {
    const { safeStorage } = fakeSafeStorage();
    const failing = {
      ...safeStorage,
      encryptStringAsync: async (text: string) => {
        throw new Error(`cannot encrypt ${text}`);
      },
    };
    const { vault } = await vaultOver({ safeStorage: failing });
    const error = await vault.set('github', 'hunter2').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(String((error as Error).stack)).not.toContain('hunter2');
  });

  test('keeps its texts in another place, and takes one place only', async () => {
    let text: string | undefined;
    const storage = {
      read: async () => text,
      async write(next: string) {
        text = next;
      },
    };
    const { safeStorage } = fakeSafeStorage({ platform: 'darwin' });
    const vault = createVault({
      driver: electronDriver({ safeStorage, storage, platform: 'darwin' }),
    });
    await Promise.all([vault.set('a', '1'), vault.set('b', '2')]);
    expect((await vault.getInfo()).doesNotProtectAgainst.join()).not.toContain(
      'programs of the same',
    );
    expect(await vault.list()).toHaveLength(2);
    expect(text).not.toContain('"1"');
    for (const places of [{}, { storage, file: '/tmp/x' }]) {
      expect(() => electronDriver({ safeStorage, ...places })).toThrow(
        expect.objectContaining({ code: 'invalid-config' }),
      );
    }
  });
});
