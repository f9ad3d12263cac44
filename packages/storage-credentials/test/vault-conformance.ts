import { isStorageError } from '@granary/storage-core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CommonVaultOptions, Vault } from '../src/index.ts';

/** Where the vaults of one test keep their secrets. */
export interface VaultPlace {
  /** A new vault over the same place, as another program would open it. */
  open(options?: CommonVaultOptions): Vault;
  /** Everything that is stored there, as it is stored, where tests can see it. */
  raw?(): Promise<string>;
  close?(): Promise<void>;
}

const SECRET = 'correct horse battery staple';
/** More than a credential of Windows takes, and letters that take more than one byte. */
const LONG = 'päßwörd🔑'.repeat(2_000);

/** What every driver keeps, run on each. */
export function describeVault(title: string, newPlace: () => Promise<VaultPlace>): void {
  describe(`vault over ${title}`, () => {
    let place: VaultPlace;
    let vault: Vault;

    beforeEach(async () => {
      place = await newPlace();
      vault = place.open();
    });
    afterEach(async () => {
      await vault.close();
      await place.close?.();
    });

    test('returns the secret that was set, in this vault and in another one', async () => {
      await vault.set('github', SECRET);
      expect((await vault.get('github'))?.reveal()).toBe(SECRET);
      await using other = place.open();
      expect((await other.get('github'))?.reveal()).toBe(SECRET);
    });

    test('has nothing under a name that was never set', async () => {
      expect(await vault.get('nobody')).toBeUndefined();
      expect(await vault.has('nobody')).toBe(false);
      expect(await vault.delete('nobody')).toBe(false);
      expect(await vault.versions('nobody')).toEqual([]);
    });

    test.each([
      ['letters of the world', 'пароль 密码 🔑 e\u0301'],
      ['nothing', ''],
      ['characters that end texts elsewhere', 'a\0b\r\n"\\\u2028\u007f'],
      ['spaces around', '  padded\t'],
      ['what looks like a part list', 'parts:abc:3'],
    ])('keeps %s as it is', async (_, secret) => {
      await vault.set('odd', secret);
      expect((await vault.get('odd'))?.reveal()).toBe(secret);
      expect(await vault.has('odd')).toBe(true);
    });

    test('keeps long secrets, and shorter ones after them', async () => {
      await vault.set('certificate', LONG);
      expect((await vault.get('certificate'))?.reveal()).toBe(LONG);
      await vault.set('certificate', `${LONG}!`.slice(1));
      expect((await vault.get('certificate'))?.reveal()).toBe(`${LONG}!`.slice(1));
      await vault.set('certificate', 'short');
      expect((await vault.get('certificate'))?.reveal()).toBe('short');
      expect(await vault.list()).toEqual([{ service: 'certificate' }]);
    });

    test('leaves nothing of a long secret that was deleted', async () => {
      await vault.set('certificate', LONG);
      expect(await vault.delete('certificate')).toBe(true);
      expect(await vault.list()).toEqual([]);
      expect((await place.raw?.()) ?? '').not.toContain('!part/');
      expect(await vault.get('certificate')).toBeUndefined();
    });

    test('refuses a secret that is too long, or no text', async () => {
      await expect(vault.set('big', 'x'.repeat(65_537))).rejects.toMatchObject({
        code: 'too-large',
      });
      await vault.set('big', 'x'.repeat(65_536));
      await expect(vault.set('half', '\ud83d')).rejects.toMatchObject({ code: 'invalid-argument' });
      expect(await vault.list()).toEqual([{ service: 'big' }]);
    });

    test('takes names that objects have members of', async () => {
      for (const name of ['__proto__', 'constructor']) {
        expect(await vault.has(name)).toBe(false);
        await vault.set(name, `the secret of ${name}`);
        expect((await vault.get(name))?.reveal()).toBe(`the secret of ${name}`);
        expect(await vault.delete(name)).toBe(true);
        expect(await vault.delete(name)).toBe(false);
      }
    });

    test('tells names apart that look alike', async () => {
      const names = [
        { service: 'a/b' },
        { service: 'a', account: 'b' },
        { service: 'a', account: '' },
        { service: 'a' },
        { service: 'A' },
        { service: 'a ' },
        { service: '%61' },
        { service: "!key/a'()*" },
        { service: 'https://api.example.com:8443/?q=1', account: 'ann@example.com' },
        { service: 'ключ🔑', account: 'e\u0301' },
        { service: 'ключ🔑', account: '\u00e9' },
        { service: 'new\nline\0' },
      ];
      for (const [number, name] of names.entries()) await vault.set(name, `secret ${number}`);
      for (const [number, { service, account }] of names.entries()) {
        expect((await vault.get(service, account))?.reveal()).toBe(`secret ${number}`);
      }
      const listed = await vault.list();
      expect(listed).toHaveLength(names.length);
      expect(listed).toEqual(expect.arrayContaining(names));
      expect(JSON.stringify(listed)).not.toContain('secret');
      expect(await vault.delete('a', 'b')).toBe(true);
      expect(await vault.has('a', 'b')).toBe(false);
      expect(await vault.has('a/b')).toBe(true);
    });

    test.each([
      ['no service', ''],
      ['half a character', '\ud83d'],
      ['far too much', 'x'.repeat(401)],
      ['too many letters in upper case', 'X'.repeat(201)],
    ])('refuses a name of %s', async (_, name) => {
      await expect(vault.set(name, SECRET)).rejects.toMatchObject({ code: 'invalid-key' });
      await expect(vault.get(name)).rejects.toMatchObject({ code: 'invalid-key' });
    });

    test('counts versions and says when they were stored', async () => {
      await vault.set('token', 'one');
      await vault.set('token', 'two');
      const secret = await vault.get('token');
      expect(secret?.version).toBe(2);
      expect(Math.abs(Date.now() - Number(secret?.createdAt))).toBeLessThan(60_000);
    });

    test('rotates: the old one works until the new one was tried, then it goes', async () => {
      await vault.set('db', 'old');
      await using other = place.open();
      const made = await vault.rotate(
        'db',
        async ({ current, pending }) => {
          expect(pending).toBeUndefined();
          return `${current.reveal()}-new`;
        },
        {
          async verify(secret) {
            expect(secret.reveal()).toBe('old-new');
            expect((await other.get('db'))?.reveal()).toBe('old');
            const states = (await other.versions('db')).map(({ state }) => state);
            expect(states).toEqual(['current', 'next']);
          },
        },
      );
      expect(made.reveal()).toBe('old-new');
      expect((await other.get('db'))?.reveal()).toBe('old-new');
      expect(await vault.versions('db')).toHaveLength(1);
    });

    test('keeps old versions of a rotation until they are dropped', async () => {
      await vault.set('db', 'one');
      await vault.rotate('db', () => 'two', { keepOld: true });
      await vault.rotate('db', () => LONG, { keepOld: true });
      const states = await vault.versions('db');
      expect(states.map(({ state, secret }) => [state, secret.version])).toEqual([
        ['current', 3],
        ['old', 2],
        ['old', 1],
      ]);
      expect(states.map(({ secret }) => secret.reveal())).toEqual([LONG, 'two', 'one']);
      expect(await vault.dropOld('db')).toBe(2);
      expect(await vault.dropOld('db')).toBe(0);
      expect((await vault.get('db'))?.reveal()).toBe(LONG);
    });

    test('leaves the old secret in use when the new one does not work, and offers that again', async () => {
      await vault.set('db', 'old');
      const refused = new Error('login failed');
      const attempt = vault.rotate('db', () => 'new', {
        verify: () => Promise.reject(refused),
      });
      await expect(attempt).rejects.toBe(refused);
      expect((await vault.get('db'))?.reveal()).toBe('old');
      await vault.rotate('db', ({ pending }) => pending?.reveal() ?? 'another');
      expect((await vault.get('db'))?.reveal()).toBe('new');
    });

    test('tells when something else changed a secret while it was rotated', async () => {
      await vault.set('db', 'old');
      await using other = place.open();
      const rotation = vault.rotate('db', async () => {
        await other.set('db', 'theirs');
        return 'mine';
      });
      await expect(rotation).rejects.toMatchObject({ code: 'conflict' });
      expect((await vault.get('db'))?.reveal()).toBe('theirs');
      await expect(vault.rotate('nobody', () => 'x')).rejects.toMatchObject({ code: 'not-found' });
    });

    test('makes one data key for all who ask, and the same one ever after', async () => {
      await using other = place.open();
      const keys = await Promise.all([vault, other, vault, other].map((one) => one.key('data')));
      for (const key of keys) expect([...key]).toEqual([...(keys[0] ?? [])]);
      expect(keys[0]).toHaveLength(32);
      await using later = place.open();
      expect([...(await later.key('data'))]).toEqual([...(keys[0] ?? [])]);
      expect([...(await later.key('Data'))]).not.toEqual([...(keys[0] ?? [])]);
      expect(await later.listKeys()).toEqual(['Data', 'data']);
      expect(await later.list()).toEqual([]);
    });

    test('keeps older data keys until they are dropped', async () => {
      const first = [...(await vault.key('data'))];
      expect(await vault.rotateKey('data')).toBe(2);
      expect([...(await vault.key('data'))]).not.toEqual(first);
      expect([...(await vault.key('data', 1))]).toEqual(first);
      const versions = await vault.keyVersions('data');
      expect(versions).toMatchObject([
        { version: 2, isCurrent: true },
        { version: 1, isCurrent: false },
      ]);
      await expect(vault.dropKey('data', 2)).rejects.toMatchObject({ code: 'invalid-argument' });
      expect(await vault.dropKey('data', 1)).toBe(true);
      expect(await vault.dropKey('data', 1)).toBe(false);
      await expect(vault.key('data', 1)).rejects.toMatchObject({ code: 'not-found' });
      expect(await vault.deleteKey('data')).toBe(true);
      expect(await vault.keyVersions('data')).toEqual([]);
      expect(await vault.rotateKey('data')).toBe(1);
    });

    test('refuses everything while it is locked', async () => {
      await vault.set('github', SECRET);
      await vault.lock();
      expect(vault.isLocked).toBe(true);
      const calls = [
        () => vault.get('github'),
        () => vault.set('github', 'x'),
        () => vault.has('github'),
        () => vault.delete('github'),
        () => vault.list(),
        () => vault.rotate('github', () => 'x'),
        () => vault.versions('github'),
        () => vault.dropOld('github'),
        () => vault.key('data'),
        () => vault.rotateKey('data'),
        () => vault.listKeys(),
      ];
      for (const call of calls) {
        await expect(call()).rejects.toMatchObject({ code: 'permission-denied' });
      }
      expect((await vault.getInfo()).isLocked).toBe(true);
      await vault.unlock();
      expect(vault.isLocked).toBe(false);
      expect((await vault.get('github'))?.reveal()).toBe(SECRET);
    });

    test('locks itself when nobody uses it', async () => {
      let now = 1_000_000;
      let fire = (): void => undefined;
      await using quiet = place.open({
        autoLockMs: 60_000,
        clock: {
          now: () => now,
          setTimeout(work) {
            fire = work;
            return 1;
          },
          clearTimeout() {
            fire = () => undefined;
          },
        },
      });
      await quiet.set('github', SECRET);
      now += 59_000;
      expect((await quiet.get('github'))?.reveal()).toBe(SECRET);
      fire();
      expect(quiet.isLocked).toBe(true);
      await quiet.unlock();
      // The machine slept: no timer ran.
      now += 61_000;
      await expect(quiet.get('github')).rejects.toMatchObject({ code: 'permission-denied' });
      await quiet.unlock();
      expect(await quiet.has('github')).toBe(true);
    });

    test('says what it is and what it is worth', async () => {
      const info = await vault.getInfo();
      expect(info.driver).toMatch(/^[a-z]+$/);
      expect(info.reason).toMatch(/\.$/);
      expect(info.place).not.toBe('');
      expect(info.doesNotProtectAgainst.length).toBeGreaterThan(0);
      expect(info).toMatchObject({ isReadOnly: false, alsoReads: [], isLocked: false });
    });

    test('stores no secret in clear', async ({ skip }) => {
      if (place.raw === undefined) return skip('its entries cannot be seen from here');
      await vault.set('github', SECRET);
      await vault.rotate('github', () => `${SECRET}!`, { keepOld: true });
      const raw = await place.raw();
      expect(raw).not.toBe('');
      expect(raw).not.toContain(SECRET);
      expect(raw).not.toContain(btoa(SECRET).slice(0, 20));
    });

    test('takes over all of another vault, with its versions and keys', async () => {
      await vault.set('github', 'one');
      await vault.rotate('github', () => 'two', { keepOld: true });
      await vault.set('long', LONG);
      const key = [...(await vault.key('data'))];
      const { memoryDriver, createVault } = await import('../src/index.ts');
      const source = memoryDriver();
      await using other = createVault({ driver: source });
      await other.set('gitlab', LONG);
      await other.set('github', 'theirs');
      const theirs = [...(await other.key('other'))];
      const report = await vault.importFrom(source);
      expect(report).toMatchObject({
        imported: [{ service: 'gitlab' }],
        differing: [{ service: 'github' }],
        keys: ['other'],
        failed: [],
      });
      expect((await vault.get('gitlab'))?.reveal()).toBe(LONG);
      expect((await vault.get('github'))?.reveal()).toBe('two');
      expect([...(await vault.key('other'))]).toEqual(theirs);
      expect([...(await vault.key('data'))]).toEqual(key);
      expect(await other.list()).toEqual([{ service: 'github' }]);
    });

    test('fails with closed after it was closed', async () => {
      await vault.set('github', SECRET);
      await vault.close();
      await vault.close();
      for (const call of [() => vault.get('github'), () => vault.lock(), () => vault.unlock()]) {
        await expect(call()).rejects.toSatisfy((error) => isStorageError(error, 'closed'));
      }
    });

    test('keeps what two write at once', async () => {
      await using other = place.open();
      await Promise.all(
        [vault, other].flatMap((one, writer) =>
          Array.from({ length: 8 }, (_, at) =>
            one.set(`service ${writer} ${at}`, `${writer} ${at}`),
          ),
        ),
      );
      expect(await vault.list()).toHaveLength(16);
      expect((await other.get('service 0 7'))?.reveal()).toBe('0 7');
    });
  });
}
