import type { StorageProvider } from '@granary/storage-core/provider';
import { describe, expect, it } from 'vitest';
import { mapHarness } from '../../test/providers/map-harness.ts';
import { relay } from '../relay.ts';
import { runProperties } from './run-properties.ts';

function broken(change: (provider: StorageProvider) => Partial<StorageProvider>) {
  return mapHarness({ name: 'broken', wrap: (provider) => relay(provider, change(provider)) });
}

describe('runProperties', () => {
  it('agrees with a provider that is right, and tells the seed', async () => {
    expect(await runProperties(mapHarness(), { runs: 30, seed: 1 })).toEqual({ runs: 30, seed: 1 });
    const { seed, runs } = await runProperties(mapHarness(), { runs: 2, maxOperations: 5 });
    expect(runs).toBe(2);
    expect(Number.isInteger(seed)).toBe(true);
  });

  it('agrees with a provider that can do little', async () => {
    const plain = mapHarness({
      wrap: ({ get, put, stat, delete: remove, list, name }) => ({
        specVersion: 1,
        name,
        capabilities: { attributes: 'none', etagCovers: 'write', caseSensitive: false },
        get,
        put,
        stat,
        delete: remove,
        list,
      }),
    });
    expect((await runProperties(plain, { runs: 30, seed: 2 })).runs).toBe(30);
  });

  it('gives the shortest sequence that goes wrong, and the way to see it again', async () => {
    const harness = broken((provider) => ({
      async delete(key, options) {
        await provider.delete(`${key}/b`, {});
        return provider.delete(key, options);
      },
    }));
    const failure = runProperties(harness, { seed: 3, runs: 100 });
    await expect(failure).rejects.toThrow(/broken and the model disagree after 2 operations/);
    await expect(failure).rejects.toThrow(/1\. \w+ \{ .*\n {2}2\. delete/);
    await expect(failure).rejects.toThrow(/seed: 3/);
  });

  it('finds what throws something that is no error', async () => {
    const harness = mapHarness({
      wrap: (provider) => relay(provider, { put: () => Promise.reject('text') }),
    });
    await expect(runProperties(harness, { seed: 4 })).rejects.toThrow(/disagree/);
  });
});
