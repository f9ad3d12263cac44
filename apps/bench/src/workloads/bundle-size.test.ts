import type { Metafile, OutputFile } from 'esbuild';
import { describe, expect, test } from 'vitest';
import { bundleOf, weigh } from './bundle-size.ts';

function file(path: string, length: number): OutputFile {
  const contents = new Uint8Array(length);
  return { path: `/out/${path}`, contents, hash: '', text: '' };
}

function output(imports: Metafile['outputs'][string]['imports'], entryPoint?: string) {
  return {
    bytes: 0,
    inputs: {},
    imports,
    exports: [],
    ...(entryPoint !== undefined && { entryPoint }),
  };
}

describe('weigh', () => {
  test('counts what is imported statically as loaded at once, and the rest as later', () => {
    const metafile: Metafile = {
      inputs: {},
      outputs: {
        'entry.js': output(
          [
            { path: 'shared.js', kind: 'import-statement' },
            { path: 'lazy.js', kind: 'dynamic-import' },
            { path: 'node:fs', kind: 'import-statement', external: true },
          ],
          'entry.js',
        ),
        'shared.js': output([{ path: 'entry.js', kind: 'import-statement' }]),
        'lazy.js': output([{ path: 'shared.js', kind: 'import-statement' }], 'lazy.ts'),
      },
    };
    const size = weigh(
      [file('entry.js', 100), file('shared.js', 200), file('lazy.js', 5000)],
      metafile,
    );
    expect(size.totalMinified).toBe(5300);
    expect(size.initialGzip).toBeLessThan(100);
    expect(size.totalGzip).toBeGreaterThan(size.initialGzip);
  });

  test('weighs nothing without an entry', () => {
    expect(weigh([], { inputs: {}, outputs: {} })).toEqual({
      initialGzip: 0,
      totalGzip: 0,
      totalMinified: 0,
    });
  });
});

describe('bundleOf', () => {
  test('bundles a module with its lazy parts apart', async () => {
    const size = await bundleOf(
      `export const later = () => import('unstorage'); export const text = 'x'.repeat(10);`,
      'browser',
    );
    expect(size.initialGzip).toBeLessThan(1000);
    expect(size.totalGzip).toBeGreaterThan(size.initialGzip + 1000);
  });

  test('fails for what is not installed', async () => {
    await expect(bundleOf(`export * from 'not-installed-anywhere';`, 'node')).rejects.toThrow(
      'not-installed-anywhere',
    );
  });
});
