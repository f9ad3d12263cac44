import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startVitest, type TestModule } from 'vitest/node';
import { reportTests } from './report-tests.ts';
import { readTestReport, type TestReport } from './test-report.ts';

const TESTS = `
import { describe, test, expect } from 'vitest';
describe('outer', () => {
  test('passes', () => {});
  test('fails', () => { expect(1, 'one is not two').toBe(2); });
  test('skips with a reason', (ctx) => ctx.skip('no account'));
  test.skip('skips in silence', () => {});
});
`;
const BROKEN = `throw new Error('cannot load');`;
const BROKEN_SUITE = `
import { beforeAll, describe, test } from 'vitest';
describe('suite', () => {
  beforeAll(() => { throw new Error('no server'); });
  test('never runs', () => {});
});
`;

describe('reportTests', () => {
  let folder = '';
  let report: TestReport | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'granary-report-'));
    await mkdir(join(folder, 'node_modules'));
    await symlink(
      join(import.meta.dirname, '..', 'node_modules', 'vitest'),
      join(folder, 'node_modules', 'vitest'),
      'junction',
    );
    await writeFile(join(folder, 'a.test.ts'), TESTS);
    await writeFile(join(folder, 'broken.test.ts'), BROKEN);
    await writeFile(join(folder, 'suite.test.ts'), BROKEN_SUITE);
    const { exitCode } = process;
    const vitest = await startVitest('test', [], {
      root: folder,
      config: false,
      watch: false,
      reporters: [reportTests({ reports: join(folder, 'reports'), packagePath: folder })],
    });
    await vitest.close();
    process.exitCode = exitCode;
    report = await readTestReport(join(folder, 'reports'), folder);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  const outcome = (title: string) => report?.tests.find((test) => test.title.endsWith(title));

  test('records a test that passed, with its file and full title', () => {
    expect(outcome('> passes')).toEqual({
      file: 'a.test.ts',
      title: 'outer > passes',
      state: 'passed',
    });
  });

  test('records the first line of the error of a test that failed', () => {
    expect(outcome('> fails')).toMatchObject({
      state: 'failed',
      error: expect.stringContaining('one is not two'),
    });
  });

  test('records the reason of a skip', () => {
    expect(outcome('with a reason')).toMatchObject({ state: 'skipped', reason: 'no account' });
  });

  test('records no reason for a skip without one', () => {
    expect(outcome('in silence')).toMatchObject({ state: 'skipped' });
    expect(outcome('in silence')).not.toHaveProperty('reason');
  });

  test('records files that do not load and hooks that fail as errors', () => {
    expect(report?.errors).toContain('cannot load');
    expect(report?.errors).toContain('no server');
  });

  test('records a test that did not finish as failed', async () => {
    const pending = {
      module: { moduleId: join(folder, 'slow.test.ts') },
      fullName: 'hangs',
      result: () => ({ state: 'pending', errors: undefined }),
    };
    const module = {
      children: { allTests: () => [pending], allSuites: () => [] },
      errors: () => [],
    } as unknown as TestModule;
    const place = { reports: join(folder, 'others'), packagePath: folder };
    await reportTests(place).onTestRunEnd?.([module], [], 'interrupted');
    expect(await readTestReport(place.reports, folder)).toEqual({
      tests: [
        { file: 'slow.test.ts', title: 'hangs', state: 'failed', error: 'the test did not finish' },
      ],
      errors: [],
    });
  });

  test('records the coverage that was measured', async () => {
    const place = { reports: join(folder, 'covered'), packagePath: folder };
    const reporter = reportTests(place);
    const pct = (percent: number) => ({ pct: percent, total: 8 });
    const totals = { lines: pct(1), functions: pct(2), statements: pct(3), branches: pct(4) };
    await reporter.onCoverage?.({ getCoverageSummary: () => ({ toJSON: () => totals }) });
    await reporter.onTestRunEnd?.([], [], 'passed');
    expect((await readTestReport(place.reports, folder))?.coverage).toEqual({
      lines: 1,
      functions: 2,
      statements: 3,
      branches: 4,
    });
  });

  test('finds no report where no run left one', async () => {
    expect(await readTestReport(join(folder, 'nowhere'), folder)).toBeUndefined();
  });
});
