import { describe, expect, test } from 'vitest';
import {
  type BrowserBundle,
  type BundleSource,
  bundleWithEsbuild,
  bundleWithVite,
} from './browser-bundle.ts';

/** What a bundle of a package has to be. */
export interface BundleExpectations extends Omit<BundleSource, 'folder'> {
  /** Default: the folder that the process runs in. */
  readonly folder?: string;
  /** The most that is loaded from the beginning, minified and compressed, with core. Units: bytes. */
  readonly maxBytes: number;
  /** Paths of modules that must not go in, such as an SDK's. Default: none. */
  readonly without?: RegExp;
  /** Tries vite too. Default: `true`. */
  readonly withVite?: boolean;
}

/** Even core is larger. Units: bytes. */
const LEAST_BYTES = 1_000;

/** Makes a test of each bundler: nothing of Node, nothing left outside, and within its size. */
export function describeBundle(expectations: BundleExpectations): void {
  const { maxBytes, without, withVite = true, ...given } = expectations;
  const source = { folder: process.cwd(), ...given };

  function expectWhole({ outside, modules }: Omit<BrowserBundle, 'initialBytes'>): void {
    expect(outside).toEqual([]);
    expect(modules.filter((path) => without?.test(path))).toEqual([]);
  }

  describe(`a bundle of ${source.factory} for browsers`, () => {
    test('by esbuild needs no polyfill, and is within its size', async () => {
      const bundle = await bundleWithEsbuild(source);
      expectWhole(bundle);
      console.info(`${source.factory} starts at ${bundle.initialBytes} bytes after gzip`);
      expect(bundle.initialBytes).toBeLessThan(maxBytes);
      expect(bundle.initialBytes).toBeGreaterThan(LEAST_BYTES);
    });

    if (!withVite) return;
    test('by vite needs no polyfill', async () => {
      expectWhole(await bundleWithVite(source));
    });
  });
}
