import { expect, test } from 'vitest';
import { fakePackage, findings } from '../../test/fake-package.ts';
import { fileSize } from './file-size.ts';

const lines = (count: number) => '// line\n'.repeat(count);

test('allows 400 lines of source and 800 of tests', () => {
  const files = { 'src/a.ts': lines(400), 'src/a.test.ts': lines(800), 'README.md': lines(2000) };
  expect(findings(fileSize, fakePackage(files))).toEqual([]);
});

test('finds longer files', () => {
  const files = { 'src/a.ts': lines(401), 'test/a.test.ts': lines(801) };
  expect(findings(fileSize, fakePackage(files))).toEqual([
    'packages/storage-acme/src/a.ts: has 401 lines; split it at 400',
    'packages/storage-acme/test/a.test.ts: has 801 lines; split it at 800',
  ]);
});
