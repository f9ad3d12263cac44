import {
  type ConformanceReport,
  runConformance,
  runProperties,
} from '@granary/storage-conformance';
import { idbHarness } from './harness.ts';

/** What the worker tells at its end. */
export interface WorkerReport {
  readonly report?: ConformanceReport;
  readonly error?: string;
}

async function run(): Promise<ConformanceReport> {
  const harness = idbHarness('idb in a dedicated worker');
  await runProperties(harness);
  return runConformance(harness);
}

run().then(
  (report) => postMessage({ report: JSON.parse(JSON.stringify(report)) }),
  (error: unknown) => postMessage({ error: String(error) }),
);
