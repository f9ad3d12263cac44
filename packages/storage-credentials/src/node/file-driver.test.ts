import { chmod, readFile, stat, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { type FileDriverOptions, fileDriver } from './file-driver.ts';
import type { VaultFile } from './file-format.ts';
import { createKeyFile } from './key-file.ts';
import { createVault } from './node-vault.ts';

const CHEAP = { keyDerivation: 'Argon2id' } as const;

async function newVault(options: Omit<FileDriverOptions, 'path'> = { passphrase: 'right' }) {
  const folder = await temporaryFolder();
  const path = join(folder, 'vault.json');
  const open = (changes: Partial<FileDriverOptions> = {}) =>
    createVault({ driver: fileDriver({ path, ...CHEAP, ...options, ...changes }) });
  return { folder, path, open, vault: open() };
}

async function edit(path: string, change: (file: VaultFile) => unknown): Promise<void> {
  const file = JSON.parse(await readFile(path, 'utf8')) as VaultFile;
  await writeFile(path, JSON.stringify(change(file)));
}

function flip(base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[0] = (bytes[0] ?? 0) ^ 1;
  return bytes.toString('base64');
}

describe('the encrypted file', () => {
  test('says in its header how the key is made, and holds no names', async () => {
    const { vault, path } = await newVault({ passphrase: 'right', keyDerivation: 'PBKDF2' });
    await vault.set('github', 'hunter2');
    const text = await readFile(path, 'utf8');
    expect(JSON.parse(text)).toMatchObject({
      format: 'granary-vault',
      version: 1,
      key: { derivation: { name: 'PBKDF2', iterations: 600_000, salt: expect.any(String) } },
    });
    expect(text).not.toContain('github');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });

  test('makes no new vault where the one that was opened is gone', async () => {
    const { vault, path, open } = await newVault({ passphrase: 'right', keyDerivation: 'PBKDF2' });
    await vault.set('github', 'hunter2');
    const text = await readFile(path, 'utf8');
    await unlink(path);
    await vault.lock();
    const gone = { code: 'store-not-found', message: expect.stringContaining(path) };
    await expect(vault.unlock()).rejects.toMatchObject(gone);
    await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
    await open().set('github', 'another');
    await expect(vault.unlock()).rejects.toMatchObject(gone);
    await writeFile(path, text);
    await vault.unlock();
    expect((await vault.get('github'))?.reveal()).toBe('hunter2');
  });

  test('decrypts the secret that is asked for, and no other one', async () => {
    const { vault, open } = await newVault();
    for (const name of ['a', 'b', 'c']) await vault.set(name, `the secret of ${name}`);
    const subtle = vi.spyOn(crypto.subtle, 'decrypt');
    const seen = async () => {
      const results = await Promise.all(subtle.mock.results.map(({ value }) => value));
      return results.map((plain) => Buffer.from(plain as ArrayBuffer).toString()).join();
    };
    const again = open();
    expect(await again.list()).toHaveLength(3);
    expect(await seen()).not.toContain('the secret of');
    await again.get('b');
    expect((await seen()).match(/the secret of ./g)).toEqual(['the secret of b']);
    subtle.mockRestore();
  });

  test('refuses a wrong passphrase, and changes nothing', async () => {
    const { vault, path, open } = await newVault();
    await vault.set('github', 'hunter2');
    const before = await readFile(path, 'utf8');
    const wrong = open({ passphrase: 'wrong' });
    for (const call of [
      () => wrong.get('github'),
      () => wrong.set('github', 'x'),
      () => wrong.key('a'),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'permission-denied' });
    }
    expect(await readFile(path, 'utf8')).toBe(before);
  });

  test('is opened by unlock, and locked until then', async () => {
    const { path } = await newVault();
    const driver = fileDriver({ path });
    const vault = createVault({ driver });
    await expect(vault.get('github')).rejects.toMatchObject({ code: 'permission-denied' });
    expect(vault.isLocked).toBe(true);
    await expect(vault.unlock()).rejects.toMatchObject({ code: 'permission-denied' });
    await expect(vault.unlock('')).rejects.toMatchObject({ code: 'invalid-argument' });
    await vault.unlock('right');
    await vault.set('github', 'hunter2');
    await vault.lock();
    await expect(vault.unlock('wrong')).rejects.toMatchObject({ code: 'permission-denied' });
    expect(vault.isLocked).toBe(true);
    await vault.unlock('right');
    expect((await vault.get('github'))?.reveal()).toBe('hunter2');
    await expect(driver.read('github')).resolves.toContain('hunter2');
    driver.lock?.lock();
    await expect(driver.read('github')).rejects.toMatchObject({ code: 'permission-denied' });
  });

  test('asks for the passphrase when it needs it', async () => {
    let asked = 0;
    const { vault } = await newVault({
      passphrase: async () => {
        asked += 1;
        return 'right';
      },
    });
    expect(asked).toBe(0);
    await vault.set('github', 'hunter2');
    await vault.get('github');
    expect(asked).toBe(1);
  });

  test('changes its passphrase without touching the secrets', async () => {
    const { vault, path, open } = await newVault();
    await expect(vault.changePassphrase('a', 'b')).rejects.toMatchObject({
      code: 'permission-denied',
    });
    await vault.set('github', 'hunter2');
    const { entries } = JSON.parse(await readFile(path, 'utf8')) as VaultFile;
    await vault.changePassphrase('right', 'next');
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({ entries });
    expect((await vault.get('github'))?.reveal()).toBe('hunter2');
    await expect(open().get('github')).rejects.toMatchObject({ code: 'permission-denied' });
    expect((await open({ passphrase: 'next' }).get('github'))?.reveal()).toBe('hunter2');
  });

  test.each<[string, (file: VaultFile) => unknown]>([
    [
      'a flipped bit',
      (file) => ({
        ...file,
        entries: mapValues(file, (one) => ({ ...one, data: flip(one.data) })),
      }),
    ],
    [
      'a flipped bit in the index',
      (file) => ({ ...file, index: { ...file.index, data: flip(file.index.data) } }),
    ],
    ['an entry cut out', (file) => ({ ...file, entries: {} })],
    ['another revision', (file) => ({ ...file, revision: file.revision + 1 })],
    ['two entries swapped', swapped],
  ])('notices %s', async (_, change) => {
    const { vault, path } = await newVault();
    await vault.set('github', 'hunter2');
    await vault.set('gitlab', 'hunter3');
    await edit(path, change);
    await expect(vault.get('github')).rejects.toMatchObject({ code: 'corrupted' });
  });

  test.each<[string, string, (file: VaultFile) => unknown]>([
    ['fewer rounds', 'permission-denied', (file) => derived(file, { iterations: 1 })],
    ['far too many rounds', 'invalid-data', (file) => derived(file, { iterations: 10_000 })],
    [
      'another salt',
      'permission-denied',
      (file) => derived(file, { salt: Buffer.alloc(16).toString('base64') }),
    ],
    ['no salt', 'invalid-data', (file) => derived(file, { salt: '***' })],
    ['another kind of key', 'invalid-config', (file) => derived(file, { name: 'key-file' })],
    ['a later version', 'invalid-data', (file) => ({ ...file, version: 2 })],
    ['another format', 'invalid-data', () => ({ some: 'json' })],
    ['no object', 'invalid-data', () => 7],
    ['no index', 'invalid-data', (file) => ({ ...file, index: undefined })],
    ['no entries', 'invalid-data', (file) => ({ ...file, entries: undefined })],
    ['another id', 'permission-denied', (file) => ({ ...file, id: 'other' })],
  ])('refuses a header with %s: %s', async (_, code, change) => {
    const { vault, path, open } = await newVault();
    await vault.set('github', 'hunter2');
    await edit(path, change);
    await expect(open().get('github')).rejects.toMatchObject({ code });
  });

  test('leaves alone what is no JSON', async () => {
    const { vault, path } = await newVault();
    await writeFile(path, 'hunter2', { mode: 0o600 });
    const error = await vault.get('github').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'invalid-data' });
    expect(String(error)).not.toContain('hunter2');
    expect(await readFile(path, 'utf8')).toBe('hunter2');
  });

  test('makes no new vault in the place of one that went away', async () => {
    const { vault, path } = await newVault();
    await vault.key('data');
    await unlink(path);
    await expect(vault.key('data')).rejects.toMatchObject({ code: 'store-not-found' });
    await expect(vault.set('a', 'b')).rejects.toMatchObject({ code: 'store-not-found' });
  });

  test('changes no passphrase of a file that went away', async () => {
    const { vault, path } = await newVault();
    await vault.set('a', 'b');
    await unlink(path);
    await expect(vault.changePassphrase('right', 'next')).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });

  test('refuses a file that others can read', async () => {
    const { vault, path, open } = await newVault();
    await vault.set('github', 'hunter2');
    await chmod(path, 0o644);
    for (const one of [vault, open()]) {
      await expect(one.get('github')).rejects.toMatchObject({ code: 'permission-denied' });
    }
  });

  test('says what Windows does not have', async () => {
    const { open } = await newVault();
    const info = await open({ platform: 'win32' }).getInfo();
    expect(info.doesNotProtectAgainst.join()).toContain('unless the folder is private');
  });

  test('takes more rounds, and not fewer', async () => {
    const { open } = await newVault();
    await expect(open({ iterations: 1 }).list()).rejects.toMatchObject({ code: 'invalid-config' });
    expect(await open({ iterations: 3 }).list()).toEqual([]);
  });
});

describe('a key file', () => {
  test('opens the vault, and no passphrase does', async () => {
    const folder = await temporaryFolder();
    const keyFile = join(folder, 'keys', 'key');
    await createKeyFile(keyFile);
    expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
    const path = join(folder, 'vault.json');
    const vault = createVault({ driver: fileDriver({ path, keyFile }) });
    await vault.set('github', 'hunter2');
    expect(
      (await createVault({ driver: fileDriver({ path, keyFile }) }).get('github'))?.reveal(),
    ).toBe('hunter2');
    await expect(vault.changePassphrase('a', 'b')).rejects.toMatchObject({ code: 'unsupported' });
    for (const options of [{ passphrase: 'x' }, {}]) {
      const other = createVault({ driver: fileDriver({ path, ...options }) });
      await expect(other.get('github')).rejects.toMatchObject({ code: 'invalid-config' });
    }
    expect((await vault.getInfo()).protectsAgainst.join()).toContain('key file');
    await createKeyFile(join(folder, 'other'));
    const wrong = createVault({ driver: fileDriver({ path, keyFile: join(folder, 'other') }) });
    await expect(wrong.get('github')).rejects.toMatchObject({ code: 'permission-denied' });
  });

  test('opens no vault that was made with a passphrase', async () => {
    const { vault, path, folder } = await newVault();
    await vault.set('a', 'b');
    await createKeyFile(join(folder, 'key'));
    const other = createVault({ driver: fileDriver({ path, keyFile: join(folder, 'key') }) });
    await expect(other.get('a')).rejects.toMatchObject({ code: 'invalid-config' });
    expect(() => fileDriver({ path, keyFile: 'key', passphrase: 'x' })).toThrow('not both');
  });

  test('is refused when it is not there, is no key, or others can read it', async () => {
    const folder = await temporaryFolder();
    const open = (name: string) =>
      createVault({
        driver: fileDriver({ path: join(folder, 'vault.json'), keyFile: join(folder, name) }),
      });
    await expect(open('missing').list()).rejects.toMatchObject({ code: 'invalid-config' });
    await writeFile(join(folder, 'short'), 'c2hvcnQ=', { mode: 0o600 });
    const error = await open('short')
      .list()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'invalid-config' });
    expect(String(error)).not.toContain('c2hvcnQ');
    await createKeyFile(join(folder, 'open'));
    await chmod(join(folder, 'open'), 0o604);
    await expect(open('open').list()).rejects.toMatchObject({ code: 'permission-denied' });
    await chmod(join(folder, 'open'), 0o440);
    await expect(open('open').list()).resolves.toEqual([]);
  });

  test('never takes the place of another file', async () => {
    const folder = await temporaryFolder();
    await createKeyFile(join(folder, 'key'));
    const before = await readFile(join(folder, 'key'), 'utf8');
    await expect(createKeyFile(join(folder, 'key'))).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    expect(await readFile(join(folder, 'key'), 'utf8')).toBe(before);
    await expect(createKeyFile(join(folder, 'key', 'below'))).rejects.toMatchObject({
      name: 'StorageError',
    });
  });
});

function mapValues(file: VaultFile, change: (one: VaultFile['index']) => VaultFile['index']) {
  return Object.fromEntries(Object.entries(file.entries).map(([id, one]) => [id, change(one)]));
}

function swapped(file: VaultFile): unknown {
  const [first, second] = Object.keys(file.entries);
  const { entries } = file;
  return {
    ...file,
    entries: { [first ?? '']: entries[second ?? ''], [second ?? '']: entries[first ?? ''] },
  };
}

function derived(file: VaultFile, changes: Record<string, unknown>): unknown {
  return { ...file, key: { ...file.key, derivation: { ...file.key.derivation, ...changes } } };
}
