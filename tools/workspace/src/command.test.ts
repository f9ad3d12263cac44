import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand, runScript } from './command.ts';

let cwd = '';
beforeAll(() => {
  cwd = mkdtempSync(join(tmpdir(), 'granary-command-'));
});
afterAll(() => rmSync(cwd, { recursive: true, force: true }));

function script(text: string): string {
  const file = join(cwd, 'script.js');
  writeFileSync(file, text);
  return file;
}

describe('runScript', () => {
  test('returns the exit code and all output', async () => {
    const file = script('console.log(process.argv[2]); console.error("oh"); process.exit(3)');
    const { exitCode, output } = await runScript(file, ['a b'], { cwd });
    expect(exitCode).toBe(3);
    expect(output.split('\n').sort()).toEqual(['a b', 'oh']);
  });

  test('hands over lines as they come', async () => {
    const lines: string[] = [];
    const file = script('console.log("one"); console.log("two")');
    await runScript(file, [], { cwd, onLine: (line) => lines.push(line) });
    expect(lines).toEqual(['one', 'two']);
  });

  test('adds variables to the environment', async () => {
    const file = script('console.log(process.env.EXTRA)');
    const { output } = await runScript(file, [], { cwd, env: { EXTRA: 'yes' } });
    expect(output).toBe('yes');
  });

  test('ends a script when the signal aborts', async () => {
    const stop = new AbortController();
    const file = script('console.log("up"); setInterval(() => {}, 1000)');
    const running = runScript(file, [], {
      cwd,
      signal: stop.signal,
      onLine: (line) => line === 'up' && stop.abort(),
    });
    expect((await running).exitCode).toBe(1);
  });
});

describe('runCommand', () => {
  test('fails when there is no such program', async () => {
    const { exitCode, output } = await runCommand('granary-no-such-program', [], { cwd });
    expect(exitCode).not.toBe(0);
    expect(output).toContain('granary-no-such-program');
  });
});
