import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Options } from 'tsup';

interface Manifest {
  readonly exports?: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly bin?: Readonly<Record<string, string>>;
}

/**
 * Returns the tsup settings of the package in `folder`: one file for each entry that its package.json
 * names in `exports` and `bin`, ES modules only, chunks shared between entries, source maps.
 * Declarations come from `tsc`.
 */
export function buildSettings(folder: string = process.cwd()): Options {
  return {
    entry: [...entries(join(folder, 'package.json'))],
    format: ['esm'],
    target: 'es2022',
    platform: 'neutral',
    splitting: true,
    // Packages declare that they have no side effects, so a chunk that nothing is taken from is not loaded.
    treeshake: { moduleSideEffects: false },
    sourcemap: true,
    // The sources are published too, so their text is not needed twice.
    esbuildOptions(options) {
      options.sourcesContent = false;
    },
    clean: true,
    dts: false,
    external: [/^node:/],
    removeNodeProtocol: false,
    tsconfig: 'tsconfig.build.json',
  };
}

function entries(path: string): ReadonlySet<string> {
  const { exports = {}, bin = {} }: Manifest = JSON.parse(readFileSync(path, 'utf8'));
  const sources = Object.values(exports)
    .flatMap((target) => (typeof target === 'string' ? [] : Object.entries(target)))
    .flatMap(([condition, path]) => (condition === '@granary/source' ? [path] : []));
  const programs = Object.values(bin)
    .filter((path) => path.startsWith('./dist/'))
    .map((path) => path.replace(/^\.\/dist\/(.*)\.js$/, './src/$1.ts'));
  return new Set([...sources, ...programs].map((path) => path.replace('./', '')));
}
