import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { type Coverage, type TestOutcome, writeTestReport } from './test-report.ts';

/** Where a report goes. */
export interface ReportPlace {
  /** Folder of the reports of all packages. */
  readonly reports: string;
  /** Absolute path of the package whose tests run. */
  readonly packagePath: string;
}

/** The part of the coverage map that is read here. */
interface CoverageMap {
  getCoverageSummary(): {
    toJSON(): Readonly<Record<keyof Coverage, { readonly pct: number }>>;
  };
}

/** Returns a vitest reporter that leaves a report of every test and of the coverage. */
export function reportTests({ reports, packagePath }: ReportPlace): Reporter {
  let coverage: Coverage | undefined;
  return {
    onCoverage(map) {
      const summary = (map as CoverageMap).getCoverageSummary().toJSON();
      const { lines, functions, statements, branches } = summary;
      coverage = {
        lines: lines.pct,
        functions: functions.pct,
        statements: statements.pct,
        branches: branches.pct,
      };
    },
    async onTestRunEnd(modules, unhandledErrors) {
      const errors = [...unhandledErrors, ...modules.flatMap((module) => suiteErrors(module))];
      await writeTestReport(reports, packagePath, {
        tests: modules.flatMap((module) =>
          [...module.children.allTests()].map((test) => toOutcome(test, packagePath)),
        ),
        errors: errors.map((error) => firstLine(error.message)),
        ...(coverage && { coverage }),
      });
    },
  };
}

function suiteErrors(module: TestModule): { readonly message: string }[] {
  const suites = [...module.children.allSuites()];
  return [...module.errors(), ...suites.flatMap((suite) => suite.errors())];
}

function toOutcome(test: TestCase, packagePath: string): TestOutcome {
  const place = { file: relative(packagePath, test.module.moduleId), title: test.fullName };
  const result = test.result();
  if (result.state === 'passed') return { ...place, state: 'passed' };
  if (result.state === 'skipped') {
    return { ...place, state: 'skipped', ...(result.note ? { reason: result.note } : {}) };
  }
  const messages = result.errors?.map((error) => error.message) ?? ['the test did not finish'];
  return { ...place, state: 'failed', error: firstLine(messages.join('\n')) };
}

function firstLine(message: string): string {
  return message.replace(/\n.*/s, '');
}
