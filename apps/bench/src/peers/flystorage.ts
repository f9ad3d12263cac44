import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { FileStorage, type StorageAdapter } from '@flystorage/file-storage';
import { InMemoryStorageAdapter } from '@flystorage/in-memory';
import { LocalStorageAdapter } from '@flystorage/local-fs';
import type { Store } from '../harness/subject.ts';
import { asBuffer, CHUNK_BYTES } from './byte-views.ts';

/** The store as its manual shows to use it. */
export function flystorageStore(adapter: StorageAdapter): Store {
  const storage = new FileStorage(adapter);
  return {
    // It reads what it writes as an iterable; a Buffer in an array is one chunk.
    put: (key, bytes) => storage.write(key, [asBuffer(bytes)]),
    get: (key) => storage.readToUint8Array(key),
    delete: (key) => storage.deleteFile(key),
    async stat(key) {
      return (await storage.statFile(key)).size ?? Number.NaN;
    },
    async list(visit) {
      for await (const entry of storage.list('', { deep: true })) {
        if (entry.isFile) visit(entry.path);
      }
    },
    async listFolders() {
      const names: string[] = [];
      for await (const entry of storage.list('')) if (entry.isDirectory) names.push(entry.path);
      return names;
    },
    putFile: (key, file) =>
      storage.write(key, createReadStream(file, { highWaterMark: CHUNK_BYTES })),
    async getFile(key, file) {
      const target = createWriteStream(file, { highWaterMark: CHUNK_BYTES });
      await pipeline(await storage.read(key), target);
    },
  };
}

/** flystorage writes in place, after two recursive `mkdir` per write. */
export function openFlystorageFs(folder: string): Store {
  return flystorageStore(new LocalStorageAdapter(folder));
}

export function openFlystorageMemory(): Store {
  return flystorageStore(new InMemoryStorageAdapter());
}
