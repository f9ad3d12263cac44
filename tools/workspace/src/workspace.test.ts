import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPublished, readPackage, readWorkspace } from './workspace.ts';

let root = '';

function addPackage(folder: string, manifest: object): void {
  mkdirSync(join(root, folder), { recursive: true });
  writeFileSync(join(root, folder, 'package.json'), JSON.stringify(manifest));
}

beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'granary-workspace-'));
  addPackage('packages/storage-b', { name: '@granary/storage-b' });
  addPackage('packages/storage-a', { name: '@granary/storage-a' });
  addPackage('tools/check', { name: 'check', private: true });
  mkdirSync(join(root, 'packages', 'left-over'));
  writeFileSync(join(root, 'packages', 'notes.txt'), '');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('readWorkspace', () => {
  test('returns every folder with a package.json, sorted, floor by floor', async () => {
    const packages = await readWorkspace(root);
    expect(packages.map(({ folder }) => folder)).toEqual([
      'packages/storage-a',
      'packages/storage-b',
      'tools/check',
    ]);
    expect(packages[0]?.path).toBe(join(root, 'packages/storage-a'));
    expect(packages[0]?.manifest.name).toBe('@granary/storage-a');
  });

  test('reads this repository when no other is named', async () => {
    const packages = await readWorkspace();
    expect(packages.map(({ folder }) => folder)).toContain('tools/workspace');
  });
});

describe('readPackage', () => {
  test('returns undefined where there is no package', async () => {
    expect(await readPackage(root, 'packages/left-over')).toBeUndefined();
  });
});

describe('isPublished', () => {
  test('tells packages for the registry from private ones', async () => {
    const packages = await readWorkspace(root);
    expect(packages.map(isPublished)).toEqual([true, true, false]);
  });
});
