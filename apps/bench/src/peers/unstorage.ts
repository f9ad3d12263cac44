import { createStorage } from 'unstorage';
import fsDriver from 'unstorage/drivers/fs';
import memoryDriver from 'unstorage/drivers/memory';
import { createStorage as createNextStorage } from 'unstorage-next';
import nextFsDriver from 'unstorage-next/drivers/fs';
import nextMemoryDriver from 'unstorage-next/drivers/memory';
import type { Store } from '../harness/subject.ts';

/** What both versions have. */
export interface UnstorageLike {
  setItemRaw(key: string, value: unknown): Promise<void>;
  getItemRaw(key: string): Promise<unknown>;
  removeItem(key: string): Promise<void>;
  getMeta(key: string): unknown;
  getKeys(base?: string): Promise<string[]>;
  dispose(): Promise<void>;
}

/** The store as its manual shows to use it. */
export function unstorageStore(storage: UnstorageLike): Store {
  return {
    put: (key, bytes) => storage.setItemRaw(key, bytes),
    async get(key) {
      return (await storage.getItemRaw(key)) as Uint8Array;
    },
    delete: (key) => storage.removeItem(key),
    async stat(key) {
      const { size } = (await storage.getMeta(key)) as { readonly size: number };
      return size;
    },
    async list(visit) {
      // Its keys have colons where files have slashes.
      for (const key of await storage.getKeys()) visit(key.replaceAll(':', '/'));
    },
    close: () => storage.dispose(),
  };
}

/** unstorage 1 writes in place: https://unstorage.unjs.io/drivers/fs */
export function openUnstorageFs(folder: string): Store {
  return unstorageStore(createStorage({ driver: fsDriver({ base: folder }) }));
}

export function openUnstorageMemory(): Store {
  return unstorageStore(createStorage({ driver: memoryDriver() }));
}

/** unstorage 2 writes in place, or with `atomic` a temporary file that it renames. */
export function openUnstorageNextFs(folder: string, atomic: boolean): Store {
  return unstorageStore(createNextStorage({ driver: nextFsDriver({ base: folder, atomic }) }));
}

export function openUnstorageNextMemory(): Store {
  return unstorageStore(createNextStorage({ driver: nextMemoryDriver() }));
}
