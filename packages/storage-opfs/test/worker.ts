import {
  type ConformanceReport,
  providerScenarios,
  runConformance,
  runProperties,
} from '@granary/storage-conformance';
import { opfsHarness } from './harness.ts';

/** What the worker tells at its end. */
export interface WorkerReport {
  readonly report?: ConformanceReport;
  readonly error?: string;
}

/** What has to do with where it runs: content, and what is told between tabs. */
const RULES: readonly string[] = [
  ...['OPEN', 'GET', 'RANGE', 'PUT', 'DEL', 'COPY', 'MOVE', 'COND', 'UP'],
  ...['WATCH', 'CONC', 'ABORT'],
];

/** Runs the kit where there are synchronous access handles. */
async function run(): Promise<ConformanceReport> {
  const harness = opfsHarness('opfs in a dedicated worker');
  await runProperties(harness, { runs: 30 });
  // Keys, lists and what an engine adds are the same as in a page.
  const options = { scenarios: providerScenarios, slow: false, concurrency: 4 };
  return runConformance(harness, { ...options, rules: RULES });
}

run().then(
  (report) => postMessage({ report: JSON.parse(JSON.stringify(report)) }),
  (error: unknown) => postMessage({ error: String(error) }),
);
