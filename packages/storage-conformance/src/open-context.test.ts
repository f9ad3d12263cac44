import type { StorageProvider } from '@granary/storage-core/provider';
import { expect, it } from 'vitest';
import { mapHarness } from '../test/providers/map-harness.ts';
import type { Harness } from './harness.ts';
import { mismatches } from './optional-operations.ts';
import { runScenario } from './run-scenario.ts';
import type { ScenarioContext } from './scenario.ts';

/** The map, of which nothing but one provider can be had. */
const bare: Harness = {
  name: 'a map that is opened once',
  async create() {
    const { provider } = await mapHarness({ name: 'a map' }).create();
    return { provider };
  },
};

function run(work: (context: ScenarioContext) => Promise<unknown>) {
  return runScenario(bare, {
    rule: 'X-1',
    title: 'tries it',
    run: async (one) => void (await work(one)),
  });
}

it('skips what the harness cannot do, and says why', async () => {
  expect(await run((context) => context.reopen())).toEqual({
    result: 'skipped',
    reason: 'the harness has no `reopen`',
  });
  expect(await run(async (context) => context.layer(context.provider))).toEqual({
    result: 'skipped',
    reason: 'the harness is not one of a layer',
  });
  expect(await run((context) => context.during('unavailable', async () => {}))).toMatchObject({
    result: 'skipped',
    reason: expect.stringContaining('"unavailable"'),
  });
});

it('names operations that are there or missing against what is declared', () => {
  const provider = { copy: async () => ({}) } as unknown as StorageProvider;
  const etags = { attributes: 'none', etagCovers: 'write' } as const;
  expect(mismatches(provider, { ...etags, move: true })).toEqual([
    '`copy` is there and not declared',
    '`move` is missing and declared',
  ]);
});
