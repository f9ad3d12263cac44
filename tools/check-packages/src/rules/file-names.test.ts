import { expect, test } from 'vitest';
import { fakePackage, findings } from '../../test/fake-package.ts';
import { fileNames } from './file-names.ts';

const named = (...paths: string[]) =>
  findings(fileNames, fakePackage(Object.fromEntries(paths.map((path) => [path, '']))));

test('allows kebab-case', () => {
  expect(
    named('src/acme-list.ts', 'src/bodies/to-body.test.ts', 'test/acme.live.test.ts', 'README.md'),
  ).toEqual([]);
});

test('allows any name among fixtures, and their README', () => {
  expect(named('test/fixtures/ListObjects.xml', 'test/README.md')).toEqual([]);
});

test.each(['src/acmeList.ts', 'src/Bodies/to-body.ts', 'test/to_body.ts'])('refuses %s', (path) => {
  expect(named(path)).toHaveLength(1);
});

test.each(['src/utils.ts', 'src/helpers/a.ts', 'src/acme-common.ts', 'test/misc.test.ts'])(
  'refuses %s, which says nothing',
  (path) => {
    expect(named(path)).toEqual([expect.stringContaining('says nothing')]);
  },
);

test('allows names that say more', () => {
  expect(named('src/utility-company.ts', 'src/shared-store.ts')).toEqual([]);
});
