import { describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { importFromKeytar, keytarSource } from '../node.ts';
import { type Keychain, keychainDriver, packageMissing } from './keychain-driver.ts';
import { toKeychainError } from './keychain-errors.ts';
import { type KeyringModule, keyringDriver } from './keyring-driver.ts';
import { type KeytarModule, keytarDriver } from './keytar-driver.ts';
import { createVault } from './node-vault.ts';

/** A keychain as Windows has it: names without case, credentials of 2,560 bytes of UTF-16. */
function windowsKeychain() {
  const rows = new Map<string, { service: string; account: string; text: string }>();
  const idOf = (service: string, account: string) => `${account}.${service}`.toLowerCase();
  const keychain: Keychain = {
    check: async () => undefined,
    get: async (service, account) => rows.get(idOf(service, account))?.text ?? null,
    async set(service, account, text) {
      if (text.length * 2 > 2560) throw new Error('Password is longer than 2560 bytes');
      if (account.length > 513) throw new Error('Account name is too long');
      rows.set(idOf(service, account), { service, account, text });
    },
    remove: async (service, account) => rows.delete(idOf(service, account)),
    accounts: async (service) =>
      [...rows.values()].filter((row) => row.service === service).map((row) => row.account),
  };
  return { rows, keychain };
}

async function vaultOver(keychain: Keychain, platform: string, name = 'app') {
  const driver = keychainDriver({
    driver: 'test',
    prefix: 'granary',
    name,
    platform,
    folder: await temporaryFolder(),
    load: async () => keychain,
  });
  return createVault({ driver });
}

describe('on Windows', () => {
  test('names differ in case, and secrets have any length', async () => {
    const { rows, keychain } = windowsKeychain();
    const vault = await vaultOver(keychain, 'win32');
    await vault.set('Token', 'upper');
    await vault.set('token', 'lower');
    await vault.set({ service: 'ÀÉ', account: 'É' }, 'x'.repeat(5_000));
    expect((await vault.get('Token'))?.reveal()).toBe('upper');
    expect((await vault.get('token'))?.reveal()).toBe('lower');
    expect((await vault.get('ÀÉ', 'É'))?.reveal()).toHaveLength(5_000);
    expect(await vault.list()).toHaveLength(3);
    expect(rows.size).toBeGreaterThan(7);
    await vault.set('X'.repeat(200), 'x'.repeat(5_000));
    expect((await vault.get('X'.repeat(200)))?.reveal()).toHaveLength(5_000);
    await vault.delete('ÀÉ', 'É');
    expect((await vault.getInfo()).place).toContain('Credential Manager');
    expect([...rows.keys()].every((id) => id.endsWith('.granary/app'))).toBe(true);
  });

  test('a part that something else removed is noticed', async () => {
    const { rows, keychain } = windowsKeychain();
    const vault = await vaultOver(keychain, 'win32');
    await vault.set('long', 'x'.repeat(5_000));
    const part = [...rows.keys()].find((id) => id.startsWith('!part/'));
    rows.delete(part ?? '');
    await expect(vault.get('long')).rejects.toMatchObject({ code: 'corrupted' });
    expect(await vault.delete('long')).toBe(true);
    expect(rows.size).toBe(0);
  });
});

test('macOS is called by its name', async () => {
  const vault = await vaultOver(windowsKeychain().keychain, 'darwin', 'mac');
  const info = await vault.getInfo();
  expect(info.place).toContain('Keychain of macOS');
  expect(info.doesNotProtectAgainst[0]).toContain('allowed to use the entry');
});

test('a keychain that does not answer is given up', async () => {
  const { keychain } = windowsKeychain();
  const waiting: Keychain = { ...keychain, get: () => new Promise(() => undefined) };
  const driver = keychainDriver({
    driver: 'test',
    prefix: 'granary',
    timeoutMs: 20,
    load: async () => waiting,
  });
  await expect(driver.read('github')).rejects.toMatchObject({ code: 'timeout' });
});

test('a package that is missing is loaded again with the next call', async () => {
  const { keychain } = windowsKeychain();
  const load = vi
    .fn<() => Promise<Keychain>>()
    .mockRejectedValueOnce(packageMissing('keytar', { code: 'MODULE_NOT_FOUND' }))
    .mockResolvedValue(keychain);
  const driver = keychainDriver({
    driver: 'test',
    prefix: 'granary',
    load,
    folder: await temporaryFolder(),
  });
  const vault = createVault({ driver });
  await expect(vault.get('a')).rejects.toMatchObject({
    code: 'unavailable',
    hint: expect.stringContaining('npm install keytar'),
  });
  await vault.set('a', 'b');
  expect(load).toHaveBeenCalledTimes(2);
  expect(packageMissing('x', new Error('GLIBC')).message).toContain('cannot be loaded');
});

test('keytar without its native part is unavailable, with what to do', async () => {
  const vault = createVault({ driver: keytarDriver() });
  await expect(vault.get('a')).rejects.toMatchObject({
    code: 'unavailable',
    hint: expect.stringContaining('npm install keytar'),
  });
  await expect(keytarSource({ service: 'app' }).list()).rejects.toMatchObject({
    code: 'unavailable',
  });
});

test.each([
  [
    "Couldn't access platform storage: Secret Service: unlock prompt was dismissed",
    'permission-denied',
  ],
  ['Cannot create an item in a locked collection', 'permission-denied'],
  ['The user name or passphrase you entered is not correct.', 'permission-denied'],
  ['User interaction is not allowed.', 'permission-denied'],
  ['Cannot autolaunch D-Bus without X11 $DISPLAY', 'unavailable'],
  ['Platform failure: DBus error: Failed to connect', 'unavailable'],
  ['DBus error: the message bus security policy blocked the reply', 'unavailable'],
  ["Attribute 'password' is longer than platform limit of 2560 chars", 'too-large'],
  ['BadEncoding([104, 117, 110])', 'unknown'],
])('%s means %s', (text, code) => {
  expect(toKeychainError(new Error(text))).toMatchObject({ code });
});

test('what a keychain says and does not name safely is not told', () => {
  const error = toKeychainError(new Error('bad encoding of hunter2'));
  expect(error.message).not.toContain('hunter2');
  expect(error.cause).toBeUndefined();
});

/** `@napi-rs/keyring` over a map, which counts its entries: each holds a connection. */
function fakeKeyring() {
  const rows = new Map<string, string>();
  const state = { made: 0, failures: [] as Error[], rows };
  const fail = () => {
    const error = state.failures.shift();
    if (error !== undefined) throw error;
  };
  class AsyncEntry {
    readonly #id: string;
    constructor(service: string, account: string, options?: { linux: { store: string } }) {
      if (options?.linux.store !== 'secret-service') throw new Error('not pinned');
      state.made += 1;
      this.#id = `${service}\n${account}`;
    }
    async getPassword() {
      fail();
      return rows.get(this.#id) ?? null;
    }
    async setPassword(text: string) {
      fail();
      rows.set(this.#id, text);
    }
    async deletePassword() {
      fail();
      return rows.delete(this.#id);
    }
  }
  const keyring: KeyringModule = {
    AsyncEntry,
    findCredentialsAsync: async (service) =>
      [...rows.keys()]
        .map((id) => id.split('\n'))
        .filter(([found]) => found === service)
        .map(([, account = '']) => ({ account })),
  };
  return { keyring, state };
}

describe('@napi-rs/keyring', () => {
  test('keeps connections, and makes a new one where one fails', async () => {
    const { keyring, state } = fakeKeyring();
    const driver = keyringDriver({ keyring, folder: await temporaryFolder() });
    const vault = createVault({ driver });
    for (let number = 0; number < 50; number += 1) await vault.set('github', `${number}`);
    expect(state.made).toBeLessThan(5);
    state.failures = [new Error('DBus error: the connection was closed')];
    expect((await vault.get('github'))?.reveal()).toBe('49');
    state.failures = [new Error('unlock prompt was dismissed')];
    await expect(vault.get('github')).rejects.toMatchObject({ code: 'permission-denied' });
    expect(state.failures).toEqual([]);
    for (let number = 0; number < 80; number += 1) await vault.set(`service ${number}`, 'x');
    expect(await vault.list()).toHaveLength(81);
  });
});

/** `keytar` over a map. */
function fakeKeytar(entries: Record<string, string> = {}) {
  const rows = new Map(Object.entries(entries));
  const state = { isLocked: false, isVanishing: 0, rows };
  const keytar: KeytarModule = {
    async getPassword(service, account) {
      if (state.isVanishing > 0) {
        state.isVanishing -= 1;
        throw new Error('No such interface “org.freedesktop.Secret.Item” on object');
      }
      return state.isLocked ? null : (rows.get(`${service}/${account}`) ?? null);
    },
    async setPassword(service, account, password) {
      if (state.isLocked) throw new Error('Cannot create an item in a locked collection');
      rows.set(`${service}/${account}`, password);
    },
    deletePassword: async (service, account) =>
      !state.isLocked && rows.delete(`${service}/${account}`),
    async findCredentials(service) {
      if (state.isLocked) throw new Error('this ends the program');
      return [...rows.keys()]
        .filter((id) => id.startsWith(`${service}/`))
        .map((id) => ({ account: id.slice(service.length + 1) }));
    },
  };
  return { keytar, state };
}

describe('keytar', () => {
  test('is not believed that there is nothing while the collection is locked', async () => {
    const { keytar, state } = fakeKeytar();
    const driver = keytarDriver({ keytar, platform: 'linux', folder: await temporaryFolder() });
    const vault = createVault({ driver });
    const key = [...(await vault.key('data'))];
    state.isLocked = true;
    for (const call of [() => vault.key('data'), () => vault.list(), () => vault.delete('x')]) {
      await expect(call()).rejects.toMatchObject({ code: 'permission-denied' });
    }
    state.isLocked = false;
    expect([...(await vault.key('data'))]).toEqual(key);
  });

  test('is asked again about an entry that vanishes', async () => {
    const { keytar, state } = fakeKeytar();
    const driver = keytarDriver({ keytar, platform: 'darwin', folder: await temporaryFolder() });
    await driver.open();
    state.isVanishing = 3;
    expect(await driver.read('github')).toBeUndefined();
    state.isVanishing = 9;
    await expect(driver.read('github')).rejects.toMatchObject({ name: 'StorageError' });
  });

  test('hands its entries over, each after it was read back', async () => {
    const { keytar, state } = fakeKeytar({
      'app/github': 'hunter2',
      'app/gitlab': 'old',
      'other/x': 'y',
    });
    const { keyring, state: keychain } = fakeKeyring();
    const folder = await temporaryFolder();
    const alsoRead = [keytarSource({ service: 'app', keytar })];
    const vault = createVault({ driver: keyringDriver({ keyring, folder }), alsoRead });
    // Both are read before anything was taken over.
    expect((await vault.get('app', 'github'))?.reveal()).toBe('hunter2');
    expect(await vault.get('app')).toBeUndefined();
    expect(await vault.list()).toEqual([
      { service: 'app', account: 'github' },
      { service: 'app', account: 'gitlab' },
    ]);
    await vault.set({ service: 'app', account: 'gitlab' }, 'new');

    const kept = await importFromKeytar(vault, { service: 'app', keytar, keepOld: true });
    expect(kept).toMatchObject({
      imported: [{ service: 'app', account: 'github' }],
      differing: [{ service: 'app', account: 'gitlab' }],
      failed: [],
    });
    expect(state.rows.get('app/github')).toBe('hunter2');

    const only = ({ account }: { account?: string | undefined }) => account === 'github';
    await importFromKeytar(vault, { service: 'app', accounts: ['github'], keytar, only });
    expect([...state.rows.keys()].filter((id) => id.startsWith('app/'))).toEqual(['app/gitlab']);
    expect((await vault.get('app', 'github'))?.reveal()).toBe('hunter2');
    expect((await vault.get('app', 'gitlab'))?.reveal()).toBe('new');
    expect(keychain.rows.size).toBe(2);

    expect(await vault.delete('app', 'gitlab')).toBe(true);
    expect(state.rows.has('app/gitlab')).toBe(false);
    expect(await vault.get('app', 'gitlab')).toBeUndefined();
    expect(await vault.delete('elsewhere', 'x')).toBe(false);
  });

  test('keeps its entry where the new one is not what was written', async () => {
    const { keytar, state } = fakeKeytar({ 'app/github': 'hunter2' });
    const { keyring, state: keychain } = fakeKeyring();
    const vault = createVault({
      driver: keyringDriver({ keyring, folder: await temporaryFolder() }),
    });
    const set = keychain.rows.set.bind(keychain.rows);
    keychain.rows.set = (id, text) => set(id, text.replace('hunter2', 'hunter1'));
    const report = await importFromKeytar(vault, { service: 'app', keytar });
    expect(report.imported).toEqual([]);
    expect(report.failed).toMatchObject([{ name: 'app/github', error: { code: 'corrupted' } }]);
    expect(JSON.stringify(report)).not.toContain('hunter');
    expect(state.rows.get('app/github')).toBe('hunter2');
  });
});
