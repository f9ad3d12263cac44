import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { runCommand } from '@granary-tools/workspace/command';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkPackages } from './check.ts';

let root = '';
const put = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const git = async (...args: string[]) => {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.com'];
  const { exitCode, output } = await runCommand('git', [...identity, ...args], { cwd: root });
  if (exitCode !== 0) throw new Error(output);
};

beforeAll(async () => {
  root = mkdtempSync(join(tmpdir(), 'granary-check-'));
  put('pnpm-workspace.yaml', 'catalog:\n  vitest: 5.1.0\n');
  put('.changeset/README.md', 'About changesets.');
  const manifest = { name: '@granary/storage-acme', granary: { kind: 'backend' } };
  put('packages/storage-acme/package.json', JSON.stringify(manifest));
  put('packages/storage-acme/src/index.ts', 'export default 1;\n');
  put('packages/storage-acme/dist/index.js', 'export default 1;\n');
  put('packages/odd/package.json', JSON.stringify({ name: '@granary/odd' }));
  put('tools/presets/package.json', JSON.stringify({ name: 'presets', private: true }));
  await git('init', '--quiet', '--initial-branch=main');
  await git('add', '.');
  await git('commit', '--quiet', '--message=first');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('reads packages with their kinds and finds what breaks a rule', async () => {
  const findings = await checkPackages({ root });
  expect(findings).toContainEqual({
    rule: 'named-exports',
    place: 'packages/storage-acme/src/index.ts',
    message: 'has a default export; export a name',
  });
  expect(findings).toContainEqual(
    expect.objectContaining({ rule: 'required-files', place: 'packages/odd/package.json' }),
  );
  expect(findings).toContainEqual(
    expect.objectContaining({ rule: 'required-files', place: 'tools/presets/vitest.config.ts' }),
  );
});

test('ignores builds', async () => {
  const findings = await checkPackages({ root });
  expect(findings.filter(({ place }) => place.includes('dist/'))).toEqual([]);
});

test('checks the named folders only', async () => {
  const findings = await checkPackages({ root, folders: ['packages/odd'] });
  expect(findings.length).toBeGreaterThan(0);
  expect(findings.every(({ place }) => place.startsWith('packages/odd/'))).toBe(true);
});

test('asks for changesets of what differs from a branch', async () => {
  const changesets = async () =>
    (await checkPackages({ root, changedSince: 'main' })).filter(
      ({ rule }) => rule === 'changesets',
    );
  expect(await changesets()).toEqual([]);
  put('packages/storage-acme/src/new.ts', 'export const a = 1;\n');
  expect(await changesets()).toMatchObject([{ place: 'packages/storage-acme' }]);
  put('.changeset/new.md', "---\n'@granary/storage-acme': minor\n---\n\nAdds a.\n");
  expect(await changesets()).toEqual([]);
});

test('fails when the branch does not exist', async () => {
  await expect(checkPackages({ root, changedSince: 'no-such-branch' })).rejects.toThrow(
    /git merge-base HEAD no-such-branch failed/,
  );
});
