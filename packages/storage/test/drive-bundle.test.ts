import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { describe, expect, test } from 'vitest';

const DRIVES = {
  createGoogleDrive: 'gdrive',
  createOneDrive: 'onedrive',
  createDropbox: 'dropbox',
};

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** Packages of this workspace that a bundle holds from the beginning, and those that come later. */
async function packagesOf(name: string, entry: string) {
  const { metafile } = await build({
    stdin: {
      contents: `export { ${name} } from '@granary/storage/${entry}';`,
      resolveDir: import.meta.dirname,
    },
    conditions: ['@granary/source'],
    ...{ bundle: true, splitting: true, metafile: true, write: false, format: 'esm' },
    platform: entry === 'browser' ? 'browser' : 'node',
    absWorkingDir: ROOT,
    external: ['@napi-rs/keyring', 'keytar'],
    outdir: 'out',
    logLevel: 'silent',
  });
  const first = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint === '<stdin>');
  const held = new Set<string>();
  const walk = (output: typeof first): void => {
    for (const [path, { bytesInOutput }] of Object.entries(output?.inputs ?? {})) {
      const [, found] = /packages\/(storage[\w-]*)\/src/.exec(path) ?? [];
      if (found !== undefined && bytesInOutput > 0) held.add(found);
    }
    for (const { path, kind } of output?.imports ?? []) {
      if (kind === 'import-statement') walk(metafile.outputs[path]);
    }
  };
  walk(first);
  return [...held].sort();
}

describe.each(Object.entries(DRIVES))('a bundle of %s', (name, id) => {
  const expected = ['storage', 'storage-core', `storage-${id}`];

  test('in a browser holds that drive and its sign-in, and no vault before it is needed', async () => {
    expect(await packagesOf(name, 'browser')).toEqual([...expected, 'storage-oauth'].sort());
  });

  test('on a desktop holds that drive alone: the sign-in comes with its first use', async () => {
    expect(await packagesOf(name, 'desktop')).toEqual([...expected].sort());
  });
});
