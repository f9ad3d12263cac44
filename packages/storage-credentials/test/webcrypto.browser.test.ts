import { afterAll, describe, expect, test } from 'vitest';
import { createVault, webCryptoDriver } from '../src/browser.ts';
import { describeVault } from './vault-conformance.ts';

const made: string[] = [];
function newName(): string {
  const name = `test-${crypto.randomUUID()}`;
  made.push(name);
  return name;
}

function openDatabase(name: string): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(`granary-vault-${name}`);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

async function rowsOf(name: string, store: string): Promise<readonly Record<string, unknown>[]> {
  const db = await openDatabase(name);
  const rows = await new Promise<readonly Record<string, unknown>[]>((resolve) => {
    const request = db.transaction(store).objectStore(store).getAll();
    request.onsuccess = () => resolve(request.result);
  });
  db.close();
  return rows;
}

async function putRow(name: string, store: string, row: unknown): Promise<void> {
  const db = await openDatabase(name);
  await new Promise<void>((resolve) => {
    const transaction = db.transaction(store, 'readwrite');
    transaction.objectStore(store).put(row);
    transaction.oncomplete = () => resolve();
  });
  db.close();
}

afterAll(() => {
  for (const name of made) indexedDB.deleteDatabase(`granary-vault-${name}`);
});

describeVault('Web Crypto and IndexedDB', async () => {
  const name = newName();
  return {
    open: (options) => createVault({ driver: webCryptoDriver({ name }), ...options }),
    raw: async () => JSON.stringify(await rowsOf(name, 'credentials')),
  };
});

describeVault('Web Crypto and IndexedDB with a passphrase', async () => {
  const name = newName();
  return {
    open: (options) =>
      createVault({ driver: webCryptoDriver({ name, passphrase: 'a passphrase' }), ...options }),
    raw: async () => JSON.stringify(await rowsOf(name, 'credentials')),
  };
});

describe('Web Crypto and IndexedDB', () => {
  test('keeps rows under `service`, and a key that cannot be exported', async () => {
    const name = newName();
    await using vault = createVault({ name });
    await vault.set({ service: 'github', account: 'ann' }, 'hunter2');
    const db = await openDatabase(name);
    expect(db.transaction('credentials').objectStore('credentials').keyPath).toBe('service');
    db.close();
    const [row] = await rowsOf(name, 'credentials');
    expect(row).toMatchObject({ service: 'github/ann' });
    const [{ key } = {}] = await rowsOf(name, 'keys');
    expect((key as CryptoKey).extractable).toBe(false);
    await expect(crypto.subtle.exportKey('raw', key as CryptoKey)).rejects.toThrow();
  });

  test('says that it does not stop code in the page', async () => {
    await using vault = createVault({ name: newName() });
    const info = await vault.getInfo();
    expect(info.driver).toBe('webcrypto');
    expect(info.doesNotProtectAgainst.join()).toContain('XSS');
  });

  test('notices what was changed, or swapped with another', async () => {
    const name = newName();
    await using vault = createVault({ name });
    await vault.set('one', 'secret one');
    await vault.set('two', 'secret two');
    const [one, two] = await rowsOf(name, 'credentials');
    await putRow(name, 'credentials', { ...one, sealed: two?.['sealed'] });
    await expect(vault.get('one')).rejects.toMatchObject({ code: 'corrupted' });
    await putRow(name, 'credentials', { ...two, sealed: { iv: 'AAAA', data: '***' } });
    await expect(vault.get('two')).rejects.toMatchObject({ code: 'corrupted' });
  });

  test('asks for the passphrase with unlock, and refuses a wrong one', async () => {
    const name = newName();
    await using vault = createVault({ name, needsPassphrase: true });
    await expect(vault.set('github', 'x')).rejects.toMatchObject({ code: 'permission-denied' });
    expect(vault.isLocked).toBe(true);
    await expect(vault.unlock()).rejects.toMatchObject({ code: 'permission-denied' });
    await vault.unlock('right');
    await vault.set('github', 'hunter2');
    await using other = createVault({ name, needsPassphrase: true });
    await expect(other.unlock('wrong')).rejects.toMatchObject({ code: 'permission-denied' });
    expect(other.isLocked).toBe(true);
    await expect(other.unlock()).rejects.toMatchObject({ code: 'permission-denied' });
    await other.unlock('right');
    expect((await other.get('github'))?.reveal()).toBe('hunter2');
  });

  test('changes the passphrase and keeps the secrets', async () => {
    const name = newName();
    await using vault = createVault({ name, passphrase: async () => 'first' });
    await vault.set('github', 'hunter2');
    await expect(vault.changePassphrase('wrong', 'x')).rejects.toMatchObject({
      code: 'permission-denied',
    });
    await vault.changePassphrase('first', 'second');
    await vault.lock();
    await expect(vault.unlock('first')).rejects.toMatchObject({ code: 'permission-denied' });
    await vault.unlock('second');
    expect((await vault.get('github'))?.reveal()).toBe('hunter2');
  });

  test('is not opened in another way than it was made', async () => {
    const [plain, sealed] = [newName(), newName()];
    await using one = createVault({ name: plain });
    await using two = createVault({ name: sealed, passphrase: 'x' });
    await Promise.all([one.set('a', 'b'), two.set('a', 'b')]);
    for (const options of [{ name: plain, passphrase: 'x' }, { name: sealed }]) {
      await using vault = createVault(options);
      await expect(vault.get('a')).rejects.toMatchObject({ code: 'invalid-config' });
    }
    await expect(one.unlock('x')).rejects.toMatchObject({ code: 'invalid-config' });
    await expect(one.changePassphrase('x', 'y')).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('a passphrase can be changed before anything is stored only where there is a vault', async () => {
    await using vault = createVault({ name: newName(), needsPassphrase: true });
    await expect(vault.changePassphrase('a', 'b')).rejects.toMatchObject({
      code: 'permission-denied',
    });
  });

  test('tells when the database goes away, or newer code made it', async () => {
    const name = newName();
    await using vault = createVault({ name });
    await vault.set('a', 'b');
    await new Promise((resolve) => {
      indexedDB.deleteDatabase(`granary-vault-${name}`).onsuccess = resolve;
    });
    await expect(vault.get('a')).rejects.toMatchObject({ code: 'unavailable' });
    await new Promise((resolve) => {
      const request = indexedDB.open(`granary-vault-${name}`, 9);
      request.onsuccess = () => resolve(request.result.close());
    });
    await using later = createVault({ name });
    await expect(later.get('a')).rejects.toMatchObject({ code: 'invalid-data' });
  });

  test('takes another driver, and gets a name', async () => {
    const { memoryDriver } = await import('../src/browser.ts');
    await using vault = createVault({ driver: memoryDriver() });
    expect(await vault.getInfo()).toMatchObject({ driver: 'memory', name: 'granary' });
    expect(() => createVault({ name: 'a b' })).toThrow(
      expect.objectContaining({ code: 'invalid-config' }),
    );
  });

  test('says what a page without a secure context lacks', async () => {
    await using vault = createVault({ name: newName(), indexedDB: null as unknown as IDBFactory });
    await expect(vault.get('a')).rejects.toMatchObject({
      code: 'unavailable',
      hint: expect.stringContaining('https'),
    });
  });

  test('takes more rounds, and not fewer', async () => {
    await using vault = createVault({ name: newName(), passphrase: 'x', iterations: 600_001 });
    await vault.set('a', 'b');
    expect((await vault.get('a'))?.reveal()).toBe('b');
    await using weak = createVault({ name: newName(), passphrase: 'x', iterations: 1 });
    await expect(weak.get('a')).rejects.toMatchObject({ code: 'invalid-config' });
    const argon = { keyDerivation: 'Argon2id', passphrase: 'x' } as const;
    await using other = createVault({ name: newName(), ...argon });
    await other.set('a', 'c');
    expect((await other.get('a'))?.reveal()).toBe('c');
  });
});
