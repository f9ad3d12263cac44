import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fakePackages } from '../test/fake-packages.ts';
import { apiReports } from './api-reports.ts';

test('writes one report of a file that two entries share, accepts it, and finds a change', async () => {
  using packages = fakePackages();
  const target = { types: './dist/index.d.ts', default: './dist/index.js' };
  const { path } = packages.add('storage-acme', {
    exports: { './desktop': target, './node': target },
  });
  expect((await packages.run(apiReports, { update: true })).problems).toEqual([]);
  expect(readFileSync(join(path, 'api/index.api.md'), 'utf8')).toContain('const one: number;');
  expect((await packages.run(apiReports)).problems).toEqual([]);

  writeFileSync(join(path, 'dist/index.d.ts'), '/** One. */\nexport declare const one: string;\n');
  expect((await packages.run(apiReports)).problems).toEqual([
    expect.stringContaining('packages/storage-acme/api/index.api.md'),
  ]);
});

test('follows imports that end in .ts and finds exports without a doc comment', async () => {
  using packages = fakePackages();
  const { path } = packages.add(
    'storage-acme',
    {},
    {
      'dist/index.d.ts': "export { two } from './two.ts';\nexport declare const bare: number;\n",
      'dist/two.d.ts': '/** Two. */\nexport declare const two: 2;\n',
    },
  );
  expect((await packages.run(apiReports, { update: true })).problems).toEqual([
    '@granary/storage-acme: no doc comment: export const bare: number;',
  ]);
  expect(readFileSync(join(path, 'api/index.api.md'), 'utf8')).toContain('const two: 2;');
});

test('finds reports that belong to no entry, and removes them', async () => {
  using packages = fakePackages();
  const program = { exports: { './package.json': './package.json' } };
  packages.add('cli', program, { 'api/old.api.md': 'x' });
  expect((await packages.run(apiReports)).problems).toEqual([
    expect.stringContaining('packages/cli/api/old.api.md belongs to no entry'),
  ]);
  await packages.run(apiReports, { update: true });
  expect((await packages.run(apiReports)).problems).toEqual([]);
});
