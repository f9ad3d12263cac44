import { describe, expect, test } from 'vitest';
import { memoryDriver } from '../memory-driver.ts';
import { envDriver } from './env-driver.ts';
import { createVault } from './node-vault.ts';

const env = {
  GRANARY_SECRET_GITHUB: 'hunter2',
  GRANARY_SECRET_GITHUB__ANN_EXAMPLE: 'of ann',
  GRANARY_SECRET_EMPTY: '',
  GRANARY_SECRET_: 'nameless',
  GRANARY_SECRET_GONE: undefined,
  GRANARY_KEY_DATA: Buffer.alloc(32, 7).toString('base64'),
  GRANARY_KEY_SHORT: 'c2hvcnQ=',
  OTHER: 'x',
};

describe('the environment', () => {
  const vault = createVault({ driver: envDriver({ env }) });

  test('is read by the names of services and accounts', async () => {
    expect((await vault.get('github'))?.reveal()).toBe('hunter2');
    expect((await vault.get('GitHub'))?.reveal()).toBe('hunter2');
    expect((await vault.get('github', 'ann-example'))?.reveal()).toBe('of ann');
    expect((await vault.get('empty'))?.reveal()).toBe('');
    expect((await vault.get('github'))?.createdAt).toBeUndefined();
    for (const name of ['gone', 'other', 'nobody']) expect(await vault.get(name)).toBeUndefined();
    expect(await vault.list()).toEqual([
      { service: 'empty' },
      { service: 'github' },
      { service: 'github', account: 'ann_example' },
    ]);
  });

  test('has data keys', async () => {
    expect([...(await vault.key('data'))]).toEqual(Array.from({ length: 32 }, () => 7));
    expect(await vault.listKeys()).toEqual(['data', 'short']);
    expect(await vault.keyVersions('data')).toEqual([
      { version: 1, createdAt: undefined, isCurrent: true },
    ]);
    await expect(vault.key('short')).rejects.toMatchObject({ code: 'invalid-data' });
    await expect(vault.key('another')).rejects.toMatchObject({ code: 'not-found' });
  });

  test('refuses to be written', async () => {
    const calls = [
      vault.set('github', 'hunter3'),
      vault.delete('github'),
      vault.rotate('github', () => 'x'),
      vault.rotateKey('data'),
      vault.deleteKey('data'),
      vault.dropOld('github'),
    ];
    for (const call of calls) {
      await expect(call).rejects.toMatchObject({ code: 'permission-denied' });
    }
    const driver = envDriver({ env });
    await expect(driver.write('github', 'x')).rejects.toMatchObject({ code: 'permission-denied' });
    await expect(driver.remove('github')).rejects.toMatchObject({ code: 'permission-denied' });
    expect(await driver.exclusively(async () => 1)).toBe(1);
    expect(await driver.read('!other/x')).toBeUndefined();
  });

  test('is refused in production, but for what is named', async () => {
    const production = { ...env, NODE_ENV: 'production' };
    const strict = createVault({ driver: envDriver({ env: production }) });
    await expect(strict.get('github')).rejects.toMatchObject({ code: 'permission-denied' });
    expect(await strict.get('nobody')).toBeUndefined();
    const some = createVault({
      driver: envDriver({ env: production, allowInProduction: ['github', 'data'] }),
    });
    expect((await some.get('github'))?.reveal()).toBe('hunter2');
    expect(await some.key('data')).toHaveLength(32);
    await expect(some.get('empty')).rejects.toMatchObject({ code: 'permission-denied' });
    const info = await some.getInfo();
    expect(info).toMatchObject({ driver: 'env', isReadOnly: true });
  });

  test('is a fallback of another vault', async () => {
    await using both = createVault({ driver: memoryDriver(), alsoRead: [envDriver({ env })] });
    expect((await both.get('github'))?.reveal()).toBe('hunter2');
    await both.set('github', 'mine');
    expect((await both.get('github'))?.reveal()).toBe('mine');
    expect(await both.list()).toContainEqual({ service: 'empty' });
    expect(await both.delete('github')).toBe(true);
    expect((await both.get('github'))?.reveal()).toBe('hunter2');
    expect((await both.getInfo()).alsoReads).toEqual(['env']);
    const report = await both.importFrom(envDriver({ env }));
    expect(report.imported).toHaveLength(3);
    expect(report.failed).toEqual([]);
    expect((await both.get('empty'))?.version).toBe(1);
  });

  test('is that of this process by default', async () => {
    expect(await createVault({ driver: envDriver() }).get(`nobody-${process.pid}`)).toBeUndefined();
  });
});
