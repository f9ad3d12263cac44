import { isStorageError } from '@granary/storage-core';
import { describe, expect, test } from 'vitest';
import { knownBackend, notInstalled } from './backend-names.ts';

describe('knownBackend', () => {
  test.each([
    ['filesystem', 'fs'],
    ['local', 'fs'],
    ['fs', 'fs'],
    ['indexeddb', 'idb'],
    ['memory', 'memory'],
    ['cloud', 'cloud'],
    ['supabase', 'supabase'],
    ['s3', 's3'],
  ])('takes %s for %s', (name, id) => {
    expect(knownBackend(name).id).toBe(id);
  });

  test.each(['flesystem', '', '__proto__', 'FS'])('refuses %j and says what there is', (name) => {
    const error = catchError(() => knownBackend(name));
    expect(isStorageError(error, 'invalid-config')).toBe(true);
    expect(String(error)).toContain(`there is no backend "${name}"`);
    expect(String(error)).toContain('memory, fs, filesystem, local, idb, indexeddb');
  });
});

describe('notInstalled', () => {
  test('says what to type under the name that was used', () => {
    const error = notInstalled('indexeddb', knownBackend('indexeddb'));
    expect(error.code).toBe('invalid-config');
    expect(error.message).toContain('the backend "indexeddb" is not installed.');
    expect(error.hint).toBe(
      'Run "npm install @granary/storage-idb", then pass createStorage({ engine: createIndexedDB({ … }) }).',
    );
  });
});

function catchError(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail.');
}
