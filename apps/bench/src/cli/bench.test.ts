import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { WorkloadResult } from '../harness/run-workload.ts';
import { defineSubject } from '../harness/subject.ts';
import { defineWorkload } from '../harness/workload.ts';
import { bench, type Surroundings } from './bench.ts';

let home = '';
let printed: string[] = [];
let progress: string[] = [];
let interrupts: (() => void)[] = [];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), 'granary-bench-test-'));
  printed = [];
  progress = [];
  interrupts = [];
});
afterEach(() => rm(home, { recursive: true, force: true }));

const subjects = [
  defineSubject({ id: 'fast', title: 'Fast', kind: 'granary' }),
  defineSubject({ id: 'broken', title: 'Broken', kind: 'peer' }),
];

function workloadOf(name: string, isolated: boolean) {
  return defineWorkload({
    name,
    title: name,
    about: '',
    metrics: { round: { title: 'round', unit: 'ops/s', better: 'higher' } },
    subjects,
    isolated,
    start: async ({ id }) => ({
      async verify() {
        if (id === 'broken') throw new Error('torn');
      },
      run: async (round) => ({ round: round + 1 }),
      close: async () => {},
    }),
  });
}

function surroundings(): Surroundings {
  return {
    workloads: [workloadOf('here', false), workloadOf('works', true)],
    servers: {},
    home,
    worker: fileURLToPath(new URL('../../test/fixtures/scripted-worker.js', import.meta.url)),
    print: (text) => printed.push(text),
    showProgress: (text) => progress.push(text),
    now: () => new Date('2026-11-21T04:05:06.789Z'),
    onInterrupt: (cleanUp) => interrupts.push(cleanUp),
  };
}

const folders = () => ['--folder', tmpdir(), '--memory', tmpdir()];

describe('bench', () => {
  test('measures, prints, and writes Markdown and JSON', async () => {
    const json = join(home, 'more', 'all.json');
    const code = await bench(
      ['here', '--tiny', '--subjects', 'fast', '--json', json, ...folders()],
      surroundings(),
    );
    expect(code).toBe(0);
    const out = join(home, 'results', 'local');
    expect((await readdir(out)).sort()).toEqual([
      '2026-11-21T04-05-06.json',
      '2026-11-21T04-05-06.md',
    ]);
    expect(await readFile(join(out, '2026-11-21T04-05-06.md'), 'utf8')).toContain(
      '## here (`here`)',
    );
    const report = JSON.parse(await readFile(json, 'utf8')) as { workloads: WorkloadResult[] };
    expect(report.workloads[0]?.rows[0]?.values).toEqual({ round: [1] });
    expect(printed.join('\n')).toMatch(/1 workloads in \d+ s, 0 budgets met, 0 missed/);
    expect(progress).toContain('[1/1] here: run 1/1');
    expect(existsSync(join(home, 'RESULTS.md'))).toBe(false);
  });

  test('writes the reference results when told to', async () => {
    await bench(
      ['here', '--quick', '--reference', '--out', join(home, 'o'), ...folders()],
      surroundings(),
    );
    expect(await readFile(join(home, 'RESULTS-here.md'), 'utf8')).toContain('# Benchmark results');
    expect(await readdir(join(home, 'o'))).toHaveLength(2);
    await bench(['--tiny', '--reference', '--out', join(home, 'o'), ...folders()], surroundings());
    expect(await readFile(join(home, 'RESULTS.md'), 'utf8')).toContain('# Benchmark results');
  });

  test('fails when a subject failed, after the others were measured', async () => {
    expect(await bench(['here', '--tiny', ...folders()], surroundings())).toBe(1);
    expect(printed.join('\n')).toContain('**Broken was left out:** torn');
  });

  test('runs an isolated workload in processes of its own', async () => {
    await bench(['works', '--tiny', '--subjects', 'fast', ...folders()], surroundings());
    expect(printed.join('\n')).toMatch(/Fast/);
    expect(printed.join('\n')).toContain('other programs used');
  });

  test('binds the processes of subjects to processors', async (context) => {
    if (!existsSync('/usr/bin/taskset')) context.skip('taskset is not installed');
    const code = await bench(
      ['works', '--tiny', '--subjects', 'fast', '--cpus', '0', ...folders()],
      surroundings(),
    );
    expect(code).toBe(0);
  });

  test('uses the folder in memory that the system has', async () => {
    expect(await bench(['here', '--tiny', '--subjects', 'fast'], surroundings())).toBe(0);
  });

  test('leaves no folder behind', async () => {
    await bench(['here', '--tiny', '--folder', home, '--memory', home], surroundings());
    expect(await readdir(home)).toEqual(['results']);
  });

  test('starts the server of a workload, tells its processes, and stops it', async () => {
    const log: string[] = [];
    const code = await bench(['works', '--tiny', '--subjects', 'fast', ...folders()], {
      ...surroundings(),
      workloads: [{ ...workloadOf('works', true), server: 'db' }],
      servers: {
        async db() {
          log.push('start');
          return { facts: { port: '1' }, stop: async () => void log.push('stop') };
        },
      },
    });
    expect(code).toBe(0);
    expect(log).toEqual(['start', 'stop']);
  });

  test('removes its folders when it is interrupted', async () => {
    const running = bench(['here', '--tiny', '--folder', home, '--memory', home], {
      ...surroundings(),
      showProgress() {
        for (const interrupt of interrupts) interrupt();
      },
    });
    await running;
    expect(interrupts).toHaveLength(1);
    expect(await readdir(home)).toEqual(['results']);
  });

  test('lists workloads and subjects', async () => {
    expect(await bench(['--list', 'here'], surroundings())).toBe(0);
    expect(printed).toEqual(['here: fast broken']);
  });

  test('shows its help', async () => {
    expect(await bench(['--help'], surroundings())).toBe(0);
    expect(printed[0]).toContain('pnpm bench [filter');
  });

  test('says what is wrong with the command line', async () => {
    expect(await bench(['--runs', 'x'], surroundings())).toBe(1);
    expect(await bench(['nothing'], surroundings())).toBe(1);
    expect(printed[0]).toContain('--runs takes a whole number');
    expect(printed[1]).toContain('Nothing matches nothing');
  });

  test('passes on an error that is not of the command line', async () => {
    await expect(bench(['here', '--tiny', '--folder', '/nowhere'], surroundings())).rejects.toThrow(
      'ENOENT',
    );
  });
});
