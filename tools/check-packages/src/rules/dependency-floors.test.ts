import { expect, test } from 'vitest';
import { fakePackage, findings } from '../../test/fake-package.ts';
import type { Kind } from '../rule.ts';
import { dependencyFloors } from './dependency-floors.ts';

const others = (
  [
    ['packages/storage-core', 'core'],
    ['packages/storage-conformance', 'kit'],
    ['packages/storage-memory', 'backend'],
    ['packages/storage-fs', 'backend'],
    ['packages/storage-layers', 'layers'],
    ['packages/storage-credentials', 'vault'],
    ['packages/storage-oauth', 'auth'],
    ['packages/storage', 'umbrella'],
    ['packages/storage-sync', 'system'],
    ['apps/cli', 'app'],
  ] as const
).map(([folder, kind]) => fakePackage({}, { folder, kind }));
const servers = fakePackage(
  {},
  { folder: 'tools/services', kind: 'server', manifest: { name: '@granary-tools/services' } },
);
const presets = fakePackage(
  {},
  { folder: 'tools/presets', kind: 'tool', manifest: { name: '@granary-tools/presets' } },
);

function allowed(kind: Kind | undefined, field: string, name: string): boolean {
  const from = fakePackage({}, { kind, manifest: { [field]: { [name]: 'workspace:^' } } });
  return findings(dependencyFloors, ...others, servers, presets, from).length === 0;
}

test.each<[Kind, string]>([
  ['kit', 'storage-core'],
  ['backend', 'storage-core'],
  ['layers', 'storage-core'],
  ['layers', 'storage-memory'],
  ['umbrella', 'storage-fs'],
  ['umbrella', 'storage-layers'],
  ['umbrella', 'storage-oauth'],
  ['system', 'storage'],
  ['app', 'storage-sync'],
  ['example', 'storage-fs'],
  ['tool', 'storage-conformance'],
])('%s may use %s', (kind, name) => {
  expect(allowed(kind, 'dependencies', `@granary/${name}`)).toBe(true);
});

test.each<[Kind | undefined, string]>([
  ['core', 'storage-memory'],
  ['kit', 'storage-memory'],
  ['backend', 'storage-fs'],
  ['backend', 'storage-memory'],
  ['backend', 'storage-conformance'],
  ['layers', 'storage'],
  ['auth', 'storage-credentials'],
  ['umbrella', 'storage-sync'],
  ['umbrella', 'storage-conformance'],
  ['system', 'cli'],
  ['app', 'cli'],
  ['example', 'cli'],
  [undefined, 'storage-core'],
])('%s may not use %s', (kind, name) => {
  expect(allowed(kind, 'dependencies', `@granary/${name}`)).toBe(false);
  expect(allowed(kind, 'peerDependencies', `@granary/${name}`)).toBe(false);
});

test.each<[Kind, string, boolean]>([
  ['backend', '@granary/storage-conformance', true],
  ['backend', '@granary/storage-memory', true],
  ['backend', '@granary/storage-fs', false],
  ['backend', '@granary-tools/presets', true],
  ['layers', '@granary/storage-memory', true],
  ['core', '@granary/storage-memory', false],
  ['core', '@granary/storage-conformance', false],
  ['kit', '@granary/storage-memory', false],
  ['core', '@granary-tools/presets', true],
  ['backend', '@granary-tools/services', true],
  ['core', '@granary-tools/services', false],
  ['auth', '@granary/storage-credentials', true],
  ['backend', '@granary/storage-credentials', false],
  ['app', '@granary-tools/services', true],
  ['example', '@granary-tools/services', true],
  ['example', '@granary/storage-conformance', false],
])('tests of %s with %s: %s', (kind, name, expected) => {
  expect(allowed(kind, 'devDependencies', name)).toBe(expected);
});

test('an app that nobody installs may start servers', () => {
  const uses = (manifest: { readonly private?: boolean }) => {
    const dependencies = { '@granary-tools/services': 'workspace:*' };
    const from = fakePackage({}, { kind: 'app', manifest: { ...manifest, dependencies } });
    return findings(dependencyFloors, servers, from);
  };
  expect(uses({ private: true })).toEqual([]);
  expect(uses({})).toHaveLength(1);
});

test('leaves other packages alone', () => {
  expect(allowed('core', 'dependencies', 'yaml')).toBe(true);
});

test('says who may not use whom', () => {
  const from = fakePackage({}, { manifest: { dependencies: { '@granary/storage-fs': '*' } } });
  expect(findings(dependencyFloors, ...others, from)).toEqual([
    'packages/storage-acme/package.json: dependencies may not name @granary/storage-fs: a backend package does not use a backend package there',
  ]);
});
