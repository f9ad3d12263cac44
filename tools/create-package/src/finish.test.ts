import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { finish } from './finish.ts';

const runCommand = vi.fn();
const runScript = vi.fn();
vi.mock('@granary-tools/workspace/command', () => ({
  runCommand: (...args: unknown[]) => runCommand(...args),
  runScript: (...args: unknown[]) => runScript(...args),
}));

let root = '';
const folder = 'packages/storage-acme';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'granary-finish-'));
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, 'package.json'), '{"name":"@granary/storage-acme"}');
  runCommand.mockReset().mockResolvedValue({ exitCode: 0, output: '' });
  runScript.mockReset().mockResolvedValue({ exitCode: 0, output: '' });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('links, formats, builds, and writes the API report', async () => {
  const said: string[] = [];
  await finish({ root, folder, say: (line) => said.push(line) });
  expect(said).toEqual(['Linking', 'Formatting', 'Building', 'Writing the API report']);
  const calls = runScript.mock.calls.map(([, args]) => args.join(' '));
  expect(calls).toEqual([
    `check --write ${folder}`,
    'run build --filter=@granary/storage-acme',
    `api --update ${folder}`,
  ]);
});

test('stops at the first step that fails and shows why', async () => {
  runScript.mockResolvedValueOnce({ exitCode: 1, output: 'cannot parse' });
  await expect(finish({ root, folder, say: () => {} })).rejects.toThrow(
    'Formatting failed:\ncannot parse',
  );
  expect(runScript).toHaveBeenCalledOnce();
});

test('refuses a folder without a package', async () => {
  await expect(finish({ root, folder: 'packages/none', say: () => {} })).rejects.toThrow(
    'packages/none was not written.',
  );
});
