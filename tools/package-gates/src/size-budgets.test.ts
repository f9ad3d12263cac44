import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { fakePackages } from '../test/fake-packages.ts';
import { firstChunkBytes, sizeBudgets } from './size-budgets.ts';

const noise = (bytes: number) => randomBytes(bytes).toString('base64');
const module = (bytes: number) => `export const noise = '${noise(bytes)}';\n`;

describe('firstChunkBytes', () => {
  test('counts what an entry imports at once, and not what it imports later', async () => {
    using packages = fakePackages();
    const { path } = packages.add(
      'storage-acme',
      {},
      {
        'dist/index.js':
          "import { readFile } from 'node:fs';\nexport * from './part.js';\nexport const later = () => import('./later.js');\nexport { readFile };\n",
        'dist/part.js': module(3000),
        'dist/later.js': module(50_000),
      },
    );
    const bytes = await firstChunkBytes(join(path, 'dist/index.js'));
    expect(bytes).toBeGreaterThan(3000);
    expect(bytes).toBeLessThan(4500);
  });
});

describe('sizeBudgets', () => {
  const budget = (limit: string, path = 'dist/index.js') => ({ 'size-limit': [{ path, limit }] });

  test('accepts an entry inside its budget and says how big it is', async () => {
    using packages = fakePackages();
    packages.add('storage-acme', budget('8 kB'));
    const { problems, said } = await packages.run(sizeBudgets);
    expect(problems).toEqual([]);
    expect(said).toEqual([
      expect.stringMatching(/^packages\/storage-acme: dist\/index.js: 0\.\d\d kB of 8 kB$/),
    ]);
  });

  test('finds an entry over its budget', async () => {
    using packages = fakePackages();
    packages.add('storage-acme', budget('900 B'), { 'dist/index.js': module(2000) });
    const { problems } = await packages.run(sizeBudgets);
    expect(problems).toEqual([expect.stringMatching(/is \d\.\d\d kB over its budget of 900 B/)]);
  });

  test('holds what is left of an entry when some of it is imported', async () => {
    using packages = fakePackages();
    const row = { path: 'dist/index.js', import: '{ small }', limit: '100 B' };
    const limits = { 'size-limit': [{ path: 'dist/index.js', limit: '4 kB' }, row] };
    const small = `export const small = 1;\n${module(2000)}`;
    packages.add('storage-acme', limits, { 'dist/index.js': small });
    packages.add('storage-b', limits, { 'dist/index.js': `export const small = '${noise(200)}';` });
    const { problems } = await packages.run(sizeBudgets);
    expect(problems).toEqual([
      expect.stringMatching(/^packages\/storage-b: \{ small \} of dist\/index.js is .* over/),
    ]);
  });

  test('asks for a budget of each entry', async () => {
    using packages = fakePackages();
    packages.add('storage-acme');
    expect((await packages.run(sizeBudgets)).problems).toEqual([
      expect.stringContaining('no budget for dist/index.js'),
    ]);
  });

  test('names a package that is not built, and goes on', async () => {
    using packages = fakePackages();
    packages.add('storage-a', budget('8 kB'), { 'dist/index.js': "import './missing.js';" });
    packages.add('storage-b');
    expect((await packages.run(sizeBudgets)).problems).toEqual([
      expect.stringMatching(/^packages\/storage-a: .*missing\.js/s),
      expect.stringContaining('packages/storage-b: "size-limit"'),
    ]);
  });

  test('leaves peers out, which users have anyway', async () => {
    using packages = fakePackages();
    packages.add(
      'storage-acme',
      { ...budget('200 B'), peerDependencies: { vitest: '*' } },
      { 'dist/index.js': "export { test } from 'vitest';" },
    );
    expect((await packages.run(sizeBudgets)).problems).toEqual([]);
  });

  test('leaves out what the budget ignores', async () => {
    using packages = fakePackages();
    packages.add(
      'storage-acme',
      { 'size-limit': [{ path: 'dist/index.js', limit: '200 B', ignore: ['vitest'] }] },
      { 'dist/index.js': "export { test } from 'vitest';" },
    );
    expect((await packages.run(sizeBudgets)).problems).toEqual([]);
  });

  test('refuses budgets that it cannot read or place', async () => {
    using packages = fakePackages();
    packages.add('storage-acme', budget('8 KiB'));
    packages.add('storage-b', {
      'size-limit': [
        { path: 'dist/index.js', limit: '1.5 kB' },
        { path: 'dist/other.js', limit: '1 kB' },
      ],
    });
    expect((await packages.run(sizeBudgets)).problems).toEqual([
      expect.stringContaining("'8 KiB'"),
      expect.stringContaining('dist/other.js, which is no entry'),
    ]);
  });
});
