import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import { bundleJob } from '../src/bundle-job.ts';
import { findProgram, runInCommand } from '../src/in-command.ts';
import { runJob } from '../src/job.ts';
import { expectAllRight } from './expected.ts';

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

describe('the kit and the engine', { timeout: 120_000 }, () => {
  test('run in this Node', async () => {
    expectAllRight(await runJob());
  });

  test('tell each rule that a runtime breaks', async () => {
    const { conformance } = await runJob({
      name: 'forgetful',
      create: () => ({
        provider: {
          ...createMemory.provider(),
          stat: async () => {
            throw new Error('this runtime has no memory');
          },
        },
      }),
    });
    expect(conformance.failures.length).toBeGreaterThan(10);
    expect(conformance.failures.join()).toContain('this runtime has no memory');
  });

  test('are bundled for a browser without a module of Node', async () => {
    expect(await bundleJob()).not.toMatch(/["']node:/);
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

  test('a program that npm did not bring is not found', () => {
    expect(
      findProgram('bun', [{ owner: '@oven/bun-amiga-m68k', file: 'bin/bun' }]),
    ).toBeUndefined();
    expect(findProgram('bun', [{ owner: 'bun', file: 'bin/none' }])).toBeUndefined();
  });
});
