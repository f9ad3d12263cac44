import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** What one test did. */
export interface TestOutcome {
  /** Path of the test file inside its package. */
  readonly file: string;
  /** Titles from the outermost `describe` to the test, joined by ` > `. */
  readonly title: string;
  readonly state: 'passed' | 'failed' | 'skipped';
  /** What `ctx.skip('reason')` was given. Absent for a test that was skipped in silence. */
  readonly reason?: string;
  /** First line of the first error. Absent unless the test failed. */
  readonly error?: string;
}

/** Percent of a package's code that its tests ran. */
export interface Coverage {
  readonly lines: number;
  readonly functions: number;
  readonly statements: number;
  readonly branches: number;
}

/** What the tests of one package did. */
export interface TestReport {
  readonly tests: readonly TestOutcome[];
  /** Errors outside of tests: files that do not load, unhandled rejections. */
  readonly errors: readonly string[];
  /** Absent when coverage was not measured. */
  readonly coverage?: Coverage;
}

/** Names the folder in which the runs of all packages leave their reports. */
export const REPORTS_VARIABLE = 'GRANARY_TEST_REPORTS';

/** Returns where a package's run leaves what it has to say: a folder of its own in `reports`. */
export function reportFolder(reports: string, packagePath: string): string {
  return join(reports, `${basename(dirname(packagePath))}-${basename(packagePath)}`);
}

/** Writes the report of the package in `packagePath`. */
export async function writeTestReport(
  reports: string,
  packagePath: string,
  report: TestReport,
): Promise<void> {
  const folder = reportFolder(reports, packagePath);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'tests.json'), `${JSON.stringify(report, null, 2)}\n`);
}

/** Returns the report that the package in `packagePath` left, or undefined. */
export async function readTestReport(
  reports: string,
  packagePath: string,
): Promise<TestReport | undefined> {
  const file = join(reportFolder(reports, packagePath), 'tests.json');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  return text === undefined ? undefined : JSON.parse(text);
}
