import type { Capabilities } from '@granary/storage-core/provider';
import { forEach } from './content.ts';
import type { Harness } from './harness.ts';
import { checkKnownGaps, judge, openGaps } from './known-gaps.ts';
import { openContext } from './open-context.ts';
import type { ConformanceReport, ScenarioReport, ScenarioVerdict } from './report.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { allScenarios } from './scenarios.ts';

/** What of the kit is run, and how. */
export interface ConformanceOptions {
  /** Rules, or areas such as `LIST`. Default: all. */
  readonly rules?: readonly string[];
  /** Runs slow scenarios too. Default: true. */
  readonly slow?: boolean;
  /** Scenarios at a time, each in a store of its own. Default: 1. */
  readonly concurrency?: number;
  /** Default: {@link allScenarios}. */
  readonly scenarios?: readonly Scenario[];
  /** Told of every scenario as it ends. */
  readonly onResult?: (result: ScenarioReport) => void;
}

/**
 * Runs the kit and tells what it found. Needs no test runner, and does not reject: everything that
 * goes wrong is in the report.
 */
export async function runConformance(
  harness: Harness,
  options: ConformanceOptions = {},
): Promise<ConformanceReport> {
  const started = performance.now();
  const capabilities = await capabilitiesOf(harness);
  const all = options.scenarios ?? allScenarios;
  const chosen = all.filter((scenario) => isChosen(scenario, options));
  const scenarios: ScenarioReport[] = [];
  await forEach(chosen.entries(), options.concurrency ?? 1, async ([place, scenario]) => {
    const report = await reportOn(harness, scenario);
    scenarios[place] = report;
    options.onResult?.(report);
  });

  const stale = checkKnownGaps(harness, all, chosen, openGaps(scenarios)).map(
    (reason): ScenarioReport => ({
      rule: 'GAPS',
      title: 'every known gap names a scenario that still fails',
      result: 'failed',
      reason,
      ms: 0,
    }),
  );
  const lines = [...scenarios, ...stale];
  const count = (verdict: ScenarioVerdict) =>
    lines.filter(({ result }) => result === verdict).length;
  return {
    name: harness.name,
    ok: count('failed') === 0,
    specVersion: 1,
    capabilities,
    passed: count('passed'),
    failed: count('failed'),
    skipped: count('skipped'),
    knownGaps: count('known-gap'),
    ms: performance.now() - started,
    scenarios: lines,
  };
}

/** Whether the options leave the scenario in. */
export function isChosen(
  { rule, slow }: Scenario,
  options: Pick<ConformanceOptions, 'rules' | 'slow'>,
): boolean {
  if (slow === true && options.slow === false) return false;
  const { rules } = options;
  return rules === undefined || rules.some((name) => rule === name || rule.startsWith(`${name}-`));
}

async function reportOn(harness: Harness, scenario: Scenario): Promise<ScenarioReport> {
  const started = performance.now();
  const outcome = await runScenario(harness, scenario);
  const { rule, title } = scenario;
  return { rule, title, ...judge(harness, scenario, outcome), ms: performance.now() - started };
}

async function capabilitiesOf(harness: Harness): Promise<Capabilities> {
  try {
    const { context, close } = await openContext(harness);
    await close();
    return context.capabilities;
  } catch {
    // A provider that cannot be opened fails every scenario, and each says why.
    return {};
  }
}
