import { expect, test } from 'vitest';
import { fakePackage, findings } from '../../test/fake-package.ts';
import { importFloors } from './import-floors.ts';

const core = fakePackage({}, { folder: 'packages/storage-core', kind: 'core' });
const memory = fakePackage({}, { folder: 'packages/storage-memory' });
const check = (path: string, text: string) =>
  findings(importFloors, core, memory, fakePackage({ [path]: text }));

test('allows imports that go down, also by sub-path', () => {
  expect(check('src/a.ts', "import '@granary/storage-core/provider'; import 'yaml';")).toEqual([]);
});

test('refuses imports that go sideways in source, and allows memory in tests', () => {
  const text = "import type { X } from '@granary/storage-memory';";
  expect(check('src/a.ts', text)).toEqual([
    "packages/storage-acme/src/a.ts: '@granary/storage-memory' is a backend package, which a backend package may not use here",
  ]);
  expect(check('test/a.test.ts', text)).toEqual([]);
});

test('allows a package its own name', () => {
  expect(check('test/a.test.ts', "import '@granary/storage-acme';")).toEqual([]);
});

test('refuses paths that leave the package', () => {
  expect(check('src/a.ts', "import '../../storage-core/src/index.ts';")).toEqual([
    expect.stringContaining('leaves the package'),
  ]);
  expect(check('src/deep/a.ts', "import '../../package.json';")).toEqual([]);
});
