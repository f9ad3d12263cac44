import { describe, expect, test } from 'vitest';
import { answerAll, answerCalls } from './answer-calls.ts';
import type { PageTask } from './page-protocol.ts';
import { startTask } from './start-task.ts';

const task: PageTask = { kind: 'stream', subject: 'raw-opfs', sizeBytes: 1 };

describe('answerCalls', () => {
  test('does what it is told with the session of the task', async () => {
    const log: string[] = [];
    const answer = answerCalls(({ kind }) => ({
      verify: async () => void log.push(`verify ${kind}`),
      run: async (round, part) => ({ [part]: round }),
      close: async () => void log.push('close'),
    }));
    expect(await answer({ call: 'start', task })).toEqual({ value: undefined });
    await answer({ call: 'verify' });
    expect(await answer({ call: 'rest' })).toEqual({ value: undefined });
    expect(await answer({ call: 'run', round: 2, part: 'in' })).toEqual({ value: { in: 2 } });
    await answer({ call: 'close' });
    expect(log).toEqual(['verify stream', 'close']);
  });

  test('tells what went wrong', async () => {
    const answer = answerCalls(startTask);
    expect(await answer({ call: 'verify' })).toEqual({
      error: 'The page was told to work before it was started.',
    });
    expect(await answer({ call: 'close' })).toEqual({ value: undefined });
    expect(await answer({ call: 'start', task: { ...task, subject: 'nobody' } })).toEqual({
      error: 'There is no subject "nobody" in the page.',
    });
  });
});

describe('answerAll', () => {
  test('returns the last answer, or the first error', async () => {
    const answer = answerCalls(() => ({
      verify: () => Promise.reject(new Error('torn')),
      run: async (round) => ({ round }),
      close: async () => {},
    }));
    const start = { call: 'start', task } as const;
    const run = { call: 'run', round: 3, part: 'all' } as const;
    expect(await answerAll(answer, [])).toEqual({});
    expect(await answerAll(answer, [start, run])).toEqual({ value: { round: 3 } });
    expect(await answerAll(answer, [start, { call: 'verify' }, run])).toEqual({ error: 'torn' });
  });
});

describe('startTask', () => {
  const saves = { by: 'many', count: 1 };
  const counts = { items: 1, saves: 1, loads: 1, walks: 1, deletes: 1 };

  test.each(['saves', 'items', 'small', 'cold'] as const)('starts %s', (kind) => {
    const task = { kind, home: 'IndexedDB', subject: 'raw-idb', counts, saves };
    const session = startTask(task as PageTask);
    expect(Object.keys(session)).toEqual(['verify', 'run', 'close']);
  });

  test('starts streams', () => {
    expect(startTask(task)).toHaveProperty('run');
  });
});
