import { gzipSync } from 'node:zlib';
import { build as esbuild, type Metafile } from 'esbuild';
import { build as vite } from 'vite';

/** What of a package is bundled. */
export interface BundleSource {
  /** Name of what a page imports: `createS3`. */
  readonly factory: string;
  readonly folder: string;
}

/** What a bundler makes of it for a browser. */
export interface BrowserBundle {
  /** Paths of what a bundler left to be resolved later. */
  readonly outside: readonly string[];
  /** What is loaded from the beginning, minified and compressed. Units: bytes. */
  readonly initialBytes: number;
  /** Paths of the modules that went in, those for later included. */
  readonly modules: readonly string[];
}

const CONDITIONS = ['@granary/source', 'browser', 'module', 'import', 'default'];
/** What esbuild puts in itself. */
const OWN = '<runtime>';
/** What vite puts in the place of a module of Node. */
const NOTHING = '__vite-browser-external';

/** Bundles with esbuild, which splits off what `import()` loads. */
export async function bundleWithEsbuild(source: BundleSource): Promise<BrowserBundle> {
  const { factory, folder } = source;
  const { outputFiles, metafile } = await esbuild({
    stdin: { contents: `export { ${factory} } from './src/index.ts';`, resolveDir: folder },
    absWorkingDir: folder,
    ...{ bundle: true, minify: true, splitting: true, metafile: true, write: false },
    ...{ format: 'esm', platform: 'browser', target: 'es2022', outdir: 'bundle' },
    conditions: ['@granary/source'],
    logLevel: 'silent',
  });
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) => imports);
  const initial = initialOutputs(metafile.outputs);
  return {
    outside: imported
      .filter(({ path, external }) => external && path !== OWN)
      .map(({ path }) => path),
    initialBytes: outputFiles
      .filter(({ path }) => initial.some((name) => path.endsWith(name)))
      .reduce((sum, { contents }) => sum + gzipSync(contents).byteLength, 0),
    modules: Object.keys(metafile.inputs),
  };
}

/** Bundles with vite, as a library. */
export async function bundleWithVite(
  source: BundleSource,
): Promise<Omit<BrowserBundle, 'initialBytes'>> {
  const { factory, folder } = source;
  const result = await vite({
    configFile: false,
    logLevel: 'silent',
    root: folder,
    resolve: { conditions: CONDITIONS },
    build: {
      write: false,
      lib: { entry: 'src/index.ts', formats: ['es'], fileName: 'bundle' },
    },
  });
  const outputs = [result].flat().filter((made) => 'output' in made);
  const chunks = outputs
    .flatMap(({ output }) => output)
    .filter((output) => output.type === 'chunk');
  if (!chunks.some(({ exports }) => exports.includes(factory))) {
    throw new Error(`src/index.ts exports no ${factory}, or vite made nothing of it.`);
  }
  const names = new Set(chunks.map(({ fileName }) => fileName));
  const modules = chunks.flatMap(({ moduleIds }) => moduleIds);
  const imported = chunks.flatMap(({ imports, dynamicImports }) => [...imports, ...dynamicImports]);
  return {
    outside: [
      ...imported.filter((path) => !names.has(path)),
      ...modules.filter((path) => path.includes(NOTHING)),
    ],
    modules,
  };
}

/** The files that are loaded from the start: `import()` comes later. */
function initialOutputs(outputs: Metafile['outputs']): readonly string[] {
  const all = Object.entries(outputs);
  const entries = all.filter(([, { entryPoint }]) => entryPoint === '<stdin>');
  const found = new Set(entries.map(([path]) => path));
  for (const path of found) {
    const imports = all.flatMap(([from, output]) => (from === path ? output.imports : []));
    for (const { path: next, kind } of imports) {
      if (kind === 'import-statement') found.add(next);
    }
  }
  return [...found];
}
