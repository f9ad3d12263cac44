import { describe, expect, test, vi } from 'vitest';
import { filled } from '../../test/guarded-provider.ts';
import { tinyProvider } from '../../test/tiny-provider.ts';
import { toBody } from '../bodies/to-body.ts';
import { guardProvider } from './guard-provider.ts';

describe('a batch through the guard', () => {
  test('gives an item that is not valid its own error', async () => {
    const { tiny, provider } = await filled();
    const cancel = vi.fn(async () => {});
    const results = await provider.putMany?.(
      [
        { key: 'b', body: toBody('1') },
        { key: '../x', body: { ...toBody('2'), cancel } },
        { key: 'c', body: toBody('3'), options: { ifMatch: 'wrong' } },
        { key: 'b', body: toBody('4') },
      ],
      {},
    );
    expect(results).toMatchObject([
      { key: 'b', ok: true },
      {
        key: '../x',
        ok: false,
        error: { code: 'invalid-key', key: '../x', operation: 'putMany', outcome: 'not-applied' },
      },
      { key: 'c', ok: false, error: { code: 'precondition-failed', key: 'c', provider: 'tiny' } },
      { key: 'b', ok: true },
    ]);
    expect(cancel).toHaveBeenCalledTimes(1);
    expect(tiny.calls[0]).toBe('putMany b,c,b');
  });

  test('that is empty, or valid nowhere, asks nothing of the provider', async () => {
    const { tiny, provider } = await filled();
    expect(await provider.statMany?.([], {})).toEqual([]);
    expect(await provider.deleteMany?.(['/', ''], {})).toMatchObject([
      { ok: false },
      { ok: false },
    ]);
    expect(tiny.calls).toEqual([]);
  });

  test('that is atomic fails as a whole', async () => {
    const { tiny, provider } = await filled({ capabilities: { atomicBatch: true } });
    await expect(provider.deleteMany?.(['a', '/'], { atomic: true })).rejects.toMatchObject({
      code: 'invalid-key',
    });
    expect(tiny.calls).toEqual([]);
  });

  test('gives objects with the terms of a single read', async () => {
    const { provider } = await filled();
    const [result] = (await provider.getMany?.(['a'], {})) ?? [];
    const object = result?.ok ? result.value : expect.unreachable();
    await object.text();
    await expect(object.text()).rejects.toMatchObject({ provider: 'tiny' });
  });

  test('fails when results are missing, and lets go of every source', async () => {
    const cancel = vi.fn(async () => {});
    const provider = guardProvider({ ...tinyProvider(), putMany: async () => [] });
    const entry = { key: 'a', body: { ...toBody('x'), cancel } };
    await expect(provider.putMany?.([entry], {})).rejects.toThrow(
      '0 results came back for 1 items',
    );
    expect(cancel).toHaveBeenCalled();
  });
});
