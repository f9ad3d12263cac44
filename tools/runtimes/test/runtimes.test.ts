import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import { bundleJob } from '../src/bundle-job.ts';
import { findChromium, runInChromium } from '../src/in-chromium.ts';
import { findProgram, runInCommand } from '../src/in-command.ts';
import { type JobResult, runJob } from '../src/job.ts';

const PLATFORM = `${process.platform}-${process.arch}`;
const BUN = [
  { owner: `@oven/bun-${PLATFORM}`, file: 'bin/bun' },
  { owner: 'bun', file: 'bin/bun.exe' },
];
const DENO = [
  { owner: 'deno', file: 'deno' },
  { owner: `@deno/${PLATFORM}-glibc`, file: 'deno' },
  { owner: `@deno/${PLATFORM}`, file: 'deno' },
];

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

function expectAllRight({ conformance, answers }: JobResult) {
  expect(conformance.failures).toEqual([]);
  expect(conformance.passed).toBeGreaterThan(100);
  expect(answers).toEqual(ANSWERS);
}

describe('the kit and the engine', { timeout: 120_000 }, () => {
  test('run in this Node', async () => {
    expectAllRight(await runJob());
  });

  test('tell each rule that a runtime breaks', async () => {
    const { conformance } = await runJob(() => ({
      ...createMemory.provider(),
      stat: async () => {
        throw new Error('this runtime has no memory');
      },
    }));
    expect(conformance.failures.length).toBeGreaterThan(10);
    expect(conformance.failures.join()).toContain('this runtime has no memory');
  });

  test('are bundled for a browser without a module of Node', async () => {
    expect(await bundleJob('printed')).not.toMatch(/["']node:/);
  });

  test('run in Node as one module', async () => {
    expectAllRight(await runInCommand(process.execPath, []));
  });

  test('run in Bun', async ({ skip }) => {
    const bun = findProgram('bun', BUN) ?? skip('Bun has no build for this platform');
    expectAllRight(await runInCommand(bun, []));
  });

  test('run in Deno', async ({ skip }) => {
    const deno = findProgram('deno', DENO) ?? skip('Deno has no build for this platform');
    expectAllRight(await runInCommand(deno, ['run', '--no-config', '--quiet']));
  });

  test('run in a Chromium page and a dedicated worker', async ({ skip }) => {
    const path = findChromium() ?? skip('no Chromium on this machine');
    const { page, worker } = await runInChromium(path);
    expectAllRight(page);
    expectAllRight(worker);
  });

  test('a program that npm did not bring is not found', () => {
    expect(
      findProgram('bun', [{ owner: '@oven/bun-amiga-m68k', file: 'bin/bun' }]),
    ).toBeUndefined();
    expect(findProgram('bun', [{ owner: 'bun', file: 'bin/none' }])).toBeUndefined();
  });
});
