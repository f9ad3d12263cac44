import { expect } from 'vitest';
import type { JobResult } from '../src/job.ts';

const ANSWERS = {
  json: { text: 'grün', count: 1 },
  yaml: { list: [1, 'two'] },
  rich: ['1 1970-01-01T00:00:00.000Z'],
  checksums: { sha256: 'sha256-CPFmR23hg/ehsodNVE03kSqvjRm5IBPhqv4jO6IxAko=' },
  found: ['note.json'],
  status: 206,
  part: 'text',
  blob: 300_000,
  id: 36,
};

/** Every scenario passed, and the engine gave the same as everywhere. */
export function expectAllRight({ conformance, answers }: JobResult): void {
  expect(conformance.failures).toEqual([]);
  expect(conformance.passed).toBeGreaterThan(100);
  expect(answers).toEqual(ANSWERS);
}
