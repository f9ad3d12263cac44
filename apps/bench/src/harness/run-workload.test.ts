import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { type RunSettings, runWorkload } from './run-workload.ts';
import type { Runner } from './runner.ts';
import { defineSubject, type Subject } from './subject.ts';
import { defineWorkload, type Readings, type Workload } from './workload.ts';

const subjects = ['one', 'two', 'three'].map((id) =>
  defineSubject({ id, title: id, kind: 'peer', durability: 'A' }),
);
let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-run-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

function workloadOf(overrides: Partial<Workload> = {}): Workload {
  const workload = defineWorkload({
    name: 'work',
    title: 'Work',
    about: 'It works.',
    metrics: {
      rate: { title: 'rate', unit: 'ops/s', better: 'higher' },
      time: { title: 'time', unit: 'ms', better: 'lower' },
    },
    subjects,
    start: () => Promise.reject(new Error('the runners are faked')),
  });
  return { ...workload, ...overrides };
}

interface Script {
  readonly open?: (subject: Subject) => Promise<void>;
  readonly run?: (subject: Subject, round: number) => Promise<Readings>;
  readonly close?: (subject: Subject) => Promise<void>;
}

function settingsOf(log: string[], script: Script = {}): RunSettings {
  const times = [
    { busy: 1000, total: 10_000 },
    { busy: 6000, total: 20_000 },
  ];
  return {
    scale: 'tiny',
    warmUps: 2,
    runs: 3,
    laneBudgetMs: 60_000,
    seed: 1,
    folders: { disk: join(root, 'disk'), memory: join(root, 'memory') },
    processorTime: () => times.shift() ?? { busy: 0, total: 0 },
    startServer: (name) => Promise.reject(new Error(`${name} is not installed`)),
    serversCpuMs: () => undefined,
    makeRunner: (_, subject): Runner => ({
      async open() {
        log.push(`open ${subject.id}`);
        await script.open?.(subject);
      },
      async run(round) {
        log.push(`${round} ${subject.id}`);
        return (await script.run?.(subject, round)) ?? { rate: round };
      },
      async close() {
        log.push(`close ${subject.id}`);
        await script.close?.(subject);
        return { idleBytes: 1, peakBytes: 2, cpuMs: 1000 };
      },
    }),
  };
}

describe('runWorkload', () => {
  test('opens all before the first run and closes all after the last', async () => {
    const log: string[] = [];
    await runWorkload(workloadOf(), subjects, settingsOf(log));
    expect(log.slice(0, 3)).toEqual(['open one', 'open two', 'open three']);
    expect(log.slice(-3)).toEqual(['close one', 'close two', 'close three']);
  });

  test('runs every subject once in every round, in changing order', async () => {
    const log: string[] = [];
    await runWorkload(workloadOf(), subjects, { ...settingsOf(log), runs: 8 });
    const runs = log.filter((line) => /^-?\d/.test(line));
    const rounds = new Map<string, string[]>();
    for (const line of runs) {
      const [round = '', subject = ''] = line.split(' ');
      rounds.set(round, [...(rounds.get(round) ?? []), subject]);
    }
    expect([...rounds.keys()]).toEqual(['-2', '-1', '0', '1', '2', '3', '4', '5', '6', '7']);
    for (const order of rounds.values()) expect([...order].sort()).toEqual(['one', 'three', 'two']);
    expect(new Set([...rounds.values()].map((order) => order.join())).size).toBeGreaterThan(2);
  });

  test('keeps the values of the measured runs and sums up single times', async () => {
    const result = await runWorkload(
      workloadOf(),
      subjects.slice(0, 1),
      settingsOf([], { run: async (_, round) => ({ rate: 10 + round, time: [1, 2, 6 + round] }) }),
    );
    expect(result.rows[0]).toMatchObject({
      values: { rate: [10, 11, 12], time: [2, 2, 2] },
      distributions: { time: { count: 9, max: 8 } },
      group: 'A',
      place: 'disk',
      resources: { peakBytes: 2 },
    });
    expect(result.rows[0]).not.toHaveProperty('isShortened');
  });

  test('leaves out a subject that cannot be opened and goes on with the others', async () => {
    const log: string[] = [];
    const open = async ({ id }: Subject) => {
      if (id === 'two') throw new Error('torn bytes');
    };
    const { rows } = await runWorkload(workloadOf(), subjects, settingsOf(log, { open }));
    expect(rows[1]).toMatchObject({ error: 'torn bytes', values: {} });
    expect(rows[2]?.values['rate']).toEqual([0, 1, 2]);
    expect(log.some((line) => line.endsWith(' two') && !/open|close/.test(line))).toBe(false);
  });

  test('leaves out a subject from the run that fails', async () => {
    const run = async ({ id }: Subject, round: number) => {
      if (id === 'one' && round === 1) throw new Error('gone');
      return { rate: round };
    };
    const log: string[] = [];
    const { rows } = await runWorkload(workloadOf(), subjects, settingsOf(log, { run }));
    expect(rows[0]).toMatchObject({ error: 'gone', values: {} });
    expect(log).not.toContain('2 one');
  });

  test('reports a subject that cannot be closed', async () => {
    const close = () => Promise.reject(new Error('stuck'));
    const { rows } = await runWorkload(workloadOf(), subjects, settingsOf([], { close }));
    expect(rows[0]?.error).toBe('stuck');
  });

  test.each([
    ['the run', 600, undefined],
    ['the workload', 60_000, { warmUps: 2, runs: 3, laneBudgetMs: 600 }],
  ])(
    'runs a slow subject as often as fits into %s and says so',
    async (_of, laneBudgetMs, rounds) => {
      let clock = 0;
      vi.spyOn(performance, 'now').mockImplementation(() => clock);
      try {
        const log: string[] = [];
        const run = async ({ id }: Subject, round: number) => {
          clock += id === 'two' ? 250 : 1;
          return { rate: round };
        };
        const settings = { ...settingsOf(log, { run }), laneBudgetMs };
        const workload = workloadOf({ ...(rounds && { rounds }) });
        const { rows } = await runWorkload(workload, subjects, settings);
        expect(rows[1]).toMatchObject({ isShortened: true, values: { rate: [0, 1] } });
        const runs = log.filter((line) => /^-?\d.* two$/.test(line));
        expect(runs).toEqual(['-2 two', '0 two', '1 two']);
        expect(rows[0]?.values['rate']).toHaveLength(3);
      } finally {
        vi.restoreAllMocks();
      }
    },
  );

  test('measures once, without warming up, what does not vary', async () => {
    const log: string[] = [];
    await runWorkload(workloadOf({ exact: true }), subjects.slice(0, 1), settingsOf(log));
    expect(log).toEqual(['open one', '0 one', 'close one']);
  });

  test('prepares before it opens and removes the folders afterwards', async () => {
    const log: string[] = [];
    const prepare: NonNullable<Workload['prepare']> = async ({ shared }) => {
      log.push('prepare');
      await mkdir(shared, { recursive: true });
      await writeFile(join(shared, 'file'), 'x');
    };
    await runWorkload(workloadOf({ prepare }), subjects, settingsOf(log));
    expect(log[0]).toBe('prepare');
    expect(existsSync(join(root, 'disk'))).toBe(false);
  });

  test('closes and cleans up when preparing fails', async () => {
    const log: string[] = [];
    const prepare = () => Promise.reject(new Error('disk full'));
    const running = runWorkload(workloadOf({ prepare }), subjects, settingsOf(log));
    await expect(running).rejects.toThrow('disk full');
    expect(log).toEqual(['close one', 'close two', 'close three']);
  });

  test('starts the server that is needed, tells all of it, and cleans up after the last run', async () => {
    const log: string[] = [];
    const places: unknown[] = [];
    const settings = settingsOf(log);
    const { rows } = await runWorkload(
      workloadOf({
        server: 'db',
        prepare: async ({ server }) => void log.push(`prepare at ${server?.['port']}`),
        cleanUp: async ({ server }) => void log.push(`clean up at ${server?.['port']}`),
      }),
      subjects.slice(0, 1),
      {
        ...settings,
        runs: 1,
        warmUps: 0,
        startServer: async (name) => ({ name, port: '7' }),
        makeRunner(workload, subject, place) {
          places.push(place.server);
          return settings.makeRunner(workload, subject, place);
        },
      },
    );
    expect(log).toEqual(['prepare at 7', 'open one', '0 one', 'close one', 'clean up at 7']);
    expect(places).toEqual([{ name: 'db', port: '7' }]);
    expect(rows[0]).not.toHaveProperty('error');
  });

  test('measures nobody when the server does not start', async () => {
    const log: string[] = [];
    const cleanUp = async () => void log.push('clean up');
    const workload = workloadOf({ server: 'db', cleanUp });
    const { rows } = await runWorkload(workload, subjects, settingsOf(log));
    expect(rows.map(({ error }) => error)).toEqual(Array(3).fill('db is not installed'));
    expect(log).toEqual(['close one', 'close two', 'close three']);
  });

  test('tells why the server could not be cleaned up, and keeps the results', async () => {
    const cleanUp = () => Promise.reject(new Error('the bucket is locked'));
    const result = await runWorkload(workloadOf({ cleanUp }), subjects, settingsOf([]));
    expect(result.leftBehind).toBe('the bucket is locked');
    expect(result.rows[0]?.values['rate']).toHaveLength(3);
  });

  test('runs as often as the workload says, and not more often than the run', async () => {
    const log: string[] = [];
    const workload = workloadOf({ rounds: { warmUps: 1, runs: 9 } });
    const result = await runWorkload(workload, subjects.slice(0, 1), settingsOf(log));
    expect(log).toEqual(['open one', '-1 one', '0 one', '1 one', '2 one', 'close one']);
    expect(result.rounds).toEqual({ warmUps: 1, runs: 3 });
  });

  test('passes on who cannot be measured', async () => {
    const leftOut = [{ title: 'half a peer', reason: 'it lists one page.' }];
    const result = await runWorkload(workloadOf({ leftOut }), subjects, settingsOf([]));
    expect(result.leftOut).toBe(leftOut);
  });

  test('counts the time of servers as its own, where it can be told', async () => {
    const withServer = workloadOf({ server: 'db' });
    const times = [1000, 3000];
    const settings = { ...settingsOf([]), startServer: async () => ({}) };
    const told = { ...settings, serversCpuMs: () => times.shift() };
    const { disturbance } = await runWorkload(withServer, subjects, told);
    expect(disturbance).toBeLessThan(0.01);
    const untold = await runWorkload(withServer, subjects, {
      ...settingsOf([]),
      startServer: async () => ({}),
    });
    expect(untold).not.toHaveProperty('disturbance');
  });

  test('tells what share of the machine other programs had', async () => {
    const { disturbance } = await runWorkload(workloadOf(), subjects, settingsOf([]));
    // 5 of 10 s were in use, 3 s of them by the three subjects, and next to nothing by this process.
    expect(disturbance).toBeGreaterThan(0.1);
    expect(disturbance).toBeLessThanOrEqual(0.2);
  });

  test('tells no share and no resources where subjects have no process of their own', async () => {
    const result = await runWorkload(workloadOf({ isolated: false }), subjects, settingsOf([]));
    expect(result).not.toHaveProperty('disturbance');
    expect(result.rows[0]).not.toHaveProperty('resources');
  });

  test('tells the share of others where subjects run in a server’s process', async () => {
    const times = [0, 3000];
    const result = await runWorkload(workloadOf({ isolated: false, server: 'browser' }), subjects, {
      ...settingsOf([]),
      startServer: async () => ({}),
      serversCpuMs: () => times.shift(),
    });
    expect(result.disturbance).toBeGreaterThan(0.1);
    expect(result.disturbance).toBeLessThanOrEqual(0.2);
  });

  test('tells no disturbance when the clock did not move', async () => {
    const settings = { ...settingsOf([]), processorTime: () => ({ busy: 1, total: 1 }) };
    expect((await runWorkload(workloadOf(), subjects, settings)).disturbance).toBe(0);
  });

  test('tells how far it is', async () => {
    const messages: string[] = [];
    const onProgress = (message: string) => messages.push(message);
    await runWorkload(workloadOf(), subjects.slice(0, 1), { ...settingsOf([]), onProgress });
    expect(messages).toEqual([
      'verify one',
      'warm up 1/2',
      'warm up 2/2',
      'run 1/3',
      'run 2/3',
      'run 3/3',
    ]);
  });
});
