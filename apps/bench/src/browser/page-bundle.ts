import { basename, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { BuildOptions, Plugin } from 'esbuild';

/** Resolves packages to their sources, when this process does so, too. */
const SOURCE_CONDITION = '@granary/source';
const PACKAGE = fileURLToPath(new URL('../../', import.meta.url));
const ENTRIES: readonly URL[] = [
  new URL('../page/page.ts', import.meta.url),
  new URL('../page/sync-handle-worker.ts', import.meta.url),
];

/**
 * Bundles what runs in pages as an application would: minified, in production mode. Each subject is
 * bundled by itself: in one bundle, what some have in common would be many small files that each of
 * them has to load. By the path of the file.
 */
export async function bundlePage(
  isSource: boolean = process.execArgv.some((flag) => flag.includes(SOURCE_CONDITION)),
): Promise<ReadonlyMap<string, Uint8Array>> {
  const { build } = await import('esbuild');
  const scripts = new Map<string, Uint8Array>();
  const bundle = async (options: BuildOptions) => {
    const { outputFiles = [] } = await build({
      bundle: true,
      minify: true,
      splitting: true,
      format: 'esm',
      target: 'es2023',
      platform: 'browser',
      conditions: isSource ? [SOURCE_CONDITION] : [],
      define: { 'process.env.NODE_ENV': '"production"', global: 'globalThis' },
      outdir: PACKAGE,
      entryNames: '[name]',
      write: false,
      logLevel: 'silent',
      ...options,
    });
    for (const { path, contents } of outputFiles) scripts.set(relative(PACKAGE, path), contents);
  };

  const stores = new Map<string, string>();
  await bundle({
    entryPoints: ENTRIES.map((entry) => fileURLToPath(entry)),
    plugins: [storesApart(stores)],
  });
  await Promise.all(
    Array.from(stores, ([name, file]) =>
      bundle({ entryPoints: [file], outdir: `${PACKAGE}/${name}` }),
    ),
  );
  return scripts;
}

/** Leaves out what subjects load when they are opened, and remembers it by name. */
function storesApart(stores: Map<string, string>): Plugin {
  return {
    name: 'stores-apart',
    setup({ onResolve, resolve }) {
      onResolve({ filter: /\/stores\// }, async ({ path, kind, resolveDir, pluginData }) => {
        if (kind !== 'dynamic-import' || pluginData === stores) return undefined;
        const found = await resolve(path, { kind, resolveDir, pluginData: stores });
        const name = basename(found.path, '.ts');
        stores.set(name, found.path);
        return { path: `/${name}/${name}.js`, external: true };
      });
    },
  };
}
