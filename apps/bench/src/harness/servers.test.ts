import { describe, expect, test } from 'vitest';
import { fact, serverPool } from './servers.ts';

function starters(log: string[]) {
  return {
    good: async () => {
      log.push('start');
      return { facts: { port: '1' }, stop: async () => void log.push('stop') };
    },
    bad: () => Promise.reject(new Error('no such program')),
  };
}

describe('serverPool', () => {
  test('starts a server with the first who needs it, once, and stops it', async () => {
    const log: string[] = [];
    const pool = serverPool(starters(log));
    expect(log).toEqual([]);
    expect(await Promise.all([pool.factsOf('good'), pool.factsOf('good')])).toEqual([
      { port: '1' },
      { port: '1' },
    ]);
    expect(log).toEqual(['start']);
    await pool.stop();
    await pool.stop();
    expect(log).toEqual(['start', 'stop']);
  });

  test('tells everybody why a server did not start, and stops the others', async () => {
    const log: string[] = [];
    const pool = serverPool(starters(log));
    await pool.factsOf('good');
    for (let times = 0; times < 2; times++) {
      await expect(pool.factsOf('bad')).rejects.toThrow('no such program');
    }
    await pool.stop();
    expect(log).toEqual(['start', 'stop']);
  });

  test('refuses a name that it does not know', async () => {
    await expect(serverPool({}).factsOf('s3')).rejects.toThrow('There is no server "s3"');
  });
});

describe('fact', () => {
  test('returns what was told, and fails for what was not', () => {
    expect(fact({ port: '1' }, 'port')).toBe('1');
    expect(() => fact({}, 'port')).toThrow('has told no "port"');
    expect(() => fact(undefined, 'port')).toThrow('has told no "port"');
  });
});
