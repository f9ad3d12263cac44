import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { localRunner } from './runner.ts';
import { defineSubject } from './subject.ts';
import { defineWorkload, type Session } from './workload.ts';

const subject = defineSubject({ id: 'thing', title: 'Thing', kind: 'raw', durability: 'A' });
let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-runner-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

function runnerOf(session: Partial<Session>) {
  const workload = defineWorkload({
    name: 'work',
    title: 'Work',
    about: '',
    metrics: {},
    subjects: [subject],
    start: async () => ({
      verify: async () => {},
      run: async (round) => ({ round }),
      close: async () => {},
      ...session,
    }),
  });
  return localRunner(workload, subject, { folder: join(root, 'own'), shared: root, scale: 'tiny' });
}

describe('localRunner', () => {
  test('makes the folder, verifies once, runs, and removes the folder', async () => {
    let verified = 0;
    const runner = runnerOf({
      verify: async () => {
        verified++;
        expect(existsSync(join(root, 'own'))).toBe(true);
      },
    });
    await runner.open();
    expect(await runner.run(4)).toEqual({ round: 4 });
    const resources = await runner.close();
    expect(verified).toBe(1);
    expect(resources?.cpuMs).toBeGreaterThan(0);
    expect(resources?.peakBytes).toBeGreaterThanOrEqual(resources?.idleBytes ?? Infinity);
    expect(existsSync(join(root, 'own'))).toBe(false);
  });

  test('removes the folder when verifying fails', async () => {
    const runner = runnerOf({ verify: () => Promise.reject(new Error('wrong bytes')) });
    await expect(runner.open()).rejects.toThrow('wrong bytes');
    await runner.close();
    expect(existsSync(join(root, 'own'))).toBe(false);
  });

  test('removes the folder when closing fails', async () => {
    const runner = runnerOf({ close: () => Promise.reject(new Error('stuck')) });
    await runner.open();
    await expect(runner.close()).rejects.toThrow('stuck');
    expect(existsSync(join(root, 'own'))).toBe(false);
  });

  test('refuses to run what was never opened, and closes it all the same', async () => {
    const runner = runnerOf({});
    await expect(runner.run(0)).rejects.toThrow('never opened');
    expect(await runner.close()).toBeUndefined();
  });
});
