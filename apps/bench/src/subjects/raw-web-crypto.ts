import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { StorageEngine } from '@granary/storage-core';
import { defineSubject, type Store, type StoreSubject } from '../harness/subject.ts';
import { readBare, writeBare } from './raw-calls.ts';

/*
 * AES-256-GCM over segments, as little as can be done: a nonce that counts, a tag for each segment,
 * no header, no binding to a key. Nobody should store anything so.
 */

const TAG_BYTES = 16;
const NONCE_BYTES = 12;
const MIB = 1024 * 1024;
/** Segments that Web Crypto works on at once. */
const AT_ONCE = 8;

export interface RawWebCryptoSettings {
  /** Content of a segment. Units: bytes. */
  readonly segmentBytes: number;
}

/** The bare calls of Web Crypto and `node:fs`. */
export function rawWebCrypto(
  id: string,
  title: string,
  { segmentBytes }: RawWebCryptoSettings,
): StoreSubject {
  return defineSubject({
    id,
    title,
    kind: 'raw',
    durability: 'B',
    note: 'no header, bound to nothing',
    can: ['streams', 'range'],
    open: (folder) => openRawWebCrypto(folder, segmentBytes),
  });
}

/** A storage whose content an application encrypts by hand, with the same calls. */
export async function webCryptoOver(
  storage: StorageEngine,
  { segmentBytes }: RawWebCryptoSettings,
): Promise<Store> {
  const { seal, unseal } = await segmentCipher();
  return {
    put: async (key, bytes) => storage.put(key, await seal(0, new Uint8Array(bytes))),
    get: async (key) => unseal(0, new Uint8Array(await (await storage.get(key)).bytes())),
    delete: (key) => storage.delete(key),
    async putFile(key, file) {
      const plain = (await stat(file)).size;
      const size = plain + Math.ceil(plain / segmentBytes) * TAG_BYTES;
      const pieces = createReadStream(file, { highWaterMark: segmentBytes });
      await storage.put(key, sealedPieces(pieces, seal), { size });
    },
    async getFile(key, file) {
      const stored = (await storage.get(key)).stream();
      await pipeline(
        sealedPieces(regrouped(stored, segmentBytes + TAG_BYTES), unseal),
        createWriteStream(file, { highWaterMark: MIB }),
      );
    },
    close: () => storage.close(),
  };
}

interface SegmentCipher {
  seal(index: number, plain: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
  unseal(index: number, sealed: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>>;
}

async function segmentCipher(): Promise<SegmentCipher> {
  const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, [
    'encrypt',
    'decrypt',
  ]);
  return {
    seal: async (index, plain) =>
      new Uint8Array(await crypto.subtle.encrypt(algorithm(index), key, plain)),
    unseal: async (index, sealed) =>
      new Uint8Array(await crypto.subtle.decrypt(algorithm(index), key, sealed)),
  };
}

/** Pieces of one size, the last one excepted. */
async function* regrouped(
  pieces: AsyncIterable<Uint8Array>,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let group = new Uint8Array(size);
  let filled = 0;
  for await (const piece of pieces) {
    for (let start = 0; start < piece.byteLength; ) {
      const part = piece.subarray(start, start + size - filled);
      group.set(part, filled);
      filled += part.byteLength;
      start += part.byteLength;
      if (filled < size) continue;
      yield group;
      group = new Uint8Array(size);
      filled = 0;
    }
  }
  if (filled > 0) yield group.subarray(0, filled);
}

async function openRawWebCrypto(folder: string, segmentBytes: number): Promise<Store> {
  const { seal, unseal } = await segmentCipher();
  const sealedBytes = segmentBytes + TAG_BYTES;
  const pathOf = (name: string) => join(folder, name.replaceAll('/', '-'));
  let temporaries = 0;

  return {
    async put(name, bytes) {
      const temporary = join(folder, `.tmp-${temporaries++}`);
      const sealed = await seal(0, new Uint8Array(bytes));
      await writeBare('rename', pathOf(name), sealed, temporary, folder);
    },
    get: async (name) => unseal(0, new Uint8Array(await readBare(pathOf(name)))),
    delete: (name) => unlink(pathOf(name)),
    async putFile(name, file) {
      const temporary = join(folder, `.tmp-${temporaries++}`);
      await pipeline(
        createReadStream(file, { highWaterMark: segmentBytes }),
        (pieces: AsyncIterable<Buffer>) => sealedPieces(pieces, seal),
        createWriteStream(temporary, { highWaterMark: MIB }),
      );
      await rename(temporary, pathOf(name));
    },
    async getFile(name, file) {
      await pipeline(
        createReadStream(pathOf(name), { highWaterMark: sealedBytes }),
        (pieces: AsyncIterable<Buffer>) => sealedPieces(pieces, unseal),
        createWriteStream(file, { highWaterMark: MIB }),
      );
    },
    async range(name, offset, length) {
      const first = Math.floor(offset / segmentBytes);
      const last = Math.floor((offset + length - 1) / segmentBytes);
      const file = await open(pathOf(name), 'r');
      try {
        const plains: Uint8Array[] = [];
        for (let index = first; index <= last; index += 1) {
          const sealed = new Uint8Array(sealedBytes);
          const { bytesRead } = await file.read(sealed, 0, sealedBytes, index * sealedBytes);
          plains.push(await unseal(index, sealed.subarray(0, bytesRead)));
        }
        const start = offset - first * segmentBytes;
        return Buffer.concat(plains).subarray(start, start + length);
      } finally {
        await file.close();
      }
    },
  };
}

function algorithm(index: number): { readonly name: string; readonly iv: Uint8Array<ArrayBuffer> } {
  const iv = new Uint8Array(NONCE_BYTES);
  new DataView(iv.buffer).setUint32(NONCE_BYTES - 4, index);
  return { name: 'AES-GCM', iv };
}

async function* sealedPieces(
  pieces: AsyncIterable<Uint8Array>,
  work: (index: number, piece: Uint8Array<ArrayBuffer>) => Promise<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const ahead: Promise<Uint8Array>[] = [];
  let index = 0;
  for await (const piece of pieces) {
    ahead.push(work(index, piece as Uint8Array<ArrayBuffer>));
    index += 1;
    const next = ahead.length < AT_ONCE ? undefined : ahead.shift();
    if (next !== undefined) yield await next;
  }
  for (const next of ahead) yield await next;
}
