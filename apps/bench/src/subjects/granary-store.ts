import { createReadStream, createWriteStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import type { StorageEngine } from '@granary/storage-core';
import type { Store } from '../harness/subject.ts';

const MIB = 1024 * 1024;
/** What a put has in flight by default. */
const PARTS_AT_ONCE = 4;

/** A storage as its README shows to use it. `pieceBytes` is what the application's own streams move. */
export function granaryStore(storage: StorageEngine, pieceBytes: number = MIB): Store {
  return {
    put: (key, bytes) => storage.put(key, bytes),
    async get(key) {
      return (await storage.get(key)).bytes();
    },
    delete: (key) => storage.delete(key),
    async stat(key) {
      return (await storage.stat(key)).size;
    },
    async list(visit) {
      for await (const page of storage.list().pages()) {
        for (const { key } of page.entries) visit(key);
      }
    },
    async listFolders() {
      const folders: string[] = [];
      for await (const entry of storage.list({ delimiter: '/' })) {
        if (entry.kind === 'prefix') folders.push(entry.key);
      }
      return folders;
    },
    async firstPage(limit) {
      let count = 0;
      for await (const page of storage.list().pages()) {
        count += page.entries.length;
        if (count >= limit) break;
      }
      return Math.min(count, limit);
    },
    async range(key, offset, length) {
      return (await storage.get(key, { range: { offset, length } })).bytes();
    },
    async putFile(key, file) {
      const { size } = await stat(file);
      await storage.put(key, createReadStream(file, { highWaterMark: pieceBytes }), { size });
    },
    async getFile(key, file) {
      const target = createWriteStream(file, { highWaterMark: pieceBytes });
      await pipeline((await storage.get(key)).stream(), target);
    },
    async deleteMany(keys) {
      const failed = (await storage.deleteMany(keys)).filter(({ ok }) => !ok);
      if (failed.length > 0) throw new Error(`${failed.length} keys could not be deleted.`);
    },
    close: () => storage.close(),
  };
}

/** The same with large objects in parts: a stream whose size nobody says goes up in them. */
export function granaryStoreInParts(storage: StorageEngine): Store {
  return {
    ...granaryStore(storage),
    async putFile(key, file) {
      await storage.put(key, createReadStream(file, { highWaterMark: MIB }));
    },
    async getFile(key, file) {
      const object = await storage.get(key, { concurrency: PARTS_AT_ONCE });
      await pipeline(object.stream(), createWriteStream(file, { highWaterMark: MIB }));
    },
  };
}
