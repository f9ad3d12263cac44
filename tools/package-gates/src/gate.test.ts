import type { ExportTarget } from '@granary-tools/workspace';
import { describe, expect, test } from 'vitest';
import { entriesOf } from './gate.ts';

const entries = (exports?: Readonly<Record<string, ExportTarget>>) =>
  entriesOf({
    folder: 'packages/storage-acme',
    path: '/packages/storage-acme',
    manifest: { name: '@granary/storage-acme', ...(exports ? { exports } : {}) },
  });

describe('entriesOf', () => {
  test('names entries as users import them', () => {
    expect(
      entries({
        '.': { default: './dist/index.js' },
        './provider': { types: './dist/provider.d.ts', default: './dist/provider.js' },
      }),
    ).toEqual([
      { specifier: '@granary/storage-acme', name: 'index' },
      { specifier: '@granary/storage-acme/provider', name: 'provider' },
    ]);
  });

  test('leaves out what is no code', () => {
    expect(
      entries({ './package.json': './package.json', './style': { default: './a.css' } }),
    ).toEqual([]);
    expect(entries({ './types': { types: './dist/types.d.ts' } })).toEqual([]);
    expect(entries()).toEqual([]);
  });
});
