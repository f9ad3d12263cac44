import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { bundleWithEsbuild, bundleWithVite } from './browser-bundle.ts';
import { describeBundle } from './bundle.ts';

/** Text that does not become much smaller. */
const bulk = (letters: number) =>
  JSON.stringify(
    Array.from({ length: letters / 8 }, () => Math.random().toString(36).slice(2, 10)),
  );

/** A package with these modules in `src`. */
async function packageOf(modules: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'granary-bundle-'));
  await mkdir(join(folder, 'src'));
  for (const [name, text] of Object.entries(modules)) {
    await writeFile(join(folder, 'src', name), text);
  }
  return folder;
}

const WHOLE = {
  'index.ts': `import { first } from './first.ts';
    export const createWhole = () => [first, () => import('./later.ts')];`,
  'first.ts': `export const first = ${bulk(4_000)};`,
  'later.ts': `export const later = ${bulk(40_000)};`,
};

describe('bundleWithEsbuild', () => {
  test('counts what is loaded from the beginning', async () => {
    const folder = await packageOf(WHOLE);
    onTestFinished(() => rm(folder, { recursive: true }));
    const bundle = await bundleWithEsbuild({ factory: 'createWhole', folder });
    expect(bundle.outside).toEqual([]);
    expect(bundle.initialBytes).toBeGreaterThan(1_500);
    expect(bundle.initialBytes).toBeLessThan(10_000);
    expect(bundle.modules).toContain('src/later.ts');
  });

  test('rejects what a browser has not', async () => {
    const folder = await packageOf({
      'index.ts': `import { readFileSync } from 'node:fs'; export const createNode = readFileSync;`,
    });
    onTestFinished(() => rm(folder, { recursive: true }));
    const source = { factory: 'createNode', folder };
    await expect(bundleWithEsbuild(source)).rejects.toThrow('node:fs');
    const { outside } = await bundleWithVite(source);
    expect(outside.join()).toContain('node:fs');
  });
});

test('what is at another address is outside', async () => {
  const text = `export const createFar = () => import('https://far.example/a.js');`;
  const folder = await packageOf({ 'index.ts': text });
  onTestFinished(() => rm(folder, { recursive: true }));
  const outside = ['https://far.example/a.js'];
  const source = { factory: 'createFar', folder };
  expect(await bundleWithEsbuild(source)).toMatchObject({ outside });
  expect(await bundleWithVite(source)).toMatchObject({ outside });
});

describe('bundleWithVite', () => {
  test('tells the modules, and rejects what is not exported', async () => {
    const folder = await packageOf(WHOLE);
    onTestFinished(() => rm(folder, { recursive: true }));
    const { outside, modules } = await bundleWithVite({ factory: 'createWhole', folder });
    expect(outside).toEqual([]);
    expect(modules.some((path) => path.endsWith('later.ts'))).toBe(true);
    await expect(bundleWithVite({ factory: 'createOther', folder })).rejects.toThrow('createOther');
  });
});

const folder: string = await packageOf(WHOLE);
afterAll(() => rm(folder, { recursive: true }));
describeBundle({ factory: 'createWhole', folder, maxBytes: 10_000, without: /node_modules/ });
describeBundle({ factory: 'createWhole', folder, maxBytes: 10_000, withVite: false });
