import { createRequire } from 'node:module';
import { describe, expect, test } from 'vitest';
import packageJson from '../package.json' with { type: 'json' };

/** Those of the two lists of the design that exist; the rest come with their packages. */
const FACTORIES = ['createIndexedDB', 'createMemory', 'createMock', 'createStorage'];
const ERRORS = ['StorageError', 'isStorageError'];

describe('@granary/storage', () => {
  test('/browser exports what works in a browser', async () => {
    const exported = await import('@granary/storage/browser');
    expect(Object.keys(exported).sort()).toEqual(
      [...ERRORS, ...FACTORIES, 'createLocalStorage'].sort(),
    );
  });

  test('/desktop exports that less localStorage, and the file system', async () => {
    const exported = await import('@granary/storage/desktop');
    expect(Object.keys(exported).sort()).toEqual(
      [...ERRORS, ...FACTORIES, 'createFileSystem'].sort(),
    );
  });

  test('/node is /desktop', async () => {
    expect(packageJson.exports['./node']).toEqual(packageJson.exports['./desktop']);
    expect(await import('@granary/storage/node')).toBe(await import('@granary/storage/desktop'));
  });

  test('has no main entry', async () => {
    expect(Object.keys(packageJson.exports)).not.toContain('.');
    const { resolve } = createRequire(import.meta.url);
    expect(() => resolve('@granary/storage')).toThrow('No "exports" main defined');
  });
});
