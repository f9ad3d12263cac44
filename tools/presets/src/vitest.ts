import { join } from 'node:path';
import type { ViteUserConfig } from 'vitest/config';
import { reportTests } from './report-tests.ts';
import { REPORTS_VARIABLE, reportFolder } from './test-report.ts';

/** What a package may add to the tests that every package has. */
export interface TestSettings {
  /** Milliseconds one test may take. Default: 10,000. */
  readonly testTimeoutMs?: number;
  /** Modules that start servers for all tests of the package, by path inside it. Default: none. */
  readonly globalSetup?: readonly string[];
}

const COVERAGE_PERCENT = 95;

/**
 * Returns the vitest settings of one package: tests in `src` and `test`, sources of other packages
 * instead of their builds, and a coverage gate. Where `GRANARY_TEST_REPORTS` names a folder, the run
 * leaves its report and its coverage there.
 */
export function testSettings(settings: TestSettings = {}): ViteUserConfig {
  const { testTimeoutMs = 10_000, globalSetup = [] } = settings;
  // As Node has them: what packages keep under `module` is for bundlers.
  const conditions = ['@granary/source', 'node', 'import', 'default'];
  const reports = process.env[REPORTS_VARIABLE];
  const packagePath = process.cwd();
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: ['@granary/source'] } },
    test: {
      include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
      reporters: ['default', ...(reports ? [reportTests({ reports, packagePath })] : [])],
      allowOnly: false,
      globalSetup: [...globalSetup],
      testTimeout: testTimeoutMs,
      hookTimeout: 30_000,
      coverage: {
        provider: 'v8',
        include: ['src/**/*.{ts,js}'],
        exclude: ['src/**/*.test.ts'],
        reporter: ['text-summary', 'json-summary', 'html'],
        reportsDirectory: reports ? join(reportFolder(reports, packagePath), 'html') : 'coverage',
        thresholds: {
          lines: COVERAGE_PERCENT,
          functions: COVERAGE_PERCENT,
          statements: COVERAGE_PERCENT,
          branches: COVERAGE_PERCENT,
        },
      },
    },
  };
}
