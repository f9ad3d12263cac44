import { describe, expect, it } from 'vitest';
import { judgeFault, strayGaps } from './faults/fault-gaps.ts';
import type { FaultHarness } from './faults/fault-harness.ts';
import type { FaultScenario } from './faults/fault-scenario.ts';
import { faultScenarios, runFaultScenario } from './faults/run-fault-scenario.ts';
import type { Harness } from './harness.ts';
import { checkKnownGaps, judge } from './known-gaps.ts';
import { type PropertyOptions, runProperties } from './model/run-properties.ts';
import { type ConformanceOptions, isChosen } from './run-conformance.ts';
import { runScenario, timeoutOf } from './run-scenario.ts';
import { type Scenario, scenarioName } from './scenario.ts';
import { allScenarios } from './scenarios.ts';

/** What of the kit becomes tests. */
export type DescribeOptions = Pick<ConformanceOptions, 'rules' | 'slow' | 'scenarios'>;

const PROPERTY_TIMEOUT_MS = 120_000;
const FAULT_TIMEOUT_MS = 60_000;

export type { ContentWay, FaultHarness, FaultPlace, FaultStore } from './faults/fault-harness.ts';
export type { FaultScenario } from './faults/fault-scenario.ts';

/** What of the fault scenarios becomes tests. */
export interface DescribeFaultsOptions {
  /** Default: all of them. */
  readonly scenarios?: readonly FaultScenario[];
}

/**
 * Makes one vitest test of each scenario, named by rule and title. A scenario that needs what is
 * not declared is skipped with the reason; a known gap is expected to fail.
 */
export function describeConformance(harness: Harness, options: DescribeOptions = {}): void {
  const all = options.scenarios ?? allScenarios;
  const chosen = all.filter((scenario) => isChosen(scenario, options));
  describe(`${harness.name} keeps the storage contract`, () => {
    const ran: Scenario[] = [];
    const failed: Scenario[] = [];
    for (const scenario of chosen) {
      const timeout = timeoutOf(harness, scenario) * 3;
      it(scenarioName(scenario), { timeout }, async ({ skip }) => {
        const outcome = await runScenario(harness, scenario);
        ran.push(scenario);
        const { result, reason } = judge(harness, scenario, outcome);
        if (result === 'skipped') skip(reason);
        if (result === 'known-gap') failed.push(scenario);
        else if (outcome.result === 'failed') throw outcome.error;
      });
    }
    if (Object.keys(harness.knownGaps ?? {}).length > 0) {
      it('GAPS every known gap names a scenario that still fails', () => {
        expect(checkKnownGaps(harness, all, ran, failed)).toEqual([]);
      });
    }
  });
}

/** Makes one vitest test that compares the provider with a plain model over random operations. */
export function describeProperties(harness: Harness, options: PropertyOptions = {}): void {
  describe(`${harness.name} agrees with a plain model`, () => {
    it('over random sequences of operations', { timeout: PROPERTY_TIMEOUT_MS }, async () => {
      await runProperties(harness, options);
    });
  });
}

/**
 * Makes one vitest test of each thing that goes wrong between a remote backend and its server: for
 * reads, writes, listings and uploads that nothing hangs, nothing is half written, errors say what
 * happened, what can be tried again is, and connections are let go. Needs Node. The tests of one
 * harness run side by side.
 */
export function describeFaults(harness: FaultHarness, options: DescribeFaultsOptions = {}): void {
  const { scenarios = faultScenarios } = options;
  describe.concurrent(`${harness.name} keeps its word when the network does not`, () => {
    for (const scenario of scenarios) {
      it(scenario.title, { timeout: FAULT_TIMEOUT_MS }, async ({ skip }) => {
        const outcome = await runFaultScenario(harness, scenario);
        const judged = judgeFault(harness, scenario, outcome);
        if (judged.result === 'skipped') skip(judged.reason);
        if (judged.result === 'failed') throw judged.error;
      });
    }
    if (harness.knownGaps !== undefined) {
      it('GAPS every known gap names a scenario', () => {
        expect(strayGaps(harness, faultScenarios)).toEqual([]);
      });
    }
  });
}
