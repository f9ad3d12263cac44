import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { run } from './run.js';

const options = { cwd: process.cwd(), env: process.env };
const node = (script: string, quiet = true, args: string[] = []) =>
  run(process.execPath, ['-e', script, ...args], { ...options, quiet });

afterEach(() => vi.restoreAllMocks());

describe('run', () => {
  test('returns the exit code', async () => {
    expect(await node('process.exit(7)', false)).toBe(7);
    expect(await node('', false)).toBe(0);
  });

  test('passes arguments with spaces and quotes on untouched', async () => {
    const args = ['two words', `it's "quoted"`, '$HOME', ''];
    const expected = JSON.stringify(args);
    const script = `process.exit(JSON.stringify(process.argv.slice(1)) === ${JSON.stringify(expected)} ? 0 : 1)`;
    expect(await node(script, true, ['--', ...args])).toBe(0);
  });

  test('shows the output of a quiet program only when it fails', async () => {
    const written: string[] = [];
    vi.spyOn(process.stderr, 'write').mockImplementation((chunk) => {
      written.push(String(chunk));
      return true;
    });
    await node('console.log("fine")');
    expect(written.join('')).toBe('');
    await node('console.log("out"); console.error("broken"); process.exit(1)');
    expect(written.join('')).toMatch(/out/);
    expect(written.join('')).toMatch(/broken/);
  });

  test('returns 128 + the number of the signal that ended the program', async () => {
    expect(await node('process.kill(process.pid, "SIGTERM")')).toBe(143);
  });

  test('passes signals on to the program', async () => {
    const ready = join(mkdtempSync(join(tmpdir(), 'granary-run-')), 'ready');
    const running = node(`
      process.on('SIGTERM', () => process.exit(5));
      require('node:fs').writeFileSync(${JSON.stringify(ready)}, '');
      setInterval(() => {}, 1000);
    `);
    await vi.waitUntil(() => existsSync(ready), { timeout: 8_000 });
    process.emit('SIGTERM', 'SIGTERM');
    expect(await running).toBe(5);
  });

  test('ends a program when npm, which started it, is gone', async () => {
    vi.stubEnv('npm_lifecycle_event', 'test');
    const running = node('setInterval(() => {}, 1000)');
    vi.spyOn(process, 'ppid', 'get').mockReturnValue(1);
    expect(await running).toBe(143);
    vi.unstubAllEnvs();
  });

  test('leaves Ctrl-C of a terminal to the terminal', async () => {
    const { isTTY } = process.stdin;
    process.stdin.isTTY = true;
    const running = node('setTimeout(() => process.exit(3), 200)');
    process.emit('SIGINT', 'SIGINT');
    expect(await running).toBe(3);
    process.stdin.isTTY = isTTY;
  });

  test('rejects when the program does not exist', async () => {
    await expect(run('/no/such/program', [], options)).rejects.toThrow(/ENOENT/);
  });

  test('leaves no signal listener behind', async () => {
    const before = process.listenerCount('SIGTERM');
    await node('');
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });
});
