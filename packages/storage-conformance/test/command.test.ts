import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const COMMAND = fileURLToPath(new URL('../bin/storage-conformance.js', import.meta.url));
const HARNESS = fileURLToPath(new URL('fixtures/harness.ts', import.meta.url));

function run(...args: string[]) {
  const all = ['--conditions=@granary/source', COMMAND, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, all, { encoding: 'utf8' });
  return { status, text: stdout + stderr };
}

it('runs the kit over the harness that a module exports', () => {
  const { status, text } = run(HARNESS, '--rule', 'DEL-1');
  expect(text).toContain('a fixture: 2 passed, 0 failed, 0 skipped');
  expect(status).toBe(0);
});

it('ends with 2 when there is no such module', () => {
  const { status, text } = run('no-such-harness.ts');
  expect(text).toContain('no-such-harness.ts');
  expect(status).toBe(2);
});
