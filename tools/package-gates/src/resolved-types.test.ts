import { expect, test } from 'vitest';
import { fakePackages } from '../test/fake-packages.ts';
import { resolvedTypes } from './resolved-types.ts';

test('accepts declarations that resolve', async () => {
  using packages = fakePackages();
  packages.add('storage-acme');
  packages.add('cli', { exports: { './package.json': './package.json' } });
  expect((await packages.run(resolvedTypes)).problems).toEqual([]);
});

test('finds declarations that import what is not there', async () => {
  using packages = fakePackages();
  packages.add('storage-acme', {}, { 'dist/index.d.ts': "export { one } from './two.js';\n" });
  expect((await packages.run(resolvedTypes)).problems).toEqual([
    expect.stringContaining('packages/storage-acme:'),
  ]);
});
