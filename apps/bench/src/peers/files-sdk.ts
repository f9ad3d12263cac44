import { createReadStream, createWriteStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { type Adapter, Files, type FilesPlugin } from 'files-sdk';
import { encryption } from 'files-sdk/encryption';
import { fs } from 'files-sdk/fs';
import { memory } from 'files-sdk/memory';
import type { Store } from '../harness/subject.ts';
import { CHUNK_BYTES } from './byte-views.ts';

/** The store as its manual shows to use it. */
export function filesSdkStore(adapter: Adapter, plugins: readonly FilesPlugin[] = []): Store {
  const files = new Files({ adapter, plugins: [...plugins] });
  return {
    put: (key, bytes) => files.upload(key, bytes),
    async get(key) {
      return new Uint8Array(await (await files.download(key)).arrayBuffer());
    },
    delete: (key) => files.delete(key),
    async stat(key) {
      return (await files.head(key)).size;
    },
    async list(visit) {
      for await (const file of files.listAll()) visit(file.key);
    },
    async listFolders() {
      return (await files.list({ delimiter: '/' })).prefixes ?? [];
    },
    async firstPage(limit) {
      return (await files.list({ limit })).items.length;
    },
    async range(key, offset, length) {
      const part = await files.download(key, {
        range: { start: offset, end: offset + length - 1 },
      });
      return new Uint8Array(await part.arrayBuffer());
    },
    async putFile(key, file) {
      const source = createReadStream(file, { highWaterMark: CHUNK_BYTES });
      await files.upload(key, Readable.toWeb(source) as ReadableStream<Uint8Array>);
    },
    async getFile(key, file) {
      const object = await files.download(key, { as: 'stream' });
      await pipeline(object.stream(), createWriteStream(file, { highWaterMark: CHUNK_BYTES }));
    },
  };
}

/** files-sdk writes a temporary file and a sidecar with a SHA-1, and renames both. */
export function openFilesSdkFs(folder: string): Store {
  return filesSdkStore(fs({ root: folder }));
}

/** The same with its plugin that encrypts. */
export function openFilesSdkEncrypted(folder: string): Store {
  const key = crypto.getRandomValues(new Uint8Array(32));
  return filesSdkStore(fs({ root: folder }), [encryption(key)]);
}

export function openFilesSdkMemory(): Store {
  return filesSdkStore(memory());
}
