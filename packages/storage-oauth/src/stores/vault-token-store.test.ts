import { createVault, memoryDriver } from '@granary/storage-credentials';
import { expect, test } from 'vitest';
import { memoryTokenStore } from './memory-token-store.ts';
import { vaultTokenStore } from './vault-token-store.ts';

const ANN = { space: 'google/me', account: 'ann' };

test.each([
  ['a vault', () => vaultTokenStore(createVault({ driver: memoryDriver() }))],
  ['memory', memoryTokenStore],
])(
  'tokens in %s are written, replaced when nothing else did, listed and removed',
  async (_name, make) => {
    const store = make();
    expect(await store.read(ANN)).toBeUndefined();
    expect(await store.swap(ANN, 'one', 'two')).toBe(false);
    await store.write(ANN, 'one');
    expect(await store.swap(ANN, 'other', 'two')).toBe(false);
    const swaps = await Promise.all(['a', 'b', 'c'].map((text) => store.swap(ANN, 'one', text)));
    expect(swaps.filter(Boolean)).toHaveLength(1);
    await store.write({ ...ANN, space: 'google/you' }, 'x');
    expect(await store.list(ANN.space)).toEqual(['ann']);
    await store.remove(ANN);
    expect(await store.list(ANN.space)).toEqual([]);
  },
);

test('what the vault fails with is not hidden', async () => {
  const vault = createVault({ driver: memoryDriver() });
  const store = vaultTokenStore(vault);
  await vault.set('other', 'x');
  await store.write(ANN, 'one');
  await vault.lock();
  await expect(store.swap(ANN, 'one', 'two')).rejects.toMatchObject({ code: 'permission-denied' });
});
