// Tries to write into a folder of which another user is the owner.
import { isStorageError } from '@granary/storage-core';
import { createFileSystem } from '../../src/index.ts';
import { readSettings, tellParent } from './from-parent.ts';

const { baseDir, user } = readSettings<{ baseDir: string; user: number }>();
// After everything has been imported: nobody need be able to read the sources.
process.setgroups?.([]);
process.setgid?.(user);
process.setuid?.(user);
const storage = createFileSystem({ baseDir, durability: 'none' });

async function codeOf(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return 'no error';
  } catch (error) {
    return isStorageError(error) ? error.code : String(error);
  }
}

const text = await (await storage.get('open.txt')).text();
const codes = {
  get: await codeOf(() => storage.get('closed.txt')),
  put: await codeOf(() => storage.put('open.txt', 'mine')),
  putWithMetadata: await codeOf(() => storage.put('new.txt', 'mine', { metadata: { a: 1 } })),
  delete: await codeOf(() => storage.delete('open.txt')),
  move: await codeOf(() => storage.move('open.txt', 'moved.txt')),
};
const keys = (await storage.list()).map(({ key }) => key);
await storage.close();
await tellParent('result', { text, codes, keys });
process.disconnect();
