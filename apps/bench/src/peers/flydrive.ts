import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { Disk } from 'flydrive';
import { FSDriver } from 'flydrive/drivers/fs';
import type { Store } from '../harness/subject.ts';
import { CHUNK_BYTES } from './byte-views.ts';

/** The store as its manual shows to use it. */
export function flydriveStore(disk: Disk): Store {
  return {
    put: (key, bytes) => disk.put(key, bytes),
    get: (key) => disk.getBytes(key),
    delete: (key) => disk.delete(key),
    async stat(key) {
      return (await disk.getMetaData(key)).contentLength;
    },
    async list(visit) {
      const { objects } = await disk.listAll('', { recursive: true });
      for (const object of objects) if (object.isFile) visit(object.key);
    },
    async listFolders() {
      const { objects } = await disk.listAll('');
      return [...objects].filter(({ isDirectory }) => isDirectory).map(({ name }) => name);
    },
    putFile: (key, file) =>
      disk.putStream(key, createReadStream(file, { highWaterMark: CHUNK_BYTES })),
    async getFile(key, file) {
      const target = createWriteStream(file, { highWaterMark: CHUNK_BYTES });
      await pipeline(await disk.getStream(key), target);
    },
  };
}

/** flydrive writes in place, after a recursive `mkdir` per write. */
export function openFlydriveFs(folder: string): Store {
  return flydriveStore(new Disk(new FSDriver({ location: folder, visibility: 'private' })));
}
