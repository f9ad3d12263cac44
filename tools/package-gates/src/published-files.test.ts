import { expect, test } from 'vitest';
import { fakePackages } from '../test/fake-packages.ts';
import { publishedFiles } from './published-files.ts';

test('accepts a package that is what it says', async () => {
  using packages = fakePackages();
  packages.add('storage-acme');
  expect((await packages.run(publishedFiles)).problems).toEqual([]);
});

test('finds an entry that is not in the tarball', async () => {
  using packages = fakePackages();
  packages.add('storage-acme', { files: ['src'] });
  expect((await packages.run(publishedFiles)).problems.join('\n')).toMatch(
    /packages\/storage-acme: .*dist\/index.*FILE_/,
  );
});

test('says why a package cannot be packed', async () => {
  using packages = fakePackages();
  packages.add('storage-acme', { name: '' });
  await expect(packages.run(publishedFiles)).rejects.toThrow(
    /pnpm pack failed in packages\/storage-acme/,
  );
});
