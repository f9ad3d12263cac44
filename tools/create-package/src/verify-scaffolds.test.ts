import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type VerifyContext, verifyScaffolds } from './verify-scaffolds.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'granary-verify-'));
  mkdirSync(join(root, 'node_modules'));
  writeFileSync(join(root, 'package.json'), '{}');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Runs with commands that only answer, and returns what was run. */
async function verify(failing?: string) {
  const ran: string[] = [];
  const said: string[] = [];
  const folders = new Set<string>();
  const run: VerifyContext['runScript'] = async (command, args, { cwd }) => {
    const line = [command, ...args].join(' ');
    if (cwd.endsWith('copy')) {
      expect(existsSync(join(cwd, 'package.json'))).toBe(true);
      expect(existsSync(join(cwd, 'node_modules'))).toBe(false);
      folders.add(cwd);
    }
    if (args[0] === 'pack') {
      const target = args.at(-1) ?? '';
      mkdirSync(target);
      writeFileSync(join(target, 'packed.tgz'), '');
    }
    ran.push(line);
    return { exitCode: failing && line.includes(failing) ? 1 : 0, output: 'why' };
  };
  const say = (line: string) => said.push(line);
  const failures = await verifyScaffolds({ root, runScript: run, runCommand: run, say });
  expect([...folders].filter((folder) => existsSync(folder))).toEqual([]);
  return { failures, ran, said };
}

test('checks a backend and a layer in a copy, and a backend outside from tarballs', async () => {
  const { failures, ran, said } = await verify();
  expect(failures).toEqual([]);
  expect(ran.find((line) => line.includes('backend throw-away'))).toBeDefined();
  expect(ran.find((line) => line.includes('layer pass-through'))).toBeDefined();
  expect(ran.find((line) => line.includes('run test'))).toContain('storage-throw-away');
  expect(ran).toContain('node_modules/vitest/vitest.mjs run pass-through');
  expect(ran.find((line) => line.includes('--outside'))).toMatch(
    /--core file:.*storage-core.packed\.tgz --kit file:.*storage-conformance.packed\.tgz$/,
  );
  expect(ran).toContain('npm run build');
  expect(said.join('\n')).toMatch(/^ok {5}install the copy \(\d+\.\d s\)$/m);
});

test('stops where a step fails, and still tries the package outside', async () => {
  const { failures, ran, said } = await verify('check-packages');
  expect(failures).toEqual(['structure failed:\nwhy']);
  expect(ran.find((line) => line.includes('typecheck test'))).toBeUndefined();
  expect(ran).toContain('npm run build');
  expect(said.some((line) => line.startsWith('FAILED structure'))).toBe(true);
});

test('names a tarball that was not made', async () => {
  const run: VerifyContext['runScript'] = async (_, args) => {
    const missing = args.some((arg) => arg.endsWith('missing.tgz'));
    return { exitCode: missing ? 1 : 0, output: args.join(' ') };
  };
  const context = { root, runScript: run, runCommand: run, say: () => {} };
  expect(await verifyScaffolds(context)).toEqual([
    expect.stringMatching(/create a backend outside failed:.*missing\.tgz/s),
  ]);
});
