// What the tests call in a tab: one storage over the database `granary`, and what it was told.

import { isStorageError, type StorageEngine, type WatchEvent } from '@granary/storage-core';
import {
  createIndexedDB,
  deleteIndexedDB,
  type EvictedEvent,
  type IndexedDBNative,
  type IndexedDBOptions,
  type LargeObjectNotice,
  requestPersistence,
} from '../../src/index.ts';

const DB_NAME = 'granary';

/** Options that pass as JSON, and what the tests switch on by name. */
export interface TabOptions {
  readonly version?: number;
  readonly durability?: 'strict' | 'relaxed';
  /** Items below `cache/` may be evicted. */
  readonly evictable?: boolean;
  /** Chosen by `onQuota`, by prefix. */
  readonly cleanup?: string;
  /** Large objects go to OPFS, from so many bytes on. */
  readonly filesFromBytes?: number;
  /** A folder of OPFS for them. */
  readonly filesIn?: string;
  readonly blockedTimeoutMs?: number;
  /** As in Safari before 26, which has synchronous handles alone, in workers. */
  readonly withoutWritable?: boolean;
}

export interface Heard {
  readonly event: WatchEvent;
  /** When it came. Units: ms since 1970. */
  readonly at: number;
}

let storage: StorageEngine = createIndexedDB({ dbName: DB_NAME });
let heard: Heard[] = [];
let movedObjects = 0;
let evictions: EvictedEvent[] = [];
let quotaEvents: unknown[] = [];
let notices: LargeObjectNotice['code'][] = [];

export async function start(options: TabOptions = {}): Promise<string | undefined> {
  const { cleanup, evictable, filesFromBytes, filesIn, withoutWritable, ...plain } = options;
  if (withoutWritable) Reflect.deleteProperty(FileSystemFileHandle.prototype, 'createWritable');
  evictions = [];
  quotaEvents = [];
  notices = [];
  const all: IndexedDBOptions = {
    dbName: DB_NAME,
    ...plain,
    onEvicted: (event) => void evictions.push(event),
    ...(evictable && { evictable: ({ key }) => key.startsWith('cache/') }),
    ...(cleanup !== undefined && {
      async onQuota(event) {
        const freed = await event.cleanup(({ key }) => key.startsWith(cleanup));
        const { usage, key, neededBytes, freedBytes } = event;
        quotaEvents.push({ usage, key, neededBytes, freedBytes, freed });
      },
    }),
    ...(filesFromBytes !== undefined && {
      largeObjects: {
        directory: () => folder(filesIn),
        fromBytes: filesFromBytes,
        onNotice: ({ code }) => void notices.push(code),
      },
    }),
  };
  storage = createIndexedDB(all);
  await storage.ready();
  return storeId();
}

export async function storeId(): Promise<string | undefined> {
  const { db } = storage.native as { db?: { table(name: string): { get(key: string): unknown } } };
  const row = (await db?.table('meta').get('storeId')) as { value?: string } | undefined;
  return row?.value;
}

export async function stop(): Promise<void> {
  await storage.close();
}

export async function put(key: string, text: string): Promise<string> {
  return (await storage.put(key, text)).etag;
}

/** Content that tells by each of its bytes which write it is of. */
export async function putFilled(key: string, size: number, fill: number): Promise<void> {
  await storage.put(key, new Uint8Array(size).fill(fill));
}

/** Noise, which nothing can compress. */
export async function putNoise(key: string, size: number, expiresAt?: number): Promise<void> {
  await storage.put(key, noise(size), {
    ...(expiresAt !== undefined && { expiresAt: new Date(expiresAt) }),
  });
}

/** The same as a Blob, or as a stream of unknown length. */
export async function putNoiseAs(
  kind: 'bytes' | 'blob' | 'stream',
  key: string,
  size: number,
): Promise<void> {
  const bytes = noise(size);
  const blob = new Blob([bytes]);
  await storage.put(key, kind === 'bytes' ? bytes : kind === 'blob' ? blob : blob.stream());
}

/** Streams content piece by piece, with a pause after each, so that the tab can be killed meanwhile. */
export async function putSlowly(key: string, size: number, fill: number): Promise<void> {
  const piece = 256 * 1024;
  let left = size;
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      if (left <= 0) return controller.close();
      await new Promise((resolve) => setTimeout(resolve, 1));
      controller.enqueue(new Uint8Array(Math.min(piece, left)).fill(fill));
      left -= piece;
    },
  });
  await storage.put(key, body);
}

export async function putAll(prefix: string, count: number, text: string): Promise<number> {
  const entries = Array.from({ length: count }, (_, at) => ({
    key: `${prefix}${at}`,
    value: text,
  }));
  const results = await storage.saveMany(entries);
  const failed = results.find(({ ok }) => !ok);
  if (failed !== undefined && !failed.ok) throw failed.error;
  return results.length;
}

/** Overwrites the keys in turn, each time with the next round, until the tab ends. */
export async function overwriteForever(prefix: string, count: number): Promise<void> {
  for (let round = 1; ; round += 1) await putAll(prefix, count, `round ${round}`);
}

export async function noiseMany(prefix: string, count: number, size: number): Promise<number> {
  const entries = Array.from({ length: count }, (_, at) => ({
    key: `${prefix}${at}`,
    value: noise(size),
  }));
  const results = await storage.saveMany(entries);
  const failed = results.find(({ ok }) => !ok);
  if (failed !== undefined && !failed.ok) throw failed.error;
  return results.length;
}

export async function get(key: string): Promise<string> {
  return await (await storage.get(key)).text();
}

/** The size, and which bytes there are. */
export async function look(
  key: string,
): Promise<{ readonly size: number; readonly values: readonly number[] }> {
  const bytes = await (await storage.get(key)).bytes();
  return { size: bytes.byteLength, values: [...new Set(bytes)] };
}

export async function loadAll(prefix: string): Promise<readonly unknown[]> {
  const items = await storage.list(prefix);
  const results = await storage.loadMany(items.map(({ key }) => key));
  return results.map((result) => (result.ok ? result.value : result.error.message));
}

export async function keys(prefix = ''): Promise<readonly string[]> {
  return (await storage.list(prefix)).map(({ key }) => key);
}

/** Tabs that wait for the same time begin together. Units: ms since 1970. */
async function reach(time: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, time - Date.now()));
}

/** Counts up, over whatever others write meanwhile. */
export async function raise(key: string, times: number, startAt: number): Promise<void> {
  await reach(startAt);
  for (let at = 0; at < times; at += 1) {
    // A tab that the machine hardly lets run may lose often.
    await storage.update(key, (count) => Number(count ?? 0) + 1, { maxAttempts: 1000 });
  }
}

/** Raises a number with an `ifMatch` of its own, and tells how often another one was quicker. */
export async function raiseByHand(key: string, times: number, startAt: number): Promise<number> {
  await reach(startAt);
  let lost = 0;
  for (let done = 0; done < times; ) {
    const before = await storage.get(key);
    const next = `${Number(await before.text()) + 1}`;
    try {
      await storage.put(key, next, { ifMatch: before.info.etag });
      done += 1;
    } catch (error) {
      if (!isStorageError(error, 'precondition-failed')) throw error;
      lost += 1;
    }
  }
  return lost;
}

/** Tries to be the first to create each key, from one of them on, and tells of which it was. */
export async function createAll(
  prefix: string,
  count: number,
  from: number,
  name: string,
  startAt: number,
): Promise<number[]> {
  await reach(startAt);
  const won: number[] = [];
  for (let step = 0; step < count; step += 1) {
    const at = (from + step) % count;
    try {
      await storage.put(`${prefix}${at}`, name, { ifNoneMatch: '*' });
      won.push(at);
    } catch (error) {
      if (!isStorageError(error, 'precondition-failed')) throw error;
    }
  }
  return won;
}

/** Brings large objects along from another folder of OPFS; the progress can be asked for. */
export async function moveLarge(from?: string): Promise<unknown> {
  movedObjects = 0;
  const { moveLargeObjects } = storage.native as IndexedDBNative;
  const moved = await moveLargeObjects({
    from: () => folder(from),
    onProgress: (progress) => {
      ({ movedObjects } = progress);
    },
  });
  return { ...moved, left: moved.left.length };
}

export function moveProgress(): number {
  return movedObjects;
}

export async function remove(key: string): Promise<void> {
  await storage.delete(key);
}

export async function clear(prefix: string): Promise<number> {
  return (await storage.clear(prefix)).deleted;
}

export async function uploadNoise(key: string, parts: number, partBytes: number): Promise<void> {
  const session = await storage.upload(key);
  try {
    for (let part = 0; part < parts; part += 1) {
      await session.write(part * partBytes, noise(partBytes));
    }
    await session.complete();
  } catch (error) {
    await session.abort();
    throw error;
  }
}

export async function watch(prefix = ''): Promise<void> {
  const watcher = await storage.watch({ prefix });
  heard = [];
  void (async () => {
    for await (const event of watcher) heard.push({ event, at: Date.now() });
  })();
}

export function events(): readonly Heard[] {
  return heard;
}

export async function writeMany(prefix: string, count: number): Promise<readonly number[]> {
  const times: number[] = [];
  for (let at = 0; at < count; at += 1) {
    await storage.put(`${prefix}${at}`, `value ${at}`);
    times.push(Date.now());
  }
  return times;
}

/** The durable feed from a cursor on. */
export async function feed(cursor?: string): Promise<{ events: WatchEvent[]; cursor: string }> {
  const all: WatchEvent[] = [];
  let last = '';
  for await (const page of storage.changes(cursor === undefined ? {} : { cursor })) {
    all.push(...page.events);
    last = page.cursor;
  }
  return { events: all, cursor: last };
}

export function told(): unknown {
  return { evictions, quotaEvents, notices };
}

export async function usage(): Promise<unknown> {
  return await storage.usage();
}

export async function persist(): Promise<unknown> {
  return await requestPersistence();
}

export async function deleteDatabase(): Promise<void> {
  await deleteIndexedDB(DB_NAME);
}

/** As somebody does in the browser's own tools, behind the storage's back. */
export async function deleteFromTools(): Promise<void> {
  await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(DB_NAME);
    request.onsuccess = resolve;
    request.onerror = () => reject(request.error);
  });
}

/** Makes the database look as if later code of ours had made it. */
export async function pretendLaterFormat(format: number): Promise<void> {
  const { db } = storage.native as { db: { table(name: string): { put(row: unknown): unknown } } };
  await db.table('meta').put({ name: 'format', value: format });
}

/** OPFS, or a folder in it, which stands in for one that a person chose. */
async function folder(name: string | undefined): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return name === undefined ? root : await root.getDirectoryHandle(name, { create: true });
}

/** Names of files that large objects have in OPFS, or in a folder of it. */
export async function files(within?: string): Promise<readonly string[]> {
  const names: string[] = [];
  const root = await folder(within);
  for await (const [name, handle] of root.entries()) {
    if (!name.startsWith('granary-idb-') || handle.kind !== 'directory') continue;
    const ours = await root.getDirectoryHandle(name);
    // Marks of folders are empty and stay.
    for await (const file of ours.keys()) if (!file.startsWith('folder-')) names.push(file);
  }
  return names;
}

/** Rows by table, for what must not be left behind. */
export async function count(table: string): Promise<unknown> {
  const { db } = storage.native as { db: { table(name: string): { count(): Promise<number> } } };
  return await db.table(table).count();
}

function noise(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  for (let at = 0; at < size; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, Math.min(size, at + 65_536)));
  }
  return bytes;
}
