import type { Harness } from './harness.ts';
import { unmetNeed } from './needs.ts';
import { openContext, SkipSignal, timeoutMsOf } from './open-context.ts';
import type { Scenario } from './scenario.ts';
import { show } from './show.ts';

/** What became of one scenario. */
export type Outcome =
  | { readonly result: 'passed' }
  | { readonly result: 'failed'; readonly error: Error }
  | { readonly result: 'skipped'; readonly reason: string };

const SLOW_FACTOR = 6;

/** The longest a scenario may take. Units: ms. */
export function timeoutOf(harness: Harness, scenario: Scenario): number {
  const timeoutMs = timeoutMsOf(harness);
  return scenario.slow === true ? timeoutMs * SLOW_FACTOR : timeoutMs;
}

/** Runs one scenario in a store of its own. Never rejects. */
export async function runScenario(harness: Harness, scenario: Scenario): Promise<Outcome> {
  try {
    const timeoutMs = timeoutOf(harness, scenario);
    const { context, store, close } = await within(openContext(harness), timeoutMs, 'opening');
    const outcome = await attempt(async () => {
      const reason = unmetNeed(scenario.needs ?? [], context.capabilities, store, harness);
      if (reason !== undefined) context.skip(reason);
      await within(scenario.run(context), timeoutMs, 'the scenario');
    });
    try {
      await within(close(), timeoutMsOf(harness), 'closing');
    } catch (error) {
      if (outcome.result !== 'failed') return { result: 'failed', error: asError(error) };
    }
    return outcome;
  } catch (error) {
    return { result: 'failed', error: asError(error) };
  }
}

async function attempt(action: () => Promise<void>): Promise<Outcome> {
  try {
    await action();
    return { result: 'passed' };
  } catch (error) {
    if (error instanceof SkipSignal) return { result: 'skipped', reason: error.message };
    return { result: 'failed', error: asError(error) };
  }
}

async function within<Value>(work: Promise<Value>, ms: number, what: string): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took longer than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(`something that is no error: ${show(error)}`);
}
