import { expect, test } from 'vitest';
import { fakePackage, findings } from '../../test/fake-package.ts';
import type { Kind } from '../rule.ts';
import { settingsFiles } from './settings-files.ts';

const scripts = { build: 'tsup', typecheck: 'tsc', test: 'vitest run --coverage' };
const TSCONFIG = JSON.stringify({
  extends: '../../tsconfig.base.json',
  compilerOptions: { types: ['node'], noEmit: true },
});
const check = (
  files: Readonly<Record<string, string>>,
  changed: object = scripts,
  kind: Kind = 'backend',
) => findings(settingsFiles, fakePackage(files, { kind, manifest: { scripts: changed as never } }));

test('accepts settings that start from the presets', () => {
  expect(
    check({
      'tsconfig.json': TSCONFIG,
      'vitest.config.ts': "import { testSettings } from '@granary-tools/presets/vitest';",
      'tsup.config.ts': "import { buildSettings } from '@granary-tools/presets/tsup';",
    }),
  ).toEqual([]);
});

test('refuses a tsconfig of its own', () => {
  expect(check({ 'tsconfig.json': '{}' })).toEqual([expect.stringContaining('must extend')]);
});

test('refuses weaker compiler flags', () => {
  const weak = TSCONFIG.replace('"noEmit"', '"strict":false,"noEmit"');
  expect(check({ 'tsconfig.build.json': weak })).toEqual([
    expect.stringContaining('may not set strict'),
  ]);
});

test('lets tools check JavaScript', () => {
  const javascript = TSCONFIG.replace('"noEmit"', '"allowJs":true,"noEmit"');
  expect(check({ 'tsconfig.json': javascript }, scripts, 'tool')).toEqual([]);
  expect(check({ 'tsconfig.json': javascript })).toHaveLength(1);
});

test('refuses test and build settings without the presets', () => {
  expect(check({ 'vitest.config.ts': '', 'tsup.config.ts': '' })).toEqual([
    expect.stringContaining('@granary-tools/presets/vitest'),
    expect.stringContaining('@granary-tools/presets/tsup'),
  ]);
});

test('refuses tests without coverage', () => {
  expect(check({}, { ...scripts, test: 'vitest run' })).toEqual([
    expect.stringContaining('"vitest run --coverage"'),
  ]);
});

test('asks for the scripts that turbo runs', () => {
  const files = {
    'tsconfig.json': TSCONFIG,
    'vitest.config.ts': "import '@granary-tools/presets/vitest';",
  };
  expect(check(files, {})).toEqual([
    expect.stringContaining('"test"'),
    expect.stringContaining('"typecheck"'),
    expect.stringContaining('"build"'),
  ]);
  expect(findings(settingsFiles, fakePackage({}, { manifest: { private: true } }))).toEqual([]);
});
