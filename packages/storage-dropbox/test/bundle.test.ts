import { gzipSync } from 'node:zlib';
import { build as esbuild, type Metafile } from 'esbuild';
import { build as vite } from 'vite';
import { expect, test } from 'vitest';

/** Minified and compressed, with core, without parts that are loaded later. Units: bytes. */
const MAX_BYTES = 52_000;
const ENTRY = "export { createDropbox } from './src/index.ts';";

test('bundles for browsers with esbuild without a polyfill, within its size', async () => {
  const { outputFiles, metafile } = await esbuild({
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
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.filter((path) => /\/dropbox@|node-fetch/.test(path))).toEqual([]);
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports);
  expect(imported.filter(({ external }) => external)).toEqual([]);
  const entry = Object.keys(metafile.outputs).find((path) => path.endsWith('stdin.js')) ?? '';
  const initial = reached(metafile.outputs, entry);
  const size = outputFiles
    .filter(({ path }) => [...initial].some((name) => path.endsWith(name)))
    .reduce((sum, { contents }) => sum + gzipSync(contents).byteLength, 0);
  console.log(`${size} bytes of a bundle with createDropbox, after gzip`);
  expect(size).toBeLessThan(MAX_BYTES);
  expect(size).toBeGreaterThan(1000);
});

test('bundles for browsers with vite without a polyfill', async () => {
  const result = await vite({
    configFile: false,
    logLevel: 'silent',
    resolve: { conditions: ['@granary/source', 'browser', 'import', 'default'] },
    build: {
      write: false,
      lib: { entry: 'src/index.ts', formats: ['es'] },
      rollupOptions: { external: () => false },
    },
  });
  const [bundle] = [result].flat();
  if (bundle === undefined || !('output' in bundle)) throw new Error('there is no bundle');
  const text = bundle.output.map((part) => ('code' in part ? part.code : '')).join('\n');
  expect(text).toContain('createDropbox');
  expect(text).not.toMatch(/from\s*["'](?:node:|dropbox["'])|\brequire\(|__vite-browser-external/);
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
