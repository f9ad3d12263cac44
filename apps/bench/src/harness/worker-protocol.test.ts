import { describe, expect, test } from 'vitest';
import type { Runner } from './runner.ts';
import { answerRequests, messageOf } from './worker-protocol.ts';

const place = { folder: '/f', shared: '/s', scale: 'tiny' } as const;

function fakeRunner(calls: string[]): Runner {
  return {
    async open() {
      calls.push('open');
    },
    async run(round) {
      calls.push(`run ${round}`);
      if (round === 2) throw new Error('too much\nsecond line\nthird line\nfourth line');
      return { rate: round };
    },
    async close() {
      calls.push('close');
      return { idleBytes: 1, peakBytes: 2, cpuMs: 3 };
    },
  };
}

describe('answerRequests', () => {
  test('opens the runner that is asked for, runs it and closes it', async () => {
    const calls: string[] = [];
    const asked: unknown[] = [];
    const answer = answerRequests((...what) => {
      asked.push(what);
      return fakeRunner(calls);
    });
    await answer({ id: 1, call: 'open', workload: 'w', subject: 's', place });
    expect(asked).toEqual([['w', 's', place]]);
    expect(await answer({ id: 2, call: 'run', round: 1 })).toEqual({ id: 2, value: { rate: 1 } });
    expect(await answer({ id: 3, call: 'close' })).toMatchObject({
      id: 3,
      value: { peakBytes: 2 },
    });
    expect(calls).toEqual(['open', 'run 1', 'close']);
  });

  test('answers with the first lines of an error', async () => {
    const answer = answerRequests(() => fakeRunner([]));
    await answer({ id: 1, call: 'open', workload: 'w', subject: 's', place });
    expect(await answer({ id: 2, call: 'run', round: 2 })).toEqual({
      id: 2,
      error: 'too much second line third line',
    });
  });

  test('refuses to run before it is opened, and closes nothing', async () => {
    const answer = answerRequests(() => fakeRunner([]));
    expect(await answer({ id: 1, call: 'run', round: 0 })).toMatchObject({
      error: expect.stringContaining('before it was opened'),
    });
    expect(await answer({ id: 2, call: 'close' })).toEqual({ id: 2, value: undefined });
  });
});

describe('messageOf', () => {
  test('adds what caused an error', () => {
    const error = new Error('cannot put', { cause: new Error('disk full') });
    expect(messageOf(error)).toBe('cannot put (cause: disk full)');
  });

  test('shows what is no error', () => {
    expect(messageOf('a string')).toBe('a string');
  });
});
