import { type ConformanceReport, runConformance } from '@granary/storage-conformance';
import { opfsHarness } from './harness.ts';

/** What files written with synchronous access handles change; the rest is the same code. */
const RULES = [
  'OPEN',
  'GET',
  'PUT',
  'ETAG',
  'COND',
  'META',
  'COPY',
  'MOVE',
  'UP',
  'ABORT',
  'CONC-1',
];

/** What the worker tells at its end. */
export interface WorkerReport {
  readonly report?: ConformanceReport;
  readonly error?: string;
}

/** Runs the kit where there are synchronous access handles. */
function run(): Promise<ConformanceReport> {
  return runConformance(opfsHarness('opfs in a dedicated worker'), {
    rules: RULES,
    concurrency: 4,
  });
}

run().then(
  (report) => postMessage({ report: JSON.parse(JSON.stringify(report)) }),
  (error: unknown) => postMessage({ error: String(error) }),
);
