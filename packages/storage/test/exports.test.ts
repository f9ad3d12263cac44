import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };

/** What both entries export when all of it has been built; `createStorage` is each entry's own. */
const EVERYWHERE = [
  'createMemory',
  'createIndexedDB',
  'createGoogleDrive',
  'createOneDrive',
  'createDropbox',
  'createCloud',
  'createMock',
  'createEncrypted',
  'createCached',
];
const BROWSER_FACTORIES = [...EVERYWHERE, 'createLocalStorage'];
const DESKTOP_FACTORIES = [...EVERYWHERE, 'createFileSystem'];
const OWN = ['StorageError', 'createStorage', 'isStorageError'];

interface Entry {
  readonly '@granary/source'?: string;
}

const built = new Set<string>();

beforeAll(async () => {
  const packages = new URL('../../', import.meta.url);
  const all = new Set([...BROWSER_FACTORIES, ...DESKTOP_FACTORIES]);
  for (const folder of await readdir(packages)) {
    if (folder === 'storage') continue;
    const place = new URL(`${folder}/`, packages);
    const manifest = await readFile(new URL('package.json', place), 'utf8').catch(() => '{}');
    const { exports = {} } = JSON.parse(manifest) as {
      readonly exports?: Readonly<Record<string, Entry | string>>;
    };
    for (const entry of Object.values(exports)) {
      const source = typeof entry === 'string' ? undefined : entry['@granary/source'];
      if (source === undefined) continue;
      const path = new URL(source, place);
      const names = (await readFile(path, 'utf8')).match(/\bcreate\w+/g) ?? [];
      if (!names.some((name) => all.has(name))) continue;
      const exported = Object.keys(await import(path.href));
      for (const name of exported) if (all.has(name)) built.add(name);
    }
  }
});

/** Those that a package of this workspace exports today. */
const builtOf = (factories: readonly string[]) => factories.filter((name) => built.has(name));

describe('@granary/storage', () => {
  test('is looked at beside the packages that it is made of', () => {
    expect([...built]).toEqual(expect.arrayContaining(['createMemory', 'createMock']));
  });

  test('/browser exports what works in a browser', async () => {
    const exported = await import('@granary/storage/browser');
    expect(Object.keys(exported).sort()).toEqual([...OWN, ...builtOf(BROWSER_FACTORIES)].sort());
  });

  test('/desktop exports that less localStorage, and the file system', async () => {
    const exported = await import('@granary/storage/desktop');
    expect(Object.keys(exported).sort()).toEqual([...OWN, ...builtOf(DESKTOP_FACTORIES)].sort());
  });

  test('/node is /desktop', async () => {
    expect(packageJson.exports['./node']).toEqual(packageJson.exports['./desktop']);
    expect(await import('@granary/storage/node')).toBe(await import('@granary/storage/desktop'));
  });

  test('has no main entry', async () => {
    expect(Object.keys(packageJson.exports)).not.toContain('.');
    const { resolve } = createRequire(import.meta.url);
    expect(() => resolve('@granary/storage')).toThrow('No "exports" main defined');
  });
});
