import { relative } from 'node:path';
import type { Reporter, TestCase, TestModule } from 'vitest/node';
import { type TestOutcome, writeTestReport } from './test-report.ts';

/** Returns a vitest reporter that leaves a report of every test in the package's coverage folder. */
export function reportTests(folder: string = process.cwd()): Reporter {
  return {
    async onTestRunEnd(modules, unhandledErrors) {
      const errors = [...unhandledErrors, ...modules.flatMap((module) => suiteErrors(module))];
      await writeTestReport(folder, {
        tests: modules.flatMap((module) =>
          [...module.children.allTests()].map((test) => toOutcome(test, folder)),
        ),
        errors: errors.map((error) => firstLine(error.message)),
      });
    },
  };
}

function suiteErrors(module: TestModule): { readonly message: string }[] {
  const suites = [...module.children.allSuites()];
  return [...module.errors(), ...suites.flatMap((suite) => suite.errors())];
}

function toOutcome(test: TestCase, folder: string): TestOutcome {
  const place = { file: relative(folder, test.module.moduleId), title: test.fullName };
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
