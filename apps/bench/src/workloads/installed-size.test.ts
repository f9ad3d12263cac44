import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { installedBytes, publishedBy } from './installed-size.ts';

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-installed-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Writes a package and returns the size of its manifest. */
async function install(
  name: string,
  manifest: object,
  files: Record<string, number>,
): Promise<number> {
  const folder = join(root, 'node_modules', name);
  const text = JSON.stringify({ name, ...manifest });
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'package.json'), text);
  for (const [path, length] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), Buffer.alloc(length));
  }
  return text.length;
}

describe('installedBytes', () => {
  test('adds up a package and all it depends on, each once', async () => {
    const manifests = [
      await install('top', { dependencies: { '@s/left': '1', right: '1' } }, { 'index.js': 100 }),
      await install('@s/left', { dependencies: { right: '1' } }, { 'lib/index.js': 1000 }),
      await install(
        'right',
        { dependencies: { top: '1' } },
        { 'index.js': 10_000, 'node_modules/own/x': 7 },
      ),
    ];
    const sum = manifests.reduce((total, bytes) => total + bytes, 0);
    expect(await installedBytes(['top'], root)).toBe(sum + 11_100);
  });

  test('counts an optional dependency where it is there', async () => {
    const optionalDependencies = { here: '1', elsewhere: '1' };
    const top = await install('top', { optionalDependencies }, {});
    const here = await install('here', {}, { 'binary.node': 500 });
    expect(await installedBytes(['top'], root)).toBe(top + here + 500);
  });

  test('fails for a package that is not installed', async () => {
    await expect(installedBytes(['nobody'], root)).rejects.toThrow('nobody is not installed');
  });

  test('counts of a package of this repository only what it publishes', async () => {
    const bytes = await installedBytes(['@granary/storage-memory']);
    expect(bytes).toBeGreaterThan(5000);
    expect(bytes).toBeLessThan(5_000_000);
  });
});

describe('publishedBy', () => {
  const isPublished = publishedBy(['dist', 'src', '!src/**/*.test.ts', 'CHANGELOG.md']);

  test.each([
    ['package.json', true],
    ['README.md', true],
    ['LICENSE', true],
    ['dist/index.js', true],
    ['src/a/b.ts', true],
    ['src/a/b.test.ts', false],
    ['CHANGELOG.md', true],
    ['tsconfig.json', false],
    ['distant/file.js', false],
  ])('says of %s: %s', (path, expected) => {
    expect(isPublished(path)).toBe(expected);
  });
});
