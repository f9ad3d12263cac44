import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readBuiltPage } from './built-page.ts';

let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-built-page-'));
});
afterEach(() => rm(folder, { recursive: true }));

const gzipBytes = (text: string) => gzipSync(text, { level: 9 }).byteLength;

describe('readBuiltPage', () => {
  test('reads all scripts, and counts those that load before the page runs', async () => {
    const scripts = {
      'entry.js': 'import{a}from"./parts/a.js";a();import("./parts/later.js").then(o=>o.b());',
      'parts/a.js': 'import"./deep.js";export{a}from"./deep.js";',
      'parts/deep.js': 'export const a=()=>{};',
      'parts/later.js': 'import{a}from"./a.js";export const b=a;',
    };
    await mkdir(join(folder, 'parts'));
    for (const [name, text] of Object.entries(scripts)) await writeFile(join(folder, name), text);
    await writeFile(
      join(folder, 'index.html'),
      '<script type="module" crossorigin src="./entry.js"></script>',
    );
    const { text, firstLoadBytes } = await readBuiltPage(folder);
    for (const script of Object.values(scripts)) expect(text).toContain(script);
    const { 'parts/later.js': _later, ...first } = scripts;
    expect(firstLoadBytes).toBe(
      Object.values(first).reduce((sum, script) => sum + gzipBytes(script), 0),
    );
  });

  test('refuses a page without a script', async () => {
    await writeFile(join(folder, 'index.html'), '<title>Nothing</title>');
    await expect(readBuiltPage(folder)).rejects.toThrow('names no script');
  });
});
