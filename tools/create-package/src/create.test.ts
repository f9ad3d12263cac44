import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createBackend } from './create-backend.ts';
import { createLayer } from './create-layer.ts';
import { createOutside } from './create-outside.ts';

let root = '';
const put = (path: string, text: string) => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
};
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const has = (path: string) => existsSync(join(root, path));

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'granary-create-'));
  put('LICENSE', 'MIT License');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('createBackend', () => {
  test('writes the files of a backend under its own names', async () => {
    expect(await createBackend(root, 'my-cloud')).toBe('packages/storage-my-cloud');
    const folder = 'packages/storage-my-cloud';
    for (const file of [
      'LICENSE',
      'README.md',
      'package.json',
      'src/index.ts',
      'src/my-cloud-provider.ts',
      'src/my-cloud-client.ts',
      'src/my-cloud-errors.ts',
      'src/my-cloud-keys.ts',
      'test/conformance.test.ts',
      'test/my-cloud.live.test.ts',
      'test/fixtures/README.md',
    ]) {
      expect(has(`${folder}/${file}`), file).toBe(true);
    }
    expect(JSON.parse(read(`${folder}/package.json`)).name).toBe('@granary/storage-my-cloud');
    expect(read(`${folder}/src/index.ts`)).toContain('createMyCloud');
    expect(read(`${folder}/src/my-cloud-provider.ts`)).not.toMatch(/acme/i);
  });

  test('announces it in a changeset', async () => {
    await createBackend(root, 'my-cloud');
    expect(read('.changeset/add-storage-my-cloud.md')).toBe(
      "---\n'@granary/storage-my-cloud': minor\n---\n\nAdds the MyCloud backend.\n",
    );
  });

  test('never writes over a package', async () => {
    put('packages/storage-fs/package.json', '{"name":"@granary/storage-fs"}');
    await expect(createBackend(root, 'fs')).rejects.toThrow('packages/storage-fs exists already.');
    expect(has('packages/storage-fs/src')).toBe(false);
  });
});

describe('createLayer', () => {
  const FILE = 'packages/storage-layers/package.json';

  test('writes a layer, its tests, and its entry among the others', async () => {
    const mock = { default: './dist/mock.js' };
    const zip = { default: './dist/zip.js' };
    const exports = { './mock': mock, './zip': zip, './package.json': './package.json' };
    put(FILE, JSON.stringify({ name: '@granary/storage-layers', exports }));
    expect(await createLayer(root, 'access-log')).toBe('packages/storage-layers');

    const manifest = JSON.parse(read(FILE));
    expect(Object.keys(manifest.exports)).toEqual([
      './access-log',
      './mock',
      './zip',
      './package.json',
    ]);
    expect(manifest['size-limit']).toEqual([{ path: 'dist/access-log.js', limit: '20 kB' }]);
    expect(read('packages/storage-layers/src/access-log.ts')).toContain('withAccessLog');
    expect(has('packages/storage-layers/src/access-log.test.ts')).toBe(true);
    expect(has('packages/storage-layers/test/access-log.conformance.test.ts')).toBe(true);
    expect(read('.changeset/add-layer-access-log.md')).toBe(
      "---\n'@granary/storage-layers': minor\n---\n\nAdds the layer `access-log`.\n",
    );
  });

  test('keeps the budgets of the other layers and needs no entry before it', async () => {
    const budget = { path: 'dist/mock.js', limit: '9 kB' };
    put(FILE, JSON.stringify({ name: 'x', 'size-limit': [budget] }));
    await createLayer(root, 'audit');
    const manifest = JSON.parse(read(FILE));
    expect(manifest['size-limit'][0]).toEqual(budget);
    expect(Object.keys(manifest.exports)).toEqual(['./audit', './package.json']);
  });

  test('never writes over a layer', async () => {
    put(FILE, JSON.stringify({ name: 'x', exports: { './mock': {} } }));
    await expect(createLayer(root, 'mock')).rejects.toThrow("There is a layer 'mock' already.");
  });
});

describe('createOutside', () => {
  const options = { id: 'elsewhere', core: '^0.1.0', kit: 'file:/tmp/kit.tgz' };

  test('writes a package that needs nothing of this repository', async () => {
    await createOutside({ folder: join(root, 'new'), ...options });
    const manifest = JSON.parse(read('new/package.json'));
    expect(manifest.name).toBe('granary-storage-elsewhere');
    expect(manifest.dependencies).toEqual({ '@granary/storage-core': '^0.1.0' });
    expect(manifest.devDependencies['@granary/storage-conformance']).toBe('file:/tmp/kit.tgz');
    expect(JSON.stringify(manifest)).not.toMatch(/workspace:|catalog:|granary-tools/);
    expect(has('new/tsup.config.ts')).toBe(false);
    expect(has('new/.gitignore')).toBe(true);
    expect(read('new/tsconfig.json')).not.toContain('../');
    expect(read('new/README.md')).toContain("from 'granary-storage-elsewhere'");
    expect(read('new/src/elsewhere-provider.ts')).toContain("name: 'elsewhere'");
  });

  test('never writes into a folder that exists', async () => {
    await expect(createOutside({ folder: root, ...options })).rejects.toThrow(/exists already/);
  });
});
