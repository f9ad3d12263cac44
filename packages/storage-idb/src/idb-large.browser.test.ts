import type { StorageEngine } from '@granary/storage-core';
import { afterEach, expect, test } from 'vitest';
import { createIndexedDB, deleteIndexedDB } from './index.ts';

const MIB = 1024 * 1024;
const SIZE = 6 * MIB;

let opened: { readonly storage: StorageEngine; readonly dbName: string } | undefined;

function open(): { readonly storage: StorageEngine; readonly dbName: string } {
  const dbName = `large-${crypto.randomUUID()}`;
  const storage = createIndexedDB({
    dbName,
    largeObjects: { directory: () => navigator.storage.getDirectory(), fromBytes: MIB },
  });
  opened = { storage, dbName };
  return opened;
}

afterEach(async () => {
  if (opened === undefined) return;
  await opened.storage.clear({ all: true });
  await opened.storage.close();
  await deleteIndexedDB(opened.dbName);
});

/** Bytes that tell their place, within one write. */
function piece(at: number, fill: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(MIB).fill(fill + (at / MIB) * 2);
}

function streamOf(fill: number): ReadableStream<Uint8Array> {
  let at = 0;
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (at === SIZE) return controller.close();
      controller.enqueue(piece(at, fill));
      at += MIB;
    },
  });
}

/** The values that follow each other, by samples. */
function valuesOf(bytes: Uint8Array): readonly number[] {
  const values: number[] = [];
  for (let at = 0; at < bytes.byteLength; at += 509) {
    const value = bytes[at] ?? -1;
    if (values.at(-1) !== value) values.push(value);
  }
  return values;
}

const expected = (fill: number) => Array.from({ length: SIZE / MIB }, (_, at) => fill + at * 2);

async function filesOf(storage: StorageEngine): Promise<readonly string[]> {
  const { db } = storage.native as { db: { table(name: string): { get(key: string): unknown } } };
  const { value } = (await db.table('meta').get('storeId')) as { value: string };
  const root = await navigator.storage.getDirectory();
  const names: string[] = [];
  const folder = await root.getDirectoryHandle(`granary-idb-${value}`, { create: true });
  for await (const name of folder.keys()) if (!name.startsWith('folder-')) names.push(name);
  return names;
}

test('streams content into OPFS and out again, whole and in parts', async () => {
  const { storage } = open();
  await storage.put('a', streamOf(0));
  expect(await filesOf(storage)).toHaveLength(1);
  expect(valuesOf(await (await storage.get('a')).bytes())).toEqual(expected(0));
  const part = await storage.get('a', { range: { offset: MIB - 509, length: MIB + 1018 } });
  const bytes = new Uint8Array(await new Response(part.stream()).arrayBuffer());
  expect([valuesOf(bytes), bytes.byteLength]).toEqual([[0, 2, 4], MIB + 1018]);
});

test('never mixes two writes in one read, while others replace the object', async () => {
  const { storage } = open();
  await storage.put('a', streamOf(0));
  let isDone = false;
  const writing = (async () => {
    for (let round = 1; round < 8; round += 1) await storage.put('a', streamOf(round % 2));
    isDone = true;
  })();
  let whole = 0;
  while (!isDone) {
    try {
      const values: number[] = [];
      for await (const bytes of (await storage.get('a')).stream()) {
        for (const value of valuesOf(bytes)) if (values.at(-1) !== value) values.push(value);
      }
      expect([expected(0), expected(1)]).toContainEqual(values);
      whole += 1;
    } catch (error) {
      expect(error).toMatchObject({ code: 'conflict', retryable: true });
    }
  }
  await writing;
  expect(whole).toBeGreaterThan(0);
  expect(await filesOf(storage)).toHaveLength(1);
});
