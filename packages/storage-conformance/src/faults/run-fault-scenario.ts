import { SkipSignal } from '../open-context.ts';
import type { Outcome } from '../run-scenario.ts';
import { answeredFaults } from './answered-faults.ts';
import { withFaults } from './fault-context.ts';
import type { FaultHarness } from './fault-harness.ts';
import type { FaultScenario } from './fault-scenario.ts';
import { lastingFaults } from './lasting-faults.ts';
import { passingFaults } from './passing-faults.ts';

/** Everything that `describeFaults` tries. */
export const faultScenarios: readonly FaultScenario[] = [
  ...lastingFaults,
  ...passingFaults,
  ...answeredFaults,
];

/** Runs one scenario behind a proxy of its own. Never rejects. */
export async function runFaultScenario(
  harness: FaultHarness,
  scenario: FaultScenario,
): Promise<Outcome> {
  try {
    await withFaults(harness, (context) => scenario.run(context));
    return { result: 'passed' };
  } catch (error) {
    if (error instanceof SkipSignal) return { result: 'skipped', reason: error.message };
    return { result: 'failed', error: error instanceof Error ? error : new Error(String(error)) };
  }
}
