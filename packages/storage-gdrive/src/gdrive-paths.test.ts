import { expect, test } from 'vitest';
import type { DriveFile } from './gdrive-file.ts';
import { folderPaths } from './gdrive-paths.ts';
import type { GdriveStore } from './gdrive-store.ts';

const store = { top: 'root', root: [], fileQuery: {} } as unknown as GdriveStore;
const fileIn = (...parents: readonly string[]) =>
  ({ id: 'f', name: 'a.txt', ...(parents.length > 0 && { parents }) }) as unknown as DriveFile;

test('only a file below the top folder has a key, as far as its folders are known', () => {
  const paths = folderPaths(store, undefined);
  expect(paths.keyOf(fileIn('root'))).toBe('a.txt');
  expect(paths.keyOf(fileIn('not asked for'))).toBeUndefined();
  expect(paths.keyOf(fileIn())).toBeUndefined();
});
