import type { TestReport } from '@granary-tools/presets/test-report';
import { describe, expect, test } from 'vitest';
import { testEntries } from './test-entries.ts';

const full = { lines: 100, functions: 100, statements: 100, branches: 95 };
const passing: TestReport = {
  tests: [{ file: 'a.test.ts', title: 'a > b', state: 'passed' }],
  errors: [],
};
const entries = (report: TestReport | undefined, exitCode = 0, coverage = full) =>
  testEntries('pkg', { report: report && { ...report, coverage }, exitCode });

describe('testEntries', () => {
  test('counts each test and the coverage gate', () => {
    expect(entries(passing)).toEqual([
      { group: 'pkg', title: 'a.test.ts > a > b', state: 'passed' },
      { group: 'pkg', title: 'coverage of at least 95 %', state: 'passed' },
    ]);
  });

  test('names each kind of coverage that is below the gate', () => {
    const [, coverage] = entries(passing, 1, { ...full, branches: 94.99, lines: 80 });
    expect(coverage).toMatchObject({ state: 'failed', reason: 'lines 80 %, branches 94.99 %' });
  });

  test('keeps the reason of a skip', () => {
    const [entry] = entries({
      tests: [{ file: 'a.test.ts', title: 'live', state: 'skipped', reason: 'no account' }],
      errors: [],
    });
    expect(entry).toMatchObject({ state: 'skipped', reason: 'no account' });
  });

  test('fails a skip without a reason', () => {
    const [entry] = entries({
      tests: [{ file: 'a.test.ts', title: 'later', state: 'skipped' }],
      errors: [],
    });
    expect(entry).toMatchObject({ state: 'failed', reason: expect.stringContaining('ctx.skip') });
  });

  test('fails with the error of a test', () => {
    const [entry] = entries(
      { tests: [{ file: 'a.test.ts', title: 't', state: 'failed', error: 'boom' }], errors: [] },
      1,
    );
    expect(entry).toMatchObject({ state: 'failed', reason: 'boom' });
  });

  test('fails for errors outside of tests', () => {
    expect(entries({ tests: [], errors: ['cannot load'] }, 1)).toContainEqual({
      group: 'pkg',
      title: 'outside of tests',
      state: 'failed',
      reason: 'cannot load',
    });
  });

  test('fails a run that left no report', () => {
    expect(entries(undefined, 1)).toMatchObject([{ title: 'test run', state: 'failed' }]);
  });

  test('fails a run whose exit code nothing explains', () => {
    expect(entries(passing, 137).at(-1)).toMatchObject({
      title: 'test run',
      state: 'failed',
      reason: expect.stringContaining('137'),
    });
  });

  test('does without coverage where none was measured', () => {
    expect(testEntries('pkg', { report: passing, exitCode: 0 })).toHaveLength(1);
  });
});
