import type { Manifest } from '@granary-tools/workspace';
import { expect, test } from 'vitest';
import { fakePackage, findings } from '../../test/fake-package.ts';
import { manifestFields } from './manifest-fields.ts';

const good: Manifest = {
  name: '@granary/storage-acme',
  description: 'Granary backend for Acme.',
  keywords: ['granary', 'acme'],
  license: 'MIT',
  type: 'module',
  sideEffects: false,
  engines: { node: '>=22' },
  exports: { '.': {}, './package.json': './package.json' },
  files: ['dist', 'src', '!src/**/*.test.ts', 'CHANGELOG.md'],
  publishConfig: { access: 'public', provenance: true },
  repository: {
    type: 'git',
    url: 'git+https://github.com/granary-storage/granary.git',
    directory: 'packages/storage-acme',
  },
};
const check = (changes: object) =>
  findings(manifestFields, fakePackage({}, { manifest: { ...good, ...changes } }));

test('accepts a complete package.json', () => {
  expect(check({})).toEqual([]);
});

test.each([
  ['description', ''],
  ['description', undefined],
  ['license', 'ISC'],
  ['type', 'commonjs'],
  ['name', '@granary/acme'],
  ['sideEffects', undefined],
  ['engines', { node: '>=18' }],
  ['publishConfig', { access: 'public' }],
  ['repository', { type: 'git', url: good.repository?.url, directory: 'packages/storage-s3' }],
  ['files', ['dist']],
  ['keywords', undefined],
  ['keywords', ['acme', 'granary']],
  ['keywords', ['granary']],
])('refuses %s: %j', (field, value) => {
  expect(check({ [field]: value })).toEqual([expect.stringContaining(`"${field}"`)]);
});

test('publishes no sources of a program', () => {
  expect(check({ exports: { './package.json': './package.json' } })).toEqual([
    expect.stringContaining('"files" must be ["dist","CHANGELOG.md"]'),
  ]);
  expect(check({ exports: undefined, files: ['dist', 'CHANGELOG.md'] })).toEqual([]);
});

test('publishes scripts of a library that are not built', () => {
  const bin = { acme: './bin/acme.js' };
  expect(check({ bin })).toEqual([expect.stringContaining('"files" must be ["bin","dist"')]);
  expect(check({ bin, files: ['bin', ...(good.files ?? [])] })).toEqual([]);
});

test('asks private packages for little', () => {
  const manifest = { private: true, description: 'x', license: 'MIT', type: 'module' };
  expect(findings(manifestFields, fakePackage({}, { manifest }))).toEqual([]);
});
