import { expect, test } from 'vitest';
import { fakePackage, findings } from '../../test/fake-package.ts';
import { namedExports } from './named-exports.ts';

test('allows named exports', () => {
  expect(findings(namedExports, fakePackage({ 'src/a.ts': 'export const a = 1;' }))).toEqual([]);
});

test('finds default exports and export star in source', () => {
  const files = { 'src/a.ts': "export default 1; export * from './b.ts';" };
  expect(findings(namedExports, fakePackage(files))).toEqual([
    'packages/storage-acme/src/a.ts: has a default export; export a name',
    'packages/storage-acme/src/a.ts: has an `export *`; list the names',
  ]);
});

test('leaves settings and tests alone', () => {
  const text = 'export default {};';
  const files = { 'vitest.config.ts': text, 'src/a.test.ts': text, 'test/b.ts': text };
  expect(findings(namedExports, fakePackage(files))).toEqual([]);
});
