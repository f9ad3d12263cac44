import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** What a bundler puts into the file that a page loads first, by the names of the inputs. */
async function inputsOf(contents: string): Promise<{ first: string[]; later: string[] }> {
  const { metafile } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    ...{ bundle: true, splitting: true, metafile: true, write: false, format: 'esm' },
    platform: 'browser',
    conditions: ['@granary/source'],
    outdir: 'out',
    logLevel: 'silent',
  });
  const outputs = Object.values(metafile.outputs);
  const first = new Set<string>();
  const walk = (output: (typeof outputs)[number] | undefined): void => {
    for (const path of Object.keys(output?.inputs ?? {})) first.add(path);
    for (const { path, kind } of output?.imports ?? []) {
      if (kind === 'import-statement') walk(metafile.outputs[path]);
    }
  };
  walk(outputs.find(({ entryPoint }) => entryPoint === '<stdin>'));
  const later = Object.keys(metafile.inputs).filter((path) => !first.has(path));
  return { first: [...first], later };
}

test('a page loads the protocol of OAuth with the first request, and not before', async () => {
  const { first, later } = await inputsOf("export * from '../src/browser.ts';");
  const isProtocol = (path: string): boolean => path.includes('oauth4webapi');
  expect(first.filter(isProtocol)).toEqual([]);
  expect(later.filter(isProtocol)).toHaveLength(1);
  // The window of a sign-in is opened in a click, so what opens it is there.
  expect(first.some((path) => path.endsWith('/popup.ts'))).toBe(true);
});
