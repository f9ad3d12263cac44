import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

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

/** What the tests of one package did. */
export interface TestReport {
  readonly tests: readonly TestOutcome[];
  /** Errors outside of tests: files that do not load, unhandled rejections. */
  readonly errors: readonly string[];
}

const REPORT_FOLDER = 'coverage';
const REPORT_FILE = 'tests.json';

/** Writes the report of the package in `folder`. */
export async function writeTestReport(folder: string, report: TestReport): Promise<void> {
  await mkdir(join(folder, REPORT_FOLDER), { recursive: true });
  await writeFile(join(folder, REPORT_FOLDER, REPORT_FILE), `${JSON.stringify(report, null, 2)}\n`);
}

/** Returns the report that the last test run of the package in `folder` left, or undefined. */
export async function readTestReport(folder: string): Promise<TestReport | undefined> {
  try {
    return JSON.parse(await readFile(join(folder, REPORT_FOLDER, REPORT_FILE), 'utf8'));
  } catch {
    return undefined;
  }
}

/** Removes the report of an earlier run, so that a run that dies cannot pass with it. */
export async function removeTestReport(folder: string): Promise<void> {
  await rm(join(folder, REPORT_FOLDER, REPORT_FILE), { force: true });
}
