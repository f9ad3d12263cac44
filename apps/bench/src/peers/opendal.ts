import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Operator } from 'opendal';
import type { Store } from '../harness/subject.ts';
import { asBuffer, CHUNK_BYTES } from './byte-views.ts';

/** The store as its manual shows to use it. */
export function opendalStore(operator: Operator): Store {
  return {
    put: (key, bytes) => operator.write(key, asBuffer(bytes)),
    get: (key) => operator.read(key),
    delete: (key) => operator.delete(key),
    async stat(key) {
      return Number((await operator.stat(key)).contentLength);
    },
    async list(visit) {
      for (const entry of await operator.list('', { recursive: true })) {
        const path = entry.path();
        if (!path.endsWith('/')) visit(path);
      }
    },
    async listFolders() {
      const entries = await operator.list('');
      return entries
        .map((entry) => entry.path())
        .filter((path) => path.endsWith('/') && path !== '/');
    },
    async firstPage(limit) {
      const lister = await operator.lister('', { recursive: true });
      let count = 0;
      while (count < limit) {
        const entry = await lister.next();
        if (entry === null) break;
        if (!entry.path().endsWith('/')) count++;
      }
      return count;
    },
    range: (key, offset, length) =>
      operator.read(key, { offset: BigInt(offset), size: BigInt(length) }),
    async putFile(key, file) {
      const writer = await operator.writer(key);
      await pipeline(
        createReadStream(file, { highWaterMark: CHUNK_BYTES }),
        writer.createWriteStream({ highWaterMark: CHUNK_BYTES }),
      );
    },
    async getFile(key, file) {
      const reader = await operator.reader(key);
      await pipeline(
        reader.createReadStream({ highWaterMark: CHUNK_BYTES }),
        createWriteStream(file, { highWaterMark: CHUNK_BYTES }),
      );
    },
  };
}

/** opendal with `atomic_write_dir` writes a temporary file, syncs it and renames it; it does not sync the folder. */
export function openOpendalFs(folder: string): Store {
  return opendalStore(
    new Operator('fs', { root: folder, atomic_write_dir: `${folder}.temporary` }),
  );
}

/** opendal as it comes syncs, but in place. */
export function openOpendalFsInPlace(folder: string): Store {
  return opendalStore(new Operator('fs', { root: folder }));
}

export function openOpendalMemory(): Store {
  return opendalStore(new Operator('memory', { root: '/' }));
}
