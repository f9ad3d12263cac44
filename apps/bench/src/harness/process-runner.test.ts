import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { type ProcessSettings, processRunner } from './process-runner.ts';
import { defineSubject } from './subject.ts';
import { defineWorkload } from './workload.ts';

const subject = defineSubject({ id: 'thing', title: 'Thing', kind: 'raw' });
const place = { folder: '/f', shared: '/s', scale: 'tiny' } as const;
const codeFolder = mkdtempSync(join(tmpdir(), 'granary-code-'));
const module = fileURLToPath(new URL('../../test/fixtures/scripted-worker.js', import.meta.url));

function runnerOf(name: string, settings: Partial<ProcessSettings> = {}) {
  const workload = defineWorkload({
    name,
    title: name,
    about: '',
    metrics: {},
    subjects: [subject],
    start: () => Promise.reject(new Error('this process runs nothing')),
  });
  return processRunner(workload, subject, place, {
    module,
    timeoutMs: 20_000,
    codeFolder,
    ...settings,
  });
}

afterAll(() => rmSync(codeFolder, { recursive: true }));

describe('processRunner', () => {
  test('runs in another process, in production mode', async () => {
    const runner = runnerOf('works');
    await runner.open();
    expect(await runner.run(5)).toEqual({ round: 5, mode: 1 });
    expect(await runner.close()).toEqual({ idleBytes: 1, peakBytes: 2, cpuMs: 3 });
  });

  test('ignores answers to other questions', async () => {
    const runner = runnerOf('chatty');
    await runner.open();
    expect(await runner.run(1)).toEqual({ round: 1, mode: 1 });
    await runner.close();
  });

  test('passes on an error of a run and goes on', async () => {
    const runner = runnerOf('fails');
    await runner.open();
    await expect(runner.run(0)).rejects.toThrow('no such object');
    expect(await runner.close()).toBeDefined();
  });

  test.each([
    ['dies', 'exit code 3'],
    ['killed', 'SIGKILL'],
  ])('says how a process ended that %s', async (name, message) => {
    const runner = runnerOf(name);
    await runner.open();
    await expect(runner.run(0)).rejects.toThrow(
      `${name}, thing: the process ended early (${message}`,
    );
    await expect(runner.run(1)).rejects.toThrow('has no process any more');
    expect(await runner.close()).toBeUndefined();
  });

  test('ends a process that does not answer in time', async () => {
    const runner = runnerOf('silent', { timeoutMs: 1500 });
    await runner.open();
    await expect(runner.run(0)).rejects.toThrow('no answer to "run" within 1.5 s');
    expect(await runner.close()).toBeUndefined();
  });

  test('fails for a module that is not there', async () => {
    const runner = runnerOf('missing', { module: '/nowhere/worker.js' });
    await expect(runner.open()).rejects.toThrow(
      "ended early (exit code 1). Error: Cannot find module '/nowhere/worker.js'",
    );
    expect(await runner.close()).toBeUndefined();
  });

  test('can be bound to a processor', async (context) => {
    if (!existsSync('/usr/bin/taskset')) context.skip('taskset is not installed');
    const runner = runnerOf('works', { processors: '0' });
    await runner.open();
    expect(await runner.run(5)).toEqual({ round: 5, mode: 1 });
    await runner.close();
  });

  test('says so when it cannot be bound to the processors asked for', async () => {
    const runner = runnerOf('works', { processors: 'none-such' });
    await expect(runner.open()).rejects.toThrow(/ended early|cannot be reached/);
    await runner.close();
  });
});
