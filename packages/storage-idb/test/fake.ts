import { guardProvider, type StorageProvider, toBody } from '@granary/storage-core/provider';
import type { Dexie } from 'dexie';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import {
  type IdbPlatform,
  type IndexedDBNative,
  type IndexedDBOptions,
  idbProvider,
} from '../src/idb-provider.ts';
import type { TableName } from '../src/idb-schema.ts';

/** One browser profile: the databases that all its tabs see. */
export interface FakeProfile {
  readonly indexedDB: IDBFactory;
  readonly platform: IdbPlatform;
  /** A provider as another tab would have it. */
  open(options?: IndexedDBOptions, platform?: IdbPlatform): StorageProvider;
}

export function fakeProfile(): FakeProfile {
  const indexedDB = new IDBFactory();
  const platform: IdbPlatform = { indexedDB, keyRange: IDBKeyRange, locks: undefined };
  return {
    indexedDB,
    platform,
    open: (options = {}, more = {}) =>
      guardProvider(idbProvider(options, { ...platform, ...more })),
  };
}

export async function put(
  provider: StorageProvider,
  key: string,
  content: string | Uint8Array | ReadableStream<Uint8Array>,
): Promise<string> {
  return (await provider.put(key, toBody(content), {})).etag;
}

export async function text(provider: StorageProvider, key: string): Promise<string> {
  return await (await provider.get(key, {})).text();
}

export async function keysOf(provider: StorageProvider): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const { entries } of provider.list({})) keys.push(...entries.map(({ key }) => key));
  return keys;
}

export function dexieOf(provider: StorageProvider): Dexie {
  const { db } = provider.native as IndexedDBNative;
  if (db === undefined) throw new Error('the database is not open');
  return db;
}

/** How many rows the tables of content have: what an object leaves behind shows here. */
export async function rowCounts(
  provider: StorageProvider,
): Promise<Readonly<Record<'infos' | 'bodies' | 'chunks' | 'writes', number>>> {
  const count = async (name: TableName) => await dexieOf(provider).table(name).count();
  return {
    infos: await count('infos'),
    bodies: await count('bodies'),
    chunks: await count('chunks'),
    writes: await count('writes'),
  };
}

export const MIB: number = 1024 * 1024;

/** Bytes that tell their place. */
export function bytesOf(size: number, seed = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 1) bytes[at] = at * 31 + (at >> 10) + seed;
  return bytes;
}

/** Compares large content, for which `toEqual` takes seconds. */
export function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}

/** A stream that gives so many bytes at a time. */
export function streamOf(bytes: Uint8Array, step = 300_000): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at >= bytes.byteLength) controller.close();
      else controller.enqueue(bytes.slice(at, at + step));
      at += step;
    },
  });
}
