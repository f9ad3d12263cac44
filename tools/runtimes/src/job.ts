import { runConformance } from '@granary/storage-conformance';
import { createId, createStorage, richJson, toResponse } from '@granary/storage-core';
import type { StorageProvider } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';

/** What a runtime answers. Made of plain values, so that it can be sent. */
export interface JobResult {
  readonly conformance: { readonly passed: number; readonly failures: readonly string[] };
  /** What each use of the engine gave; the same in every runtime. */
  readonly answers: Readonly<Record<string, unknown>>;
}

const CHECKSUM_BYTES = 300_000;

/** Runs the kit over memory, and every part of the engine that a runtime could lack something for. */
export async function runJob(
  create: () => StorageProvider = createMemory.provider,
): Promise<JobResult> {
  const report = await runConformance({
    name: 'memory',
    create: () => ({ provider: create() }),
  });
  const failures = report.scenarios.filter(({ result }) => result === 'failed');
  return {
    conformance: {
      passed: report.passed,
      failures: failures.map(({ rule, title, reason }) => `${rule} ${title}: ${reason}`),
    },
    answers: await useEngine(),
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
