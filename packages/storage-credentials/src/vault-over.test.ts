import { inspect } from 'node:util';
import { StorageError } from '@granary/storage-core';
import { describe, expect, test } from 'vitest';
import { createVault } from './create-vault.ts';
import { systemClock } from './idle-lock.ts';
import { memoryDriver } from './memory-driver.ts';
import type { SecretSource, VaultDriver } from './vault-driver.ts';

function driverThat(changes: Partial<VaultDriver>): VaultDriver {
  return { ...memoryDriver(), ...changes };
}

async function thrownBy(call: Promise<unknown>): Promise<Error> {
  return call.then(
    () => new Error('nothing was thrown'),
    (error: Error) => error,
  );
}

describe('errors of a driver', () => {
  const quoting = 'the store refused "hunter2"';
  test.each<[string, Error]>([
    ['a native error', Object.assign(new Error(quoting), { secret: 'hunter2' })],
    ['a StorageError', new StorageError('unavailable', quoting)],
    ['one with a cause', new StorageError('unavailable', 'no.', { cause: new Error('hunter2') })],
  ])('lose the secret: %s', async (_, error) => {
    const driver = driverThat({ write: () => Promise.reject(error) });
    const thrown = await thrownBy(createVault({ driver }).set('github', 'hunter2'));
    expect(thrown).toMatchObject({
      name: 'StorageError',
      provider: 'memory',
      operation: 'set',
      key: 'github',
    });
    expect(inspect(thrown, { depth: 9, showHidden: true })).not.toContain('hunter2');
    expect(JSON.stringify(thrown)).not.toContain('hunter2');
  });

  test.each([
    [undefined, 'an error'],
    ['hunter2', 'an error'],
    [new TypeError('hunter2'), 'TypeError'],
    [Object.assign(new Error('hunter2'), { code: 'EIO' }), 'Error EIO'],
    [Object.assign(new Error('x'), { name: 'hunter 2' }), 'an error'],
  ])('are told by their kind: %s', async (error, kind) => {
    const driver = driverThat({ read: () => Promise.reject(error) });
    const thrown = await thrownBy(createVault({ driver }).get('github'));
    expect(thrown).toMatchObject({ code: 'unknown', message: expect.stringContaining(kind) });
    expect(inspect(thrown, { depth: 9 })).not.toContain('hunter');
  });

  test('keep their hint where it quotes nothing', async () => {
    const failing = (hint: string) =>
      createVault({
        driver: driverThat({
          write: () => Promise.reject(new StorageError('unavailable', 'no.', { hint })),
        }),
      });
    expect(await thrownBy(failing('Ask somebody.').set('a', 'b'))).toMatchObject({
      hint: 'Ask somebody.',
    });
    expect(await thrownBy(failing('Not hunter2.').set('a', 'hunter2'))).toMatchObject({
      code: 'unavailable',
      hint: undefined,
    });
  });

  test('lose the passphrase', async () => {
    const lock = {
      isLocked: () => true,
      lock: () => undefined,
      unlock: (given?: string) => Promise.reject(new Error(`wrong: ${given}`)),
    };
    const thrown = await thrownBy(createVault({ driver: driverThat({ lock }) }).unlock('hunter2'));
    expect(inspect(thrown, { depth: 9 })).not.toContain('hunter2');
  });
});

describe('opening', () => {
  test('is done once for all who ask, and again after it failed', async () => {
    let opens = 0;
    const driver = driverThat({
      async open() {
        opens += 1;
        if (opens === 1) throw new StorageError('unavailable', 'not yet.');
      },
    });
    const vault = createVault({ driver });
    expect(opens).toBe(0);
    const first = await Promise.allSettled([vault.get('a'), vault.get('b')]);
    expect(first.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    expect(opens).toBe(1);
    await Promise.all([vault.get('a'), vault.get('b')]);
    expect(opens).toBe(2);
  });

  test('closing a vault closes what was opened, and forgets the key', async () => {
    const done: string[] = [];
    const driver = driverThat({
      close: async () => void done.push('closed'),
      lock: {
        isLocked: () => false,
        lock: () => void done.push('locked'),
        unlock: async () => undefined,
      },
    });
    await createVault({ driver }).close();
    expect(done).toEqual([]);
    const vault = createVault({ driver });
    await vault.has('a');
    await vault.close();
    expect(done).toEqual(['locked', 'closed']);
  });

  test('of a vault that was locked before leaves it locked', async () => {
    const vault = createVault({ driver: memoryDriver() });
    await vault.lock();
    await expect(vault.get('a')).rejects.toMatchObject({ code: 'permission-denied' });
    await vault.unlock();
    expect(await vault.get('a')).toBeUndefined();
    await expect(vault.unlock('x')).rejects.toMatchObject({ code: 'unsupported' });
    await expect(vault.changePassphrase('a', 'b')).rejects.toMatchObject({ code: 'unsupported' });
  });
});

test.each([0, -1, Number.NaN, 2 ** 31])('refuses an idle time of %s', (autoLockMs) => {
  expect(() => createVault({ driver: memoryDriver(), autoLockMs })).toThrow(
    expect.objectContaining({ code: 'invalid-config' }),
  );
});

test('locks itself by the clock of the system', async () => {
  const vault = createVault({ driver: memoryDriver(), autoLockMs: 1 });
  await vault.set('a', 'b');
  await expect.poll(() => vault.isLocked).toBe(true);
  const timer = systemClock.setTimeout(() => undefined, 60_000);
  systemClock.clearTimeout(timer);
  await vault.close();
});

test('a secret is read when it is asked for, and no other one with it', async () => {
  const read: string[] = [];
  const inner = memoryDriver();
  const driver: VaultDriver = {
    ...inner,
    read(entry) {
      read.push(entry);
      return inner.read(entry);
    },
  };
  const vault = createVault({ driver });
  for (const name of ['a', 'b', 'c']) await vault.set(name, `secret ${name}`);
  read.length = 0;
  expect(await vault.list()).toHaveLength(3);
  expect(read).toEqual([]);
  await vault.get('b');
  expect(read).toEqual(['b']);
});

describe('what stands there and is no record', () => {
  test('is neither read nor overwritten, and can be deleted', async () => {
    const entries = new Map([['github', 'hunter2']]);
    const vault = createVault({ driver: memoryDriver({ entries }) });
    for (const call of [() => vault.get('github'), () => vault.set('github', 'x')]) {
      await expect(call()).rejects.toMatchObject({ code: 'invalid-data' });
    }
    expect(entries.get('github')).toBe('hunter2');
    expect(await vault.delete('github')).toBe(true);
    await vault.set('github', 'x');
  });
});

describe('a store that loses what it was given', () => {
  const forgetful = driverThat({ write: async () => undefined });

  test('is noticed before a data key is given out', async () => {
    const vault = createVault({ driver: forgetful });
    await expect(vault.key('data')).rejects.toMatchObject({ code: 'corrupted' });
    await expect(vault.rotateKey('data')).rejects.toMatchObject({ code: 'corrupted' });
  });

  test('is noticed before an old secret goes', async () => {
    const entries = new Map<string, string>();
    const driver = memoryDriver({ entries });
    const vault = createVault({ driver });
    await vault.set('db', 'old');
    const broken = createVault({ driver: { ...driver, write: async () => undefined } });
    await expect(broken.rotate('db', () => 'new')).rejects.toMatchObject({ code: 'corrupted' });
    expect((await vault.get('db'))?.reveal()).toBe('old');
  });
});

test('a rotation that was interrupted leaves the old one in use and the new one to be found', async () => {
  const vault = createVault({ driver: memoryDriver() });
  await vault.set('db', 'old');
  const stop = new Error('the program was stopped');
  await thrownBy(vault.rotate('db', () => 'new', { verify: () => Promise.reject(stop) }));
  const states = await vault.versions('db');
  expect(states.map(({ state, secret }) => [state, secret.reveal()])).toEqual([
    ['current', 'old'],
    ['next', 'new'],
  ]);
  expect(await vault.dropOld('db')).toBe(1);
  expect(await vault.versions('db')).toHaveLength(1);
  await expect(vault.rotate('db', () => 7 as unknown as string)).rejects.toMatchObject({
    code: 'invalid-argument',
  });
  const theirs = new Error('the service is down');
  await expect(vault.rotate('db', () => Promise.reject(theirs))).rejects.toBe(theirs);
  await vault.rotate('db', () => 'new', { keepOld: true });
  expect(await vault.dropOld('nobody')).toBe(0);
});

test('a data key that is not there cannot be dropped', async () => {
  const vault = createVault({ driver: memoryDriver() });
  expect(await vault.dropKey('data', 1)).toBe(false);
  expect(await vault.deleteKey('data')).toBe(false);
});

test('a vault can be closed after it could not be opened, and locked while it is used', async () => {
  const broken = createVault({
    driver: driverThat({ open: () => Promise.reject(new StorageError('unavailable', 'no.')) }),
  });
  const attempt = broken.get('a');
  const closing = broken.close();
  await expect(attempt).rejects.toMatchObject({ code: 'unavailable' });
  await closing;
  const inner = memoryDriver();
  const vault = createVault({
    autoLockMs: 60_000,
    driver: driverThat({
      async read(entry) {
        await vault.lock();
        return inner.read(entry);
      },
    }),
  });
  expect(await vault.get('a')).toBeUndefined();
  expect(vault.isLocked).toBe(true);
});

test('a secret that is set while old ones are kept leaves them', async () => {
  const vault = createVault({ driver: memoryDriver() });
  await vault.set('db', 'one');
  await vault.rotate('db', () => 'two', { keepOld: true });
  await vault.set('db', 'three');
  const states = await vault.versions('db');
  expect(states.map(({ secret }) => [secret.version, secret.reveal()])).toEqual([
    [3, 'three'],
    [1, 'one'],
  ]);
});

describe('other places that are read', () => {
  test('are tried in order, and opened again after a failure', async () => {
    let opens = 0;
    const old = memoryDriver();
    await createVault({ driver: old }).set('github', 'hunter2');
    const failing = {
      ...old,
      async open() {
        opens += 1;
        if (opens === 1) throw new StorageError('unavailable', 'not yet.');
      },
    };
    const vault = createVault({ driver: memoryDriver(), alsoRead: [failing] });
    await expect(vault.get('github')).rejects.toMatchObject({ code: 'unavailable' });
    const secret = await vault.get('github');
    expect([secret?.reveal(), secret?.version, secret?.createdAt]).toEqual([
      'hunter2',
      0,
      undefined,
    ]);
    expect(await vault.has('github')).toBe(true);
    expect(await vault.has('nobody')).toBe(false);
    expect(await vault.delete('github')).toBe(true);
    expect(await vault.get('github')).toBeUndefined();
  });

  test('are taken over one by one: what fails stays and stops nothing', async () => {
    const removed: string[] = [];
    const source: SecretSource = {
      name: 'old store',
      list: async () => [{ service: 'a' }, { service: 'b' }, { service: 'c' }, { service: 'gone' }],
      async read({ service }) {
        if (service === 'b') throw new Error('cannot read hunter2');
        return service === 'gone' ? undefined : `secret of ${service}`;
      },
      async remove({ service }) {
        removed.push(service);
        return true;
      },
    };
    const vault = createVault({ driver: memoryDriver() });
    const report = await vault.importFrom(source);
    expect(report.imported).toEqual([{ service: 'a' }, { service: 'c' }]);
    expect(report.failed.map(({ name }) => name)).toEqual(['b']);
    expect(inspect(report, { depth: 9 })).not.toContain('hunter2');
    expect(removed).toEqual(['a', 'c']);
    expect(
      await vault.importFrom({ ...source, list: async () => [{ service: 'a' }] }),
    ).toMatchObject({
      imported: [{ service: 'a' }],
    });
  });

  test('keep what is not wanted, and what was not kept here', async () => {
    const source = memoryDriver();
    const old = createVault({ driver: source });
    await old.set('github', 'one');
    await old.set('gitlab', 'two');
    const entries = new Map<string, string>();
    const driver = memoryDriver({ entries });
    let reads = 0;
    const flaky: VaultDriver = {
      ...driver,
      // As it was written, and then something else.
      read: async (entry) => {
        reads += 1;
        return reads === 3 ? undefined : driver.read(entry);
      },
    };
    const only = ({ service }: { readonly service: string }) => service === 'github';
    const report = await createVault({ driver: flaky }).importFrom(source, { only });
    expect(report.failed).toMatchObject([{ name: 'github', error: { code: 'corrupted' } }]);
    expect(await old.list()).toEqual([{ service: 'github' }, { service: 'gitlab' }]);
    const fixed = { ...source, isReadOnly: true };
    const again = await createVault({ driver }).importFrom(fixed);
    expect(again.imported).toHaveLength(2);
    expect(await old.list()).toHaveLength(2);
  });

  test('are not the place itself', async () => {
    const entries = new Map<string, string>();
    const driver = memoryDriver({ entries });
    const vault = createVault({ driver });
    await vault.set('github', 'hunter2');
    for (const same of [driver, memoryDriver({ entries })]) {
      await expect(vault.importFrom(same)).rejects.toMatchObject({ code: 'invalid-argument' });
    }
    expect(await vault.has('github')).toBe(true);
    expect(entries.size).toBe(1);
    const fixed = createVault({ driver: { ...memoryDriver(), isReadOnly: true } });
    await expect(fixed.importFrom(driver)).rejects.toMatchObject({ code: 'permission-denied' });
    expect(entries.size).toBe(1);
  });

  test('do not replace a data key by another one', async () => {
    const source = memoryDriver({ entries: new Map([['!other/x', 'y']]) });
    await createVault({ driver: source }).key('data');
    const vault = createVault({ driver: memoryDriver() });
    const key = [...(await vault.key('data'))];
    const report = await vault.importFrom(source);
    expect(report.failed).toMatchObject([{ name: 'data', error: { code: 'conflict' } }]);
    expect([...(await vault.key('data'))]).toEqual(key);
    expect(await source.entries()).toContain('!key/data');
    const kept = await createVault({ driver: memoryDriver() }).importFrom(source, {
      keepOld: true,
    });
    expect(kept.keys).toEqual(['data']);
  });
});
