import { describe, expect, test } from 'vitest';
import { fakePackage, findings } from '../../test/fake-package.ts';
import type { Kind } from '../rule.ts';
import { requiredFiles } from './required-files.ts';

const missing = (kind: Kind | undefined, folder: string, isPrivate = false) =>
  findings(requiredFiles, fakePackage({}, { kind, folder, manifest: { private: isPrivate } })).map(
    (line) => line.slice(folder.length + 1).replace(/: .*/, ''),
  );

test('names the files of a backend after its id', () => {
  const files = missing('backend', 'packages/storage-acme');
  expect(files).toContain('src/acme-provider.ts');
  expect(files).toContain('test/conformance.test.ts or test/conformance.browser.test.ts');
});

test('is content when they are there', () => {
  const files = Object.fromEntries(
    missing('backend', 'packages/storage-acme').map((path) => [path.replace(/^.* or /, ''), '']),
  );
  expect(findings(requiredFiles, fakePackage(files))).toEqual([]);
});

describe('each kind', () => {
  test.each<[Kind, string]>([
    ['core', 'SPEC.md'],
    ['kit', 'src/vitest.ts'],
    ['layers', 'README.md'],
    ['vault', 'src/index.ts'],
    ['auth', 'src/index.ts'],
    ['umbrella', 'src/browser.ts'],
    ['system', 'LICENSE'],
    ['app', 'src/main.ts'],
    ['example', 'README.md'],
    ['tool', 'vitest.config.ts'],
  ])('%s has %s', (kind, file) => {
    expect(missing(kind, 'packages/storage-x')).toContain(file);
  });
});

test('asks a licence only of apps that are published', () => {
  expect(missing('app', 'apps/cli')).toContain('LICENSE');
  expect(missing('app', 'apps/bench', true)).not.toContain('LICENSE');
});

test('asks a package for its kind', () => {
  const [line] = findings(requiredFiles, fakePackage({}, { kind: undefined }));
  expect(line).toContain('must be one of core, kit, backend');
});
