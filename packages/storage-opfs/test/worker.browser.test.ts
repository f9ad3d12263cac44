import { formatReport } from '@granary/storage-conformance';
import { expect, test } from 'vitest';
import type { WorkerReport } from './worker.ts';

test('keeps the contract in a dedicated worker', { timeout: 600_000 }, async () => {
  const worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
  const { report, error } = await new Promise<WorkerReport>((resolve, reject) => {
    worker.onmessage = ({ data }: MessageEvent<WorkerReport>) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.terminate();
  expect(error).toBeUndefined();
  expect(report?.ok, report && formatReport(report, { show: 'notable' })).toBe(true);
});
