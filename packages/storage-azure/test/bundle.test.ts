import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** What a page loads of this package, the SDK and core with it. Units: bytes after gzip. */
const MOST_BYTES = 180 * 1024;

test('bundles for a browser without anything of Node', async () => {
  const { outputFiles, metafile, warnings } = await build({
    stdin: {
      contents: `
        import { createAzure } from './src/index.ts';
        globalThis.storage = createAzure({ accountName: 'mine', container: 'photos', sas: 'sig=1' });
      `,
      resolveDir: process.cwd(),
    },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    outdir: 'bundle',
    write: false,
    metafile: true,
    conditions: ['@granary/source'],
    logLevel: 'silent',
  });
  expect(warnings).toEqual([]);
  const outputs = Object.values(metafile.outputs);
  const external = outputs.flatMap(({ imports }) => imports.filter((one) => one.external));
  expect(external).toEqual([]);

  const entries = outputFiles.filter(({ path }) => path.endsWith('/stdin.js'));
  const initial = new Set(entries.map(({ path }) => path));
  for (const path of initial) {
    const output = outputs.find((_, index) => outputFiles[index]?.path === path);
    for (const { kind, path: next } of output?.imports ?? []) {
      const file = outputFiles.find((one) => one.path.endsWith(next));
      if (kind === 'import-statement' && file) initial.add(file.path);
    }
  }
  const loaded = outputFiles.filter(({ path }) => initial.has(path));
  const bytes = loaded.reduce((sum, { contents }) => sum + gzipSync(contents).byteLength, 0);
  console.info(`storage-azure in a browser: ${(bytes / 1024).toFixed(1)} kB after gzip`);
  expect(bytes).toBeLessThan(MOST_BYTES);
});
