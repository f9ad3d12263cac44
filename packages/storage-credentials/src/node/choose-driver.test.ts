import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fakeSafeStorage } from '../../test/fake-safe-storage.ts';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { memoryDriver } from '../memory-driver.ts';
import type { KeyringModule } from './keyring-driver.ts';
import type { KeytarModule } from './keytar-driver.ts';
import { createVault } from './node-vault.ts';
import { stateFolder, systemFacts } from './state-folder.ts';

const NO_KEYCHAIN = 'Platform failure: DBus error: Failed to connect to socket';

function keyringThat(answer: () => Promise<string | null>): KeyringModule {
  return {
    AsyncEntry: class {
      getPassword = answer;
      setPassword = async () => undefined;
      deletePassword = async () => false;
    },
    findCredentialsAsync: async () => [],
  };
}

const fails = (message: string) => async (): Promise<never> => {
  throw new Error(message);
};
const noKeyring = keyringThat(fails(NO_KEYCHAIN));
const noKeytar: KeytarModule = {
  getPassword: fails('Cannot autolaunch D-Bus without X11 $DISPLAY'),
  setPassword: fails(NO_KEYCHAIN),
  deletePassword: fails(NO_KEYCHAIN),
  findCredentials: fails(NO_KEYCHAIN),
};
const nothing = { keyring: noKeyring, keytar: noKeytar };
const { safeStorage } = fakeSafeStorage();

describe('a driver that is not named', () => {
  test('is the keychain first', async () => {
    const folder = await temporaryFolder();
    const keyring = keyringThat(async () => null);
    const vault = createVault({ folder, keyring, safeStorage, file: { passphrase: 'x' } });
    expect(await vault.getInfo()).toMatchObject({
      driver: 'keyring',
      reason: expect.stringContaining('Chosen first'),
    });
  });

  test('is keytar where only that is there', async () => {
    const keytar = { ...noKeytar, getPassword: async () => null };
    const folder = await temporaryFolder();
    const vault = createVault({ folder, keyring: noKeyring, keytar, keychainTimeoutMs: 1_000 });
    expect((await vault.getInfo()).driver).toBe('keytar');
  });

  test('is safeStorage without a keychain, and stays it', async () => {
    const folder = await temporaryFolder();
    const options = { folder, safeStorage, file: { passphrase: 'x' } };
    const vault = createVault({ ...options, ...nothing });
    await vault.set('github', 'hunter2');
    expect(await vault.getInfo()).toMatchObject({
      driver: 'electron',
      place: join(folder, 'granary.electron.json'),
    });
    const later = createVault({ ...options, keyring: keyringThat(async () => null) });
    expect((await later.get('github'))?.reveal()).toBe('hunter2');
    expect((await later.getInfo()).reason).toContain('since it was made');
    const other = createVault({ folder, ...nothing, file: { passphrase: 'x' } });
    await expect(other.get('github')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining("made with the driver 'electron'"),
    });
  });

  test('is the encrypted file last, and only where it was given', async () => {
    const folder = await temporaryFolder();
    await expect(createVault({ folder, ...nothing }).get('a')).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('file: { passphrase }'),
    });
    expect(await readdir(folder)).toEqual([]);
    const plain = fakeSafeStorage({ backend: 'basic_text' });
    const file = { passphrase: 'x', path: join(folder, 'mine.json') };
    const vault = createVault({ folder, ...nothing, safeStorage: plain.safeStorage, file });
    await vault.set('a', 'b');
    const info = await vault.getInfo();
    expect(info).toMatchObject({ driver: 'file', place: file.path });
    expect(info.reason).toContain('password that everybody knows');
  });

  test('is not another one when the keychain is away for a while', async () => {
    const folder = await temporaryFolder();
    const file = { passphrase: 'x' };
    await createVault({ folder, keyring: keyringThat(async () => null), file }).get('a');
    await expect(createVault({ folder, ...nothing, file }).get('a')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining("made with the driver 'keyring'"),
    });
  });

  test('has to be written down', async () => {
    const folder = join(await temporaryFolder(), 'file');
    await writeFile(folder, '');
    const keyring = keyringThat(async () => null);
    await expect(createVault({ folder, keyring }).get('a')).rejects.toMatchObject({
      name: 'StorageError',
    });
    const vaults = join(await temporaryFolder(), 'vaults');
    await mkdir(join(vaults, 'granary.driver.lock'), { recursive: true });
    await expect(createVault({ folder: vaults, keyring }).get('a')).rejects.toMatchObject({
      hint: expect.stringContaining('name the driver'),
    });
  });

  test('is no weaker one while the keychain is only locked', async () => {
    const folder = await temporaryFolder();
    const keyring = keyringThat(fails('unlock prompt was dismissed'));
    const vault = createVault({ folder, keyring, file: { passphrase: 'x' } });
    await expect(vault.get('a')).rejects.toMatchObject({ code: 'permission-denied' });
    expect(await readdir(folder)).toEqual([]);
  });
});

describe('a driver that is named', () => {
  test('is taken, or refused where its option is missing', async () => {
    const folder = await temporaryFolder();
    const vault = createVault({ folder, driver: 'file', file: { passphrase: 'x' }, name: 'a.b' });
    await vault.set('a', 'b');
    expect(await vault.getInfo()).toMatchObject({
      driver: 'file',
      place: join(folder, 'a.b.vault.json'),
      reason: 'The program names the encrypted file.',
    });
    for (const driver of ['file', 'electron'] as const) {
      expect(() => createVault({ folder, driver })).toThrow(
        expect.objectContaining({ code: 'invalid-config' }),
      );
    }
    const electron = createVault({ folder, driver: 'electron', safeStorage });
    expect((await electron.getInfo()).driver).toBe('electron');
    const given = createVault({ driver: memoryDriver() });
    expect((await given.getInfo()).reason).toBe('The program gives this driver.');
  });

  test.each(['', '..', 'a/b', 'a b', 'App', 'x'.repeat(65)])('refuses the name %j', (name) => {
    expect(() => createVault({ name })).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    );
  });
});

test.each([
  ['linux', {}, '/home/ann/.local/share/granary/vaults'],
  ['linux', { XDG_DATA_HOME: '/data' }, '/data/granary/vaults'],
  ['linux', { XDG_DATA_HOME: 'relative' }, '/home/ann/.local/share/granary/vaults'],
  ['darwin', {}, '/home/ann/Library/Application Support/granary/vaults'],
  ['win32', { LOCALAPPDATA: '/local' }, '/local/granary/vaults'],
  ['win32', {}, '/home/ann/AppData/Local/granary/vaults'],
] as const)('on %s with %o vaults are in %s', (platform, env, folder) => {
  expect(stateFolder({ platform, env, home: '/home/ann' })).toBe(folder);
  expect(stateFolder()).toContain('granary');
  expect(systemFacts().platform).toBe(process.platform);
});
