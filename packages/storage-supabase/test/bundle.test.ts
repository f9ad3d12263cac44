import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { expect, test } from 'vitest';

/** Minified and compressed, with core and storage-js, without parts that are loaded later. Units: bytes. */
const MAX_BYTES = 56_000;

test('bundles for browsers without a polyfill, within its size', async () => {
  const { outputFiles, metafile } = await build({
    stdin: {
      contents: "export { createSupabase } from './src/index.ts';",
      resolveDir: process.cwd(),
    },
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2022',
    conditions: ['@granary/source'],
    outdir: 'bundle',
    write: false,
    metafile: true,
    logLevel: 'silent',
  });
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports);
  expect(imported.filter(({ path, external }) => external && path.startsWith('node:'))).toEqual([]);
  const entry = Object.keys(metafile.outputs).find((path) => path.endsWith('stdin.js')) ?? '';
  const initial = reached(metafile.outputs, entry);
  const size = outputFiles
    .filter(({ path }) => [...initial].some((name) => path.endsWith(name)))
    .reduce((sum, { contents }) => sum + gzipSync(contents).byteLength, 0);
  expect(size).toBeLessThan(MAX_BYTES);
  expect(size).toBeGreaterThan(1000);
});

/** The files that one needs from the start: `import()` comes later. */
function reached(outputs: Metafile['outputs'], entry: string): ReadonlySet<string> {
  const found = new Set([entry]);
  for (const path of found) {
    for (const { path: next, kind } of outputs[path]?.imports ?? []) {
      if (kind === 'import-statement') found.add(next);
    }
  }
  return found;
}
