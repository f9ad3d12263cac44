import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readBuiltPage } from './built-page.ts';
import { BUNDLERS, type BundlerName } from './bundlers.ts';

const NAMES = Object.keys(BUNDLERS) as readonly BundlerName[];
/** A script that builds, of which each bundler has something to say. */
const ODD: Readonly<Record<BundlerName, { readonly script: string; readonly warning: string }>> = {
  vite: { script: "eval('1');", warning: 'eval' },
  webpack: { script: 'require(location.hash);', warning: 'Critical dependency' },
  esbuild: { script: "export {}; eval('1');", warning: 'eval' },
};

let project = '';

beforeEach(async () => {
  project = await mkdtemp(join(tmpdir(), 'granary-bundler-'));
  await writeFile(join(project, 'index.html'), '<script type="module" src="./page.js"></script>');
});
afterEach(() => rm(project, { recursive: true }));

describe.each(NAMES)('%s', { timeout: 120_000 }, (name) => {
  const build = async (script: string) => {
    await writeFile(join(project, 'page.js'), script);
    return await BUNDLERS[name]({ project, output: join(project, 'built') });
  };

  test('builds a page small', async () => {
    expect(await build('const longName = 1;\nconsole.log(longName, "kept");')).toEqual([]);
    const { text } = await readBuiltPage(join(project, 'built'));
    expect(text).toContain('kept');
    expect(text).not.toContain('longName');
  });

  test('tells what it warns of', async () => {
    const { script, warning } = ODD[name];
    expect(await build(script)).toEqual([expect.stringContaining(warning)]);
  });

  test('rejects when a module is missing', async () => {
    await expect(build("import './none.js';")).rejects.toThrow('none.js');
  });

  test('rejects when the page cannot be written', async () => {
    await writeFile(join(project, 'built'), 'a file, and no folder');
    await expect(build('console.log(1);')).rejects.toThrow('built');
  });
});
