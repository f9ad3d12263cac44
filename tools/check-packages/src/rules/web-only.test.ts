import { expect, test } from 'vitest';
import { fakePackage, findings } from '../../test/fake-package.ts';
import { webOnly } from './web-only.ts';

const at = (folder: string, text: string, path = 'src/a.ts') =>
  findings(webOnly, fakePackage({ [path]: text }, { folder }));

test.each(["import 'node:fs';", "import { join } from 'path';", "await import('node:os');"])(
  'refuses modules of Node: %s',
  (text) => {
    expect(at('packages/storage-acme', text)).toEqual([
      expect.stringContaining('which only Node has'),
    ]);
  },
);

test.each(['process.env', 'Buffer.from([])', 'document.title', 'globalThis.process'])(
  'refuses globals that not every runtime has: %s',
  (text) => {
    expect(at('packages/storage-acme', text)).toEqual([
      expect.stringContaining('not every runtime has'),
    ]);
  },
);

test('allows them in packages whose platform is Node', () => {
  const text = "import 'node:fs'; process.env;";
  expect(at('packages/storage-fs', text)).toEqual([]);
  expect(at('apps/cli', text)).toEqual([]);
  expect(at('tools/check', text)).toEqual([]);
});

test('allows them in an entry for Node of a package that runs anywhere', () => {
  const text = "import 'node:net'; Buffer.from([]);";
  expect(at('packages/storage-conformance', text, 'src/fault-proxy/gate.ts')).toEqual([]);
  expect(at('packages/storage-conformance', text, 'src/fault-proxy.ts')).toEqual([]);
  expect(at('packages/storage-conformance', text, 'src/gate.ts')).toHaveLength(2);
  expect(at('packages/storage-oauth', text, 'src/node/loopback.ts')).toEqual([]);
  expect(at('packages/storage-oauth', text, 'src/grant.ts')).toHaveLength(2);
});

test('allows a browser package the globals it exists for', () => {
  expect(at('packages/storage-localstorage', 'localStorage.length')).toEqual([]);
  expect(at('packages/storage-localstorage', 'process.env')).toHaveLength(1);
});

test('leaves tests alone, which run in Node', () => {
  expect(at('packages/storage-acme', "import 'node:fs';", 'src/a.test.ts')).toEqual([]);
});
