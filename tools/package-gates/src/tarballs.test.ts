import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { fakePackages } from '../test/fake-packages.ts';
import { tarballs } from './tarballs.ts';

beforeEach(() => {
  vi.stubEnv('npm_config_offline', 'true');
});
afterEach(() => {
  vi.unstubAllEnvs();
});

const BIN = {
  bin: { acme: './dist/main.js' },
  exports: { './package.json': './package.json' },
} as const;

test('accepts packages that install, import, typecheck and start', async () => {
  using packages = fakePackages();
  packages.add('storage-core');
  packages.add('storage-fs', { dependencies: { '@granary/storage-core': '^1.0.0' } });
  packages.add('cli', BIN, { 'dist/main.js': "#!/usr/bin/env node\nconsole.log('acme <x>');\n" });
  const { problems, said } = await packages.run(tarballs);
  expect(problems).toEqual([]);
  expect(said).toEqual([expect.stringMatching(/storage-fs installed: 0\.\d\d MB of 5\.00 MB$/)]);
});

test('finds entries that do not import, typecheck or start', async () => {
  using packages = fakePackages();
  packages.add('storage-core', {}, { 'dist/index.js': 'throw new Error("needs a browser");' });
  packages.add('storage-fs', {}, { 'dist/index.d.ts': 'export declare const one: Missing;' });
  packages.add('cli', BIN, { 'dist/main.js': '#!/usr/bin/env node\nprocess.exit(1);\n' });
  expect((await packages.run(tarballs)).problems).toEqual([
    expect.stringContaining('needs a browser'),
    expect.stringContaining("Cannot find name 'Missing'"),
    expect.stringContaining("'acme --help' failed"),
  ]);
});

test('finds entries that export nothing and packages that are too big', async () => {
  using packages = fakePackages();
  packages.add('storage-core', {}, { 'dist/index.js': '', 'dist/data.bin': 'x'.repeat(5_000_000) });
  expect((await packages.run(tarballs)).problems).toEqual([
    expect.stringContaining('@granary/storage-core is empty'),
    expect.stringMatching(/take 5\.\d\d MB installed/),
  ]);
});

test('says why packages do not install', async () => {
  using packages = fakePackages();
  packages.add('storage-core', { peerDependencies: { '@granary/no-such-package': '^1.0.0' } });
  packages.add('storage-fs', { dependencies: { '@granary/no-such-package': '^1.0.0' } });
  expect((await packages.run(tarballs)).problems).toEqual([
    expect.stringContaining('npm install of all tarballs failed'),
    expect.stringContaining('npm install of @granary/storage-core and @granary/storage-fs failed'),
  ]);
});
