import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { build as viteBuild } from 'vite';
import { expect, test } from 'vitest';

/** Minified and compressed, with core, without parts that are loaded later. Units: bytes. */
const MAX_BYTES = 54_000;
const ENTRY = "export { createOneDrive } from './src/index.ts';";

test('bundles for browsers without a polyfill, within its size', async () => {
  const { outputFiles, metafile } = await build({
    stdin: { contents: ENTRY, resolveDir: process.cwd() },
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
  expect(imported.filter(({ external }) => external)).toEqual([]);
  expect(Object.keys(metafile.inputs).filter((path) => path.includes('microsoft'))).toEqual([]);
  const entry = Object.keys(metafile.outputs).find((path) => path.endsWith('stdin.js')) ?? '';
  const initial = reached(metafile.outputs, entry);
  const size = outputFiles
    .filter(({ path }) => [...initial].some((name) => path.endsWith(name)))
    .reduce((sum, { contents }) => sum + gzipSync(contents).byteLength, 0);
  console.info(`storage-onedrive starts at ${size} bytes, gzip`);
  expect(size).toBeLessThan(MAX_BYTES);
  expect(size).toBeGreaterThan(1000);
});

test('is built by vite with nothing left to resolve', async () => {
  const result = await viteBuild({
    configFile: false,
    logLevel: 'silent',
    resolve: { conditions: ['@granary/source', 'browser', 'module', 'import', 'default'] },
    build: {
      write: false,
      lib: { entry: 'src/index.ts', formats: ['es'] },
    },
  });
  const outputs = Array.isArray(result) ? result.flatMap(({ output }) => output) : [];
  const chunks = outputs.filter((output) => output.type === 'chunk');
  expect(chunks.length).toBeGreaterThan(0);
  const names = new Set(chunks.map(({ fileName }) => fileName));
  for (const { imports, dynamicImports } of chunks) {
    expect([...imports, ...dynamicImports].filter((name) => !names.has(name))).toEqual([]);
  }
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
