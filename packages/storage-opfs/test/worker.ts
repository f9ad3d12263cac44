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

/** Runs the kit where there are synchronous access handles. */
async function run(): Promise<ConformanceReport> {
  const harness = opfsHarness('opfs in a dedicated worker');
  await runProperties(harness, { runs: 30 });
  // What an engine adds is the same as in a page.
  return runConformance(harness, { scenarios: providerScenarios, slow: false, concurrency: 4 });
}

run().then(
  (report) => postMessage({ report: JSON.parse(JSON.stringify(report)) }),
  (error: unknown) => postMessage({ error: String(error) }),
);
