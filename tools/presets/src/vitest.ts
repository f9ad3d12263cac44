import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { playwright } from '@vitest/browser-playwright';
import type { TestProjectInlineConfiguration, ViteUserConfig } from 'vitest/config';
import { reportTests } from './report-tests.ts';
import { REPORTS_VARIABLE, reportFolder } from './test-report.ts';
import { withoutDefaults } from './without-defaults.ts';

/** What a package may add to the tests that every package has. */
export interface TestSettings {
  /** Milliseconds one test may take. Default: 10,000. */
  readonly testTimeoutMs?: number;
  /** Modules that start servers for all tests of the package, by path inside it. Default: none. */
  readonly globalSetup?: readonly string[];
  /** Runs `*.browser.test.ts` in a real Chromium, beside the others in Node. Default: false. */
  readonly browser?: boolean;
}

/** What Node has compiled of the sources, for the programs that tests start. */
const COMPILED: string = fileURLToPath(
  new URL('../node_modules/.cache/compiled/', import.meta.url),
);
const COVERAGE_PERCENT = 95;
const TESTS = ['src/**/*.test.ts', 'test/**/*.test.ts'];
const BROWSER_TESTS = ['src/**/*.browser.test.ts', 'test/**/*.browser.test.ts'];
/** Debian's Chromium; another one by `CHROMIUM_PATH`. */
const CHROMIUM = '/usr/bin/chromium';

/**
 * Returns the vitest settings of one package: tests in `src` and `test`, sources of other packages
 * instead of their builds, and a coverage gate. Where `GRANARY_TEST_REPORTS` names a folder, the run
 * leaves its report and its coverage there.
 */
export function testSettings(settings: TestSettings = {}): ViteUserConfig {
  const { testTimeoutMs = 10_000, globalSetup = [], browser = false } = settings;
  // As Node has them: what packages keep under `module` is for bundlers.
  const conditions = ['@granary/source', 'node', 'import', 'default'];
  const reports = process.env[REPORTS_VARIABLE];
  const packagePath = process.cwd();
  return {
    resolve: { conditions },
    ssr: { resolve: { conditions, externalConditions: ['@granary/source'] } },
    test: {
      ...(browser ? { projects: [nodeProject(), browserProject()] } : { include: TESTS }),
      reporters: [
        withoutDefaults(),
        'default',
        ...(reports ? [reportTests({ reports, packagePath })] : []),
      ],
      allowOnly: false,
      globalSetup: [...globalSetup],
      // https://nodejs.org/api/module.html#module-compile-cache, read 2026-11-21
      env: { NODE_COMPILE_CACHE: COMPILED },
      testTimeout: testTimeoutMs,
      // Tests that run side by side are those that wait for what does not come.
      maxConcurrency: 20,
      hookTimeout: 30_000,
      coverage: {
        // It counts what `include` names alone; V8 would all that runs, Node's own modules too, at half the speed.
        provider: 'istanbul',
        include: ['src/**/*.{ts,js}'],
        exclude: ['src/**/*.test.ts'],
        // Pages to look at are for whoever runs one package by hand.
        reporter: ['text-summary', 'json-summary', ...(reports ? [] : ['html'])],
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

function nodeProject(): TestProjectInlineConfiguration {
  return { extends: true, test: { name: 'node', include: TESTS, exclude: BROWSER_TESTS } };
}

/** Tests inside a page of a browser without a window, on 127.0.0.1, which counts as a secure origin. */
function browserProject(): TestProjectInlineConfiguration {
  const executablePath = process.env['CHROMIUM_PATH'] ?? CHROMIUM;
  if (!existsSync(executablePath)) {
    const what = `Tests in a page need Chromium, and ${executablePath} is not there.`;
    throw new Error(`${what} Install it (apt-get install chromium), or set CHROMIUM_PATH.`);
  }
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-background-networking'];
  return {
    extends: true,
    resolve: { conditions: ['@granary/source', 'browser', 'import', 'default'] },
    test: {
      name: 'chromium',
      include: BROWSER_TESTS,
      api: { host: '127.0.0.1' },
      browser: {
        enabled: true,
        headless: true,
        screenshotFailures: false,
        provider: playwright({ launchOptions: { executablePath, args } }),
        instances: [{ browser: 'chromium' }],
      },
    },
  };
}
