import { describe, expect, it } from 'vitest';
import type { ConformanceReport } from '../../src/report.ts';
import { runConformance } from '../../src/run-conformance.ts';
import type { Scenario } from '../../src/scenario.ts';
import { allScenarios } from '../../src/scenarios.ts';
import { mapHarness } from '../providers/map-harness.ts';
import { changedEngine, type EngineMutation, engineMutations } from './engine-mutations.ts';
import { layerMutations } from './layer-mutations.ts';

describe('the kit', () => {
  it.each(layerMutations.map((mutation) => [mutation.rule, mutation.name, mutation] as const))(
    'finds by %s the layer that %s',
    async (rule, _name, { layer }) => {
      const { failed } = await runConformance(mapHarness({ layer, timeoutMs: 1000 }), {
        rules: [rule],
      });
      expect(failed).toBeGreaterThan(0);
    },
  );

  it.each(engineMutations.map((mutation) => [mutation.rule, mutation.name, mutation] as const))(
    'finds by %s the engine that %s',
    async (rule, _name, mutation) => {
      expect((await runOver(mutation, rule, 1000)).failed).toBeGreaterThan(0);
    },
  );

  it('finds nothing wrong with an engine that is only wrapped', async () => {
    const same: EngineMutation = { rule: '', name: '', change: () => ({}) };
    const rules = [...new Set(engineMutations.map(({ rule }) => rule))];
    for (const rule of rules) expect((await runOver(same, rule)).failed).toBe(0);
  }, 30_000);
});

/** Runs the scenarios of a rule with a broken engine in the place of the real one. */
function runOver(
  mutation: EngineMutation,
  rule: string,
  timeoutMs?: number,
): Promise<ConformanceReport> {
  const scenarios = allScenarios.map(
    (scenario): Scenario => ({
      ...scenario,
      run: (context) =>
        scenario.run({
          ...context,
          storage: (...given) => changedEngine(context.storage(...given), mutation),
        }),
    }),
  );
  return runConformance(mapHarness(timeoutMs === undefined ? {} : { timeoutMs }), {
    rules: [rule],
    scenarios,
  });
}
