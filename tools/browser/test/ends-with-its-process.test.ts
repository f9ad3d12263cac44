import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findBrowser } from '../src/index.ts';
import { processesBelow } from './processes-below.ts';

const HOLDER = fileURLToPath(new URL('./processes/hold-browser.ts', import.meta.url));
const GONE_WITHIN = { timeout: 60_000, interval: 20 };

let temporary = '';

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'granary-browser-test-'));
});

afterEach(() => rm(temporary, { recursive: true, force: true }));

/** Starts a process that opens a tab, and waits for that. */
async function hold(name: string): Promise<ChildProcess> {
  const holder = spawn(process.execPath, [HOLDER, name], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: temporary },
  });
  await once(createInterface({ input: holder.stdout }), 'line');
  return holder;
}

describe.each(['chromium', 'firefox'] as const)('%s', { timeout: 120_000 }, (name) => {
  test.skipIf(findBrowser(name) === undefined)(
    'ends and leaves no file when its process is killed, and when its keeper is told to end',
    async () => {
      for (const whom of ['process', 'keeper']) {
        const holder = await hold(name);
        const keeper = await keeperOf(holder);
        const programs = [keeper, ...(await processesBelow(keeper))];
        expect(programs.length).toBeGreaterThan(3);
        expect(await keptFolders()).toHaveLength(1);

        if (whom === 'process') holder.kill('SIGKILL');
        else process.kill(keeper, 'SIGTERM');
        await expect.poll(() => programs.filter(isRunning), GONE_WITHIN).toEqual([]);
        await expect.poll(keptFolders, GONE_WITHIN).toEqual([]);
        holder.kill('SIGKILL');
      }
    },
  );
});

async function keptFolders(): Promise<readonly string[]> {
  return (await readdir(temporary)).filter((folder) => folder.startsWith('granary-browser-'));
}

/** The keeper is what a browser was started by. */
async function keeperOf(holder: ChildProcess): Promise<number> {
  for (const id of await processesBelow(Number(holder.pid))) {
    if ((await processesBelow(id)).length > 2) return id;
  }
  throw new Error('There is no keeper.');
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}
