import type { Capabilities, StorageEngine } from '@granary/storage-core';
import { createIndexedDB } from '@granary/storage-idb';
import { createLocalStorage } from '@granary/storage-localstorage';
import { createOPFS } from '@granary/storage-opfs';

/** What the backends of browsers declare in this one, once they are open. */
export async function declared(): Promise<readonly (readonly [name: string, Capabilities])[]> {
  const columns: [string, Capabilities][] = [];
  for (const storage of stores()) {
    await storage.ready();
    columns.push([storage.getInfo().provider, storage.getCapabilities()]);
    await storage.close();
  }
  return columns;
}

function stores(): StorageEngine[] {
  return [createIndexedDB({ dbName: 'matrix' }), createOPFS(), createLocalStorage()];
}
