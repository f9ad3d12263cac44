import { expect, test } from 'vitest';
import { fakePackage, findings } from '../../test/fake-package.ts';
import { relativeImports } from './relative-imports.ts';

test('allows .ts, .json and packages', () => {
  const text = "import './b.ts'; import '../package.json'; import 'vitest'; import '@granary/x/y';";
  expect(findings(relativeImports, fakePackage({ 'src/a.ts': text }))).toEqual([]);
});

test.each(['./b.js', './b', '..'])('refuses %s', (specifier) => {
  const files = { 'src/a.ts': `import '${specifier}';` };
  expect(findings(relativeImports, fakePackage(files))).toEqual([
    `packages/storage-acme/src/a.ts: '${specifier}' must end in .ts, as the file does`,
  ]);
});

test('allows .js where the file is one', () => {
  const files = { 'src/run.js': "import './b.js';", 'src/a.test.ts': "import './run.js';" };
  expect(findings(relativeImports, fakePackage(files))).toEqual([]);
});
