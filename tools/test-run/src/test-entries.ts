import type { Coverage, TestOutcome, TestReport } from '@granary-tools/presets/test-report';
import type { Entry } from './tally.ts';

/** How the test run of one package ended. */
export interface TestRun {
  readonly exitCode: number;
  /** Absent when the run died before it could write one. */
  readonly report: TestReport | undefined;
}

const COVERAGE_PERCENT = 95;
const KINDS = ['lines', 'functions', 'statements', 'branches'] as const;

/**
 * Returns the entries of one package: each test, its coverage, and whatever else made the run fail.
 * A skip without a reason is a failure.
 */
export function testEntries(group: string, run: TestRun): readonly Entry[] {
  const { report, exitCode } = run;
  if (!report) {
    return [{ group, title: 'test run', state: 'failed', reason: 'it ended without a report' }];
  }
  const entries = [
    ...report.tests.map((test) => testEntry(group, test)),
    ...report.errors.map((error) => failure(group, 'outside of tests', error)),
    ...(report.coverage ? [coverageEntry(group, report.coverage)] : []),
  ];
  const explained = entries.some(({ state }) => state === 'failed');
  return exitCode === 0 || explained
    ? entries
    : [...entries, failure(group, 'test run', `exit code ${exitCode} though no test failed`)];
}

function testEntry(group: string, { file, title, state, reason, error }: TestOutcome): Entry {
  const name = `${file} > ${title}`;
  if (state === 'passed') return { group, title: name, state };
  if (state === 'skipped' && reason) return { group, title: name, state, reason };
  return failure(
    group,
    name,
    error ?? "skipped without a reason; write ctx.skip('reason') inside the test",
  );
}

function coverageEntry(group: string, coverage: Coverage): Entry {
  const title = `coverage of at least ${COVERAGE_PERCENT} %`;
  const below = KINDS.filter((kind) => coverage[kind] < COVERAGE_PERCENT);
  if (below.length === 0) return { group, title, state: 'passed' };
  return failure(group, title, below.map((kind) => `${kind} ${coverage[kind]} %`).join(', '));
}

function failure(group: string, title: string, reason: string): Entry {
  return { group, title, state: 'failed', reason };
}
