import {
  type ConformanceOptions,
  type Harness,
  runConformance,
} from '@granary/storage-conformance';
import { createId, createStorage, richJson, toResponse } from '@granary/storage-core';
import { createMemory } from '@granary/storage-memory';

/** What a runtime answers. Made of plain values, so that it can be sent. */
export interface JobResult {
  readonly conformance: ConformanceResult;
  /** What each use of the engine gave; the same in every runtime. */
  readonly answers: Readonly<Record<string, unknown>>;
}

/** What the kit found, in short. */
export interface ConformanceResult {
  readonly passed: number;
  /** Rule, title and reason of each scenario that failed. */
  readonly failures: readonly string[];
}

const MEMORY: Harness = {
  name: 'memory',
  create: () => ({ provider: createMemory.provider() }),
};
/** Many scenarios wait for events; each has a store of its own. */
const CONCURRENCY = 6;
const CHECKSUM_BYTES = 300_000;

/** Runs the kit over memory, and every part of the engine that a runtime could lack something for. */
export async function runJob(harness: Harness = MEMORY): Promise<JobResult> {
  return { conformance: await runKit(harness), answers: await useEngine() };
}

/** Runs the kit, several scenarios at a time unless the options say how many. */
export async function runKit(
  harness: Harness,
  options: Pick<ConformanceOptions, 'rules' | 'slow' | 'concurrency'> = {},
): Promise<ConformanceResult> {
  const report = await runConformance(harness, { concurrency: CONCURRENCY, ...options });
  const failures = report.scenarios.filter(({ result }) => result === 'failed');
  return {
    passed: report.passed,
    failures: failures.map(({ rule, title, reason }) => `${rule} ${title}: ${reason}`),
  };
}

async function useEngine(): Promise<Record<string, unknown>> {
  await using storage = createStorage(createMemory(), { codecs: [richJson] });
  await storage.save('note.json', { text: 'grün', count: 1 }, { tags: ['a'] });
  await storage.save('note.yaml', { list: [1, 'two'] });
  await storage.save('rich', new Map([[1n, new Date(0)]]), { format: richJson.name });
  const streamed = await storage.put('streamed', pieces(), { checksum: true });
  const request = new Request('http://localhost/', { headers: { range: 'bytes=2-5' } });
  const response = await toResponse(storage.file('note.json'), request);
  const rich: Map<bigint, Date> = await storage.load('rich');
  return {
    json: await storage.load('note.json'),
    yaml: await storage.load('note.yaml'),
    rich: [...rich].map(([count, at]) => `${count} ${at.toISOString()}`),
    checksums: streamed.checksums,
    found: (await storage.search({ tags: ['a'] })).map(({ key }) => key),
    status: response.status,
    part: await response.text(),
    blob: (await storage.load('streamed', { as: 'blob' })).size,
    id: createId().length,
  };
}

/** A stream of unknown length, so that the checksum is made while it passes. */
function pieces(): ReadableStream<Uint8Array> {
  let left = CHECKSUM_BYTES;
  return new ReadableStream({
    pull(controller) {
      const size = Math.min(left, 65_536);
      left -= size;
      if (size === 0) controller.close();
      else controller.enqueue(new Uint8Array(size).fill(7));
    },
  });
}
