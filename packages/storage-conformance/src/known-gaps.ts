import type { Harness } from './harness.ts';
import type { ScenarioReport } from './report.ts';
import type { Outcome } from './run-scenario.ts';
import { type Scenario, scenarioName } from './scenario.ts';

/** The known gap that covers a scenario. */
export interface KnownGap {
  readonly name: string;
  readonly reason: string;
  /** It fails in some runs alone. */
  readonly isSometimes: boolean;
}

/** The part of a scenario's report that its outcome decides. */
export type Judgement = Pick<ScenarioReport, 'result' | 'reason'>;

/** The gap that names the scenario, else the one that names its rule. */
function gapOf(
  { knownGaps = {} }: Harness,
  scenario: Pick<Scenario, 'rule' | 'title'>,
): KnownGap | undefined {
  for (const name of [scenarioName(scenario), scenario.rule]) {
    const gap = Object.hasOwn(knownGaps, name) ? knownGaps[name] : undefined;
    if (typeof gap === 'string') return { name, reason: gap, isSometimes: false };
    if (gap !== undefined) return { name, reason: gap.reason, isSometimes: gap.sometimes };
  }
  return undefined;
}

/** What a report says of an outcome: a failure that was known is no failure. */
export function judge(
  harness: Harness,
  scenario: Pick<Scenario, 'rule' | 'title'>,
  outcome: Outcome,
): Judgement {
  if (outcome.result === 'passed') return { result: 'passed' };
  if (outcome.result === 'skipped') return { result: 'skipped', reason: outcome.reason };
  const gap = gapOf(harness, scenario);
  return gap === undefined
    ? { result: 'failed', reason: outcome.error.message }
    : { result: 'known-gap', reason: gap.reason };
}

/** Scenarios that failed as expected. */
export function openGaps(
  reports: readonly ScenarioReport[],
): readonly Pick<Scenario, 'rule' | 'title'>[] {
  return reports.filter(({ result }) => result === 'known-gap');
}

/**
 * What is wrong with a harness's known gaps after a run: those that name nothing, and those of
 * which nothing failed.
 */
export function checkKnownGaps(
  harness: Harness,
  all: readonly Scenario[],
  ran: readonly Scenario[],
  failed: readonly Pick<Scenario, 'rule' | 'title'>[],
): string[] {
  const problems: string[] = [];
  const isNamed = (name: string) => (scenario: Pick<Scenario, 'rule' | 'title'>) =>
    scenario.rule === name || scenarioName(scenario) === name;
  for (const [name, gap] of Object.entries(harness.knownGaps ?? {})) {
    const mayPass = typeof gap !== 'string' && gap.sometimes;
    if (!all.some(isNamed(name))) {
      problems.push(`the known gap ${JSON.stringify(name)} names no rule and no scenario`);
    } else if (
      !mayPass &&
      ran.some(isNamed(name)) &&
      !failed.some((it) => gapOf(harness, it)?.name === name)
    ) {
      problems.push(
        `the known gap ${JSON.stringify(name)} is closed: nothing that it names fails any more; remove it`,
      );
    }
  }
  return problems;
}
