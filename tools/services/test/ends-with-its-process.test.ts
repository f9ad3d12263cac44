import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { processesBelow } from './processes-below.ts';

const HOLDER = fileURLToPath(new URL('./processes/hold-server.ts', import.meta.url));
const GONE_WITHIN = { timeout: 15_000, interval: 20 };

let temporary = '';

beforeEach(async () => {
  temporary = await mkdtemp(join(tmpdir(), 'granary-services-test-'));
});

afterEach(() => rm(temporary, { recursive: true, force: true }));

/** Starts a process that starts a server, and waits for the server. */
async function hold(...args: string[]): Promise<{ holder: ChildProcess; endpoint: string }> {
  const holder = spawn(process.execPath, [HOLDER, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { PATH: process.env['PATH'], TMPDIR: temporary },
  });
  const lines = createInterface({ input: holder.stdout });
  const [endpoint] = await once(lines, 'line');
  return { holder, endpoint: String(endpoint) };
}

describe.each(['s3', 'azure'])('the %s server', (name) => {
  test('ends and leaves no file when its process is killed', async () => {
    const { holder, endpoint } = await hold(name);
    const programs = await processesBelow(Number(holder.pid));
    expect(programs.length).toBe(name === 's3' ? 4 : 2);
    expect((await fetch(endpoint)).status).toBeGreaterThan(0);
    expect(await readdir(temporary)).toHaveLength(1);

    holder.kill('SIGKILL');
    await expect.poll(() => programs.filter(isRunning), GONE_WITHIN).toEqual([]);
    await expect.poll(() => readdir(temporary), GONE_WITHIN).toEqual([]);
    await expect(fetch(endpoint)).rejects.toThrow();
  });

  test('does not keep its process running', async () => {
    const { holder, endpoint } = await hold(name, 'leave');
    if (holder.exitCode === null) await once(holder, 'exit');
    await expect.poll(() => readdir(temporary), GONE_WITHIN).toEqual([]);
    await expect(fetch(endpoint)).rejects.toThrow();
  });

  test('ends when its keeper is told to', async () => {
    const { holder } = await hold(name);
    const [keeper = 0, ...programs] = await processesBelow(Number(holder.pid));
    process.kill(keeper, 'SIGTERM');
    await expect.poll(() => programs.filter(isRunning), GONE_WITHIN).toEqual([]);
    await expect.poll(() => readdir(temporary), GONE_WITHIN).toEqual([]);
    holder.kill('SIGKILL');
  });
});

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch {
    return false;
  }
}
