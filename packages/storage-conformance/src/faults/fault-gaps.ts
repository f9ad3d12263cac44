import type { Outcome } from '../run-scenario.ts';
import type { FaultHarness } from './fault-harness.ts';
import type { FaultScenario } from './fault-scenario.ts';

/** The outcome with the known gaps in mind: a gap has to fail. */
export function judgeFault(
  { knownGaps = {} }: FaultHarness,
  { title }: FaultScenario,
  outcome: Outcome,
): Outcome {
  const reason = Object.hasOwn(knownGaps, title) ? knownGaps[title] : undefined;
  if (reason === undefined || outcome.result === 'skipped') return outcome;
  if (outcome.result === 'failed') return { result: 'passed' };
  const error = new Error(`the known gap is closed (${reason}); remove it`);
  return { result: 'failed', error };
}

/** What is wrong with known gaps that name nothing. */
export function strayGaps(
  { knownGaps = {} }: FaultHarness,
  scenarios: readonly FaultScenario[],
): readonly string[] {
  return Object.keys(knownGaps)
    .filter((title) => !scenarios.some((scenario) => scenario.title === title))
    .map((title) => `the known gap ${JSON.stringify(title)} names no scenario`);
}
