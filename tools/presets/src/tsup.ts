import type { Options } from 'tsup';

/**
 * Returns the tsup settings of one package: ES modules only, chunks shared between entries, source
 * maps. Declarations come from `tsc`.
 */
export function buildSettings(entry: readonly string[]): Options {
  return {
    entry: [...entry],
    format: ['esm'],
    target: 'es2022',
    platform: 'neutral',
    splitting: true,
    sourcemap: true,
    clean: true,
    dts: false,
    tsconfig: 'tsconfig.build.json',
  };
}
