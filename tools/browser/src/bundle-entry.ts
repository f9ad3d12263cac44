import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Plugin } from 'esbuild';
import type { Place } from './place.ts';

const IN_PAGE = fileURLToPath(new URL('./in-page', import.meta.url));
const MODULE_URL = /new URL\(\s*(['"])(\.[^'"]+)\1,\s*import\.meta\.url,?\s*\)/g;

/** What a bundle needs to know of the server that it comes from. */
export interface BundleOptions {
  /** Returns the path at which the server gives the module in `file`, bundled by itself. */
  readonly pathOf: (file: string) => string;
}

/** Bundles a module with what answers its calls in a page or worker. Rejects with what is wrong in it. */
export function bundleEntry(file: string, place: Place, options: BundleOptions): Promise<string> {
  const entry = JSON.stringify(file);
  const contents =
    place === 'page'
      ? `import { answerCall } from './answer-call.ts';
         import * as calls from ${entry};
         globalThis.granaryCall = (name, args) => answerCall(calls, name, args);`
      : `import { answerFrom } from './inbox.ts';
         import * as calls from ${entry};
         answerFrom(calls);`;
  return bundle({ contents }, options);
}

/** Bundles what starts the worker under test and passes calls on to it. */
export function bundleCaller(
  place: Exclude<Place, 'page'>,
  workerPath: string,
  options: BundleOptions,
): Promise<string> {
  const contents = `import { startWorker } from './worker-caller.ts';
    globalThis.granaryCall = await startWorker('${place}', '${workerPath}');`;
  return bundle({ contents }, options);
}

/** Bundles a module by itself, such as a worker that the module under test starts. */
export function bundleModule(file: string, options: BundleOptions): Promise<string> {
  return bundle({ entryPoints: [file] }, options);
}

async function bundle(
  source: { readonly contents: string } | { readonly entryPoints: string[] },
  options: BundleOptions,
): Promise<string> {
  const { outputFiles } = await build({
    ...('contents' in source
      ? { stdin: { ...source, resolveDir: IN_PAGE, loader: 'ts' as const } }
      : source),
    bundle: true,
    format: 'esm',
    platform: 'browser',
    target: 'es2024',
    supported: { 'top-level-await': true },
    conditions: ['@granary/source', 'browser'],
    plugins: [moduleUrls(options)],
    write: false,
    logLevel: 'silent',
  });
  return outputFiles.map(({ text }) => text).join('\n');
}

/** `new URL('./x.ts', import.meta.url)` leads to the module beside its source, as other bundlers do it. */
function moduleUrls({ pathOf }: BundleOptions): Plugin {
  return {
    name: 'module-urls',
    setup(esbuild) {
      esbuild.onLoad({ filter: /\.m?[jt]s$/ }, async ({ path }) => {
        const text = await readFile(path, 'utf8');
        if (!text.includes('import.meta.url')) return undefined;
        const contents = text.replace(
          MODULE_URL,
          (_all, _quote, target: string) =>
            `new URL('${pathOf(resolve(dirname(path), target))}', import.meta.url)`,
        );
        const loader = path.endsWith('ts') ? 'ts' : 'js';
        return { contents, loader, resolveDir: dirname(path) };
      });
    },
  };
}
