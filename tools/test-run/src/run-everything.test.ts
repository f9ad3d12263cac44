import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPORTS_VARIABLE, writeTestReport } from '@granary-tools/presets/test-report';
import type { CommandOptions, CommandResult } from '@granary-tools/workspace/command';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { BUILD_CHECKS, SOURCE_CHECKS } from './checks.ts';
import { type RunContext, runEverything } from './run-everything.ts';

const CHECKS = [...SOURCE_CHECKS, ...BUILD_CHECKS];
const FOLDER = 'packages/storage-a';
const NAME = '@granary/storage-a';

let root = '';
let said: string[] = [];
let interrupt = new AbortController();

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'granary-test-run-'));
  mkdirSync(join(root, FOLDER), { recursive: true });
  said = [];
  interrupt = new AbortController();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const fine: CommandResult = { exitCode: 0, output: '' };
const task = (name: string, exitCode: number | null) => ({
  package: NAME,
  task: name,
  directory: FOLDER,
  logFile: `${FOLDER}/${name}.log`,
  ...(exitCode === null ? {} : { execution: { exitCode } }),
});

/** Plays turbo: leaves a report of the package and a summary. */
async function playTurbo(tasks: readonly object[], { env, onLine }: CommandOptions) {
  const percent = 99;
  await writeTestReport(env?.[REPORTS_VARIABLE] ?? '', join(root, FOLDER), {
    tests: [{ file: 'a.test.ts', title: 'works', state: 'passed' }],
    errors: [],
    coverage: { lines: percent, functions: percent, statements: percent, branches: percent },
  });
  const summary = join(root, 'summary.json');
  writeFileSync(summary, JSON.stringify({ tasks }));
  onLine?.(`${NAME}:build: cache bypass, force executing 1234`);
  return { exitCode: 0, output: `  Tasks: 3\nSummary:    ${summary}\n` };
}

function context(run: RunContext['run']): RunContext {
  const manifest = { name: NAME, scripts: { build: 'b', typecheck: 'c', test: 't' } };
  return {
    root,
    reports: join(root, 'reports'),
    packages: [{ folder: FOLDER, path: join(root, FOLDER), manifest }],
    run,
    say: (line) => said.push(line),
    signal: interrupt.signal,
  };
}

const run = (tasks: readonly object[], others: CommandResult = fine) =>
  runEverything(
    context((script, _args, options) =>
      script.includes('turbo') ? playTurbo(tasks, options) : Promise.resolve(others),
    ),
  );
const allTasks = [task('build', 0), task('typecheck', 0), task('test', 0)];

describe('runEverything', () => {
  test('counts checks, tasks, tests and coverage', async () => {
    const entries = await run(allTasks);
    expect(entries.every(({ state }) => state === 'passed')).toBe(true);
    expect(entries).toHaveLength(
      CHECKS.length + 'build typecheck works coverage'.split(' ').length,
    );
  });

  test('says what it has done as it goes', async () => {
    await run(allTasks);
    expect(said[0]).toMatch(/^ok {5}format and lint \(\d+\.\d s\)$/);
    expect(said).toContain(`ran    ${NAME} build`);
  });

  test('runs the longest check of builds beside the others, and tells of all in order', async () => {
    const running = new Set<string>();
    const seen: string[] = [];
    const entries = await runEverything(
      context(async (script, _args, options) => {
        if (script.includes('turbo')) return await playTurbo(allTasks, options);
        running.add(script);
        seen.push([...running].join(' + '));
        const isLongest = script.includes('create-package');
        for (let turn = 0; turn < (isLongest ? 50 : 1); turn += 1) await Promise.resolve();
        running.delete(script);
        return fine;
      }),
    );
    const titles = entries.filter(({ group }) => group === 'checks').map(({ title }) => title);
    expect(titles).toEqual(CHECKS.map(({ title }) => title));
    expect(seen).toContain('tools/create-package/src/verify.ts + tools/package-gates/src/main.ts');
    expect(seen.every((both) => both.split(' + ').length <= 2)).toBe(true);
  });

  test('shows the output of a check that fails', async () => {
    const entries = await run(allTasks, { exitCode: 2, output: 'bad\nworse' });
    expect(entries[0]).toMatchObject({ state: 'failed', reason: 'exit code 2' });
    expect(said[0]).toMatch(/^FAILED format and lint/);
    expect(said[1]).toBe('       bad\n       worse');
  });

  test('shows the end of a long output', async () => {
    const output = Array.from({ length: 250 }, (_, line) => `line ${line}`).join('\n');
    await run(allTasks, { exitCode: 1, output });
    expect(said[1]).toMatch(/^ +… 50 lines before\n +line 50\n/);
    expect(said[1]).toMatch(/line 249$/);
  });

  test('shows the log of a task that fails', async () => {
    writeFileSync(join(root, FOLDER, 'build.log'), 'cannot build');
    const entries = await run([task('build', 1), task('typecheck', 1), task('test', 0)]);
    expect(entries).toContainEqual({
      group: NAME,
      title: 'build',
      state: 'failed',
      reason: 'exit code 1',
    });
    expect(said).toContain('       cannot build');
    expect(said).toContain('       It left no output.');
  });

  test('fails tasks that turbo left out or did not finish', async () => {
    const entries = await run([task('build', null), task('test', 0)]);
    expect(entries).toContainEqual(
      expect.objectContaining({ title: 'typecheck', reason: 'turbo did not run it' }),
    );
    expect(entries).toContainEqual(expect.objectContaining({ title: 'build', state: 'failed' }));
  });

  test('fails a test run that left no report', async () => {
    const summary = join(root, 'summary.json');
    writeFileSync(summary, JSON.stringify({ tasks: [task('test', 1)] }));
    const entries = await runEverything(
      context(() => Promise.resolve({ exitCode: 1, output: `Summary: ${summary}` })),
    );
    expect(entries).toContainEqual(
      expect.objectContaining({ group: NAME, reason: 'it ended without a report' }),
    );
  });

  test('fails when turbo leaves no summary', async () => {
    const entries = await runEverything(
      context(() => Promise.resolve({ exitCode: 1, output: 'turbo.json is broken' })),
    );
    expect(entries).toContainEqual(
      expect.objectContaining({ title: 'package tasks', state: 'failed' }),
    );
    expect(said).toContain('       turbo.json is broken');
  });

  test('stops early and fails when it is interrupted', async () => {
    const entries = await runEverything(
      context(() => {
        interrupt.abort();
        return Promise.resolve({ exitCode: 1, output: '' });
      }),
    );
    expect(entries.map(({ title }) => title)).toEqual(['format and lint', 'whole run']);
    expect(entries.at(-1)).toMatchObject({ state: 'failed', reason: 'interrupted' });
  });
});
