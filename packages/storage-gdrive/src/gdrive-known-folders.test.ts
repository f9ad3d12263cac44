import { expect, test } from 'vitest';
import { knownFolders } from './gdrive-known-folders.ts';

test('of more folders than are remembered the one that was read longest ago is forgotten', () => {
  const known = knownFolders();
  for (let number = 0; number < 256; number += 1) known.set(`folder-${number}`, [`${number}`]);
  known.set('folder-0', ['0']);
  known.set('one more', ['256']);
  expect(known.get('folder-0')).toEqual(['0']);
  expect(known.get('folder-1')).toBeUndefined();
  expect(known.get('folder-2')).toEqual(['2']);
  expect(known.get('one more')).toEqual(['256']);
});
