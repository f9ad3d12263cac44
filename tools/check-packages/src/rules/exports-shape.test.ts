import type { ExportTarget } from '@granary-tools/workspace';
import { expect, test } from 'vitest';
import { fakePackage, findings } from '../../test/fake-package.ts';
import type { Kind } from '../rule.ts';
import { exportsShape } from './exports-shape.ts';

const entry = (name: string) => ({
  '@granary/source': `./src/${name}.ts`,
  types: `./dist/${name}.d.ts`,
  default: `./dist/${name}.js`,
});
const self = { './package.json': './package.json' };

const check = (
  exports: Readonly<Record<string, ExportTarget>> | undefined,
  kind: Kind = 'backend',
  ...sources: string[]
) =>
  findings(
    exportsShape,
    fakePackage(Object.fromEntries(['src/index.ts', ...sources].map((path) => [path, ''])), {
      kind,
      manifest: exports ? { exports } : {},
    }),
  );

test('accepts entries of source, declarations and build', () => {
  expect(check({ '.': entry('index'), ...self })).toEqual([]);
});

test('accepts two sub-paths of one file', () => {
  const exports = { './desktop': entry('desktop'), './node': entry('desktop'), ...self };
  expect(check(exports, 'umbrella', 'src/desktop.ts')).toEqual([]);
});

test('asks for ./package.json and a main entry', () => {
  expect(check(undefined)).toEqual([
    expect.stringContaining('"./package.json"'),
    expect.stringContaining('must have "."'),
  ]);
});

test.each(['layers', 'umbrella', 'app'] as const)('refuses a main entry of %s', (kind) => {
  const exports = { '.': entry('index'), './index': entry('index'), ...self };
  expect(check(exports, kind)).toEqual([expect.stringContaining('has no "."')]);
});

test.each<[string, ExportTarget]>([
  ['a bare path', './dist/index.js'],
  ['another order', Object.fromEntries(Object.entries(entry('index')).reverse())],
  ['another file', { ...entry('index'), default: './dist/main.js' }],
  ['no source', { types: './dist/index.d.ts', default: './dist/index.js' }],
  ['a nested source', { ...entry('index'), '@granary/source': './src/a/index.ts' }],
])('refuses an entry with %s', (_, target) => {
  expect(check({ '.': target, ...self })).toEqual([expect.stringContaining('in that order')]);
});

test('refuses an entry whose source does not exist', () => {
  expect(check({ '.': entry('index'), './provider': entry('provider'), ...self })).toEqual([
    expect.stringContaining('src/provider.ts, which does not exist'),
  ]);
});

test('asks for a sub-path of each layer, and of no part or test', () => {
  const parts = ['src/mock-clock.ts', 'src/mock/faults.ts', 'src/mock.test.ts'];
  const sources = ['src/mock.ts', 'src/retry.ts', ...parts];
  const exports = { './index': entry('index'), './mock': entry('mock'), ...self };
  expect(check(exports, 'layers', ...sources)).toEqual([
    expect.stringContaining('src/retry.ts has no entry "./retry" in'),
  ]);
});

test('leaves private packages alone', () => {
  const checked = fakePackage({}, { manifest: { private: true } });
  expect(findings(exportsShape, checked)).toEqual([]);
});
