import { gzipSync } from 'node:zlib';
import { build, type Metafile } from 'esbuild';
import { build as viteBuild } from 'vite';
import { expect, test } from 'vitest';

/** Minified and compressed, with core, without parts that are loaded later. Units: bytes. */
const MAX_BYTES = 55_000;
const ENTRY = "export { createGoogleDrive } from './src/index.ts';";

test('bundles for browsers with esbuild: nothing outside, no polyfill, within its size', async () => {
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
  expect(Object.keys(metafile.inputs).filter((path) => /googleapis|gaxios/.test(path))).toEqual([]);
  const entry = Object.keys(metafile.outputs).find((path) => path.endsWith('stdin.js')) ?? '';
  const initial = reached(metafile.outputs, entry);
  const size = outputFiles
    .filter(({ path }) => [...initial].some((name) => path.endsWith(name)))
    .reduce((sum, { contents }) => sum + gzipSync(contents).byteLength, 0);
  process.stdout.write(`esbuild: the initial part has ${size} bytes after gzip\n`);
  expect(size).toBeLessThan(MAX_BYTES);
  expect(size).toBeGreaterThan(1000);
});

test('bundles for browsers with vite: nothing outside, no polyfill', async () => {
  const warnings: string[] = [];
  const result = await viteBuild({
    configFile: false,
    logLevel: 'silent',
    root: process.cwd(),
    resolve: { conditions: ['@granary/source', 'browser', 'module', 'import', 'default'] },
    build: {
      write: false,
      minify: true,
      lib: { entry: 'src/index.ts', formats: ['es'], fileName: 'bundle' },
      rollupOptions: { onwarn: (warning) => warnings.push(warning.message) },
    },
  });
  const outputs = (Array.isArray(result) ? result : [result]).flatMap((made) =>
    'output' in made ? made.output : [],
  );
  const names = new Set(outputs.map(({ fileName }) => fileName));
  const outside = outputs.flatMap((output) =>
    output.type === 'chunk' ? output.imports.filter((path) => !names.has(path)) : [],
  );
  expect(outside).toEqual([]);
  expect(warnings.filter((warning) => /externalized|browser compatibility/.test(warning))).toEqual(
    [],
  );
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
