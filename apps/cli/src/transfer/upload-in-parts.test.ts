import type { StorageEngine } from '@granary/storage-core';
import { providerOf } from '@granary/storage-core/provider';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import type { CopySettings, CopyTask } from './copy-object.ts';
import { copyObject, SESSION_MIN_BYTES } from './copy-object.ts';
import type { Journal, SessionEntry } from './journal.ts';
import { partSize, partsInFlight, uploadInParts } from './upload-in-parts.ts';

const MIB = 2 ** 20;

/** A journal that only remembers sessions. */
function memoryJournal(): Journal & { readonly sessions: Map<string, SessionEntry> } {
  const sessions = new Map<string, SessionEntry>();
  return {
    sessions,
    earlier: new Map(),
    session: (key) => sessions.get(key),
    async recordDone() {},
    async recordSession(key, entry) {
      if (entry === undefined) sessions.delete(key);
      else sessions.set(key, entry);
    },
    async finish() {},
  };
}

function content(size: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length: size }, (_byte, index) => (index * 31 + seed) % 251);
}

/** A target that counts the parts it gets, and whose parts from the n-th on fail. */
function countingTarget(failFrom = Number.POSITIVE_INFINITY): {
  readonly store: StorageEngine;
  readonly offsets: number[];
  healed: boolean;
} {
  const memory = createMemory();
  const state = { store: memory, offsets: [] as number[], healed: false };
  const { upload } = memory;
  state.store = Object.assign(memory, {
    upload: async (...words: Parameters<typeof upload>) => {
      const session = await upload(...words);
      return Object.assign(Object.create(session) as typeof session, {
        async write(...part: Parameters<typeof session.write>) {
          if (state.offsets.length >= failFrom && !state.healed) throw new Error('cut off');
          state.offsets.push(part[0]);
          return session.write(...part);
        },
      });
    },
  });
  return state;
}

function settings(changes: Partial<CopySettings> = {}): CopySettings {
  return {
    contentOnly: false,
    ifAbsent: false,
    keepChecksum: false,
    encrypt: false,
    signal: new AbortController().signal,
    journal: undefined,
    onBytes: () => {},
    ...changes,
  };
}

async function taskOf(
  source: StorageEngine,
  store: StorageEngine,
  bytes: Uint8Array,
): Promise<CopyTask> {
  await source.put('big', bytes, { metadata: { a: 1 }, contentType: 'text/x-big' });
  return {
    from: { store: source, key: 'big' },
    to: { store, key: 'copy' },
    size: bytes.byteLength,
  };
}

const bytesOf = async (store: StorageEngine, key: string): Promise<Uint8Array> =>
  (await store.get(key)).bytes();

describe('uploadInParts', () => {
  test('copies content and attributes, and tells how far it is', async () => {
    const target = createMemory();
    const bytes = content(20 * MIB + 5);
    const told: number[] = [];
    const task = await taskOf(createMemory(), target, bytes);
    await uploadInParts(task, settings({ onBytes: (done) => told.push(done) }));
    expect(Buffer.compare(await bytesOf(target, 'copy'), bytes)).toBe(0);
    expect(await target.stat('copy')).toMatchObject({
      metadata: { a: 1 },
      contentType: 'text/x-big',
    });
    expect(told.at(-1)).toBe(bytes.byteLength);
  });

  test('goes on with the parts that the target lacks', async () => {
    const journal = memoryJournal();
    const target = countingTarget(1);
    const bytes = content(20 * MIB);
    const task = await taskOf(createMemory(), target.store, bytes);
    await expect(uploadInParts(task, settings({ journal }))).rejects.toThrow('cut off');
    expect(journal.sessions.has('copy')).toBe(true);
    expect(await target.store.exists('copy')).toBe(false);

    target.healed = true;
    const told: number[] = [];
    await uploadInParts(task, settings({ journal, onBytes: (done) => told.push(done) }));
    expect(told[0]).toBe(8 * MIB);
    expect(target.offsets.sort((one, other) => one - other)).toEqual([0, 8 * MIB, 16 * MIB]);
    expect(Buffer.compare(await bytesOf(target.store, 'copy'), bytes)).toBe(0);
    expect(journal.sessions.size).toBe(0);
  });

  test('begins anew when the source is another write by now', async () => {
    const journal = memoryJournal();
    const target = countingTarget(1);
    const source = createMemory();
    const task = await taskOf(source, target.store, content(20 * MIB));
    await expect(uploadInParts(task, settings({ journal }))).rejects.toThrow();
    target.healed = true;
    const bytes = content(20 * MIB, 7);
    await taskOf(source, target.store, bytes);
    await uploadInParts(task, settings({ journal }));
    expect(Buffer.compare(await bytesOf(target.store, 'copy'), bytes)).toBe(0);
    expect(await target.store.uploads()).toEqual([]);
  });

  test('begins anew when the target has forgotten the session', async () => {
    const journal = memoryJournal();
    const source = createMemory();
    const old = await taskOf(source, createMemory(), content(9 * MIB));
    const info = await source.stat('big');
    const lost = { source: info.etag, token: 'nobody knows it', partBytes: 8 * MIB };
    journal.sessions.set('copy', lost);
    await uploadInParts(old, settings({ journal }));
    expect(await old.to.store.exists('copy')).toBe(true);
  });

  test('fails when the source changes while it is copied, and mixes nothing', async () => {
    const source = createMemory();
    const target = createMemory();
    const task = await taskOf(source, target, content(20 * MIB));
    const { get } = source;
    let reads = 0;
    Object.assign(source, {
      async get(...words: Parameters<typeof get>) {
        reads += 1;
        if (reads === 2) await source.put('big', content(20 * MIB, 9));
        return get(...words);
      },
    });
    await expect(uploadInParts(task, settings())).rejects.toMatchObject({ code: 'conflict' });
    expect(await target.exists('copy')).toBe(false);
  });

  test('keeps to the condition that nothing is there yet', async () => {
    const target = createMemory();
    const task = await taskOf(createMemory(), target, content(MIB));
    await target.put('copy', 'mine');
    await expect(uploadInParts(task, settings({ ifAbsent: true }))).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    expect(await (await target.get('copy')).text()).toBe('mine');
  });

  test('leaves attributes behind with contentOnly', async () => {
    const target = createMemory();
    const task = await taskOf(createMemory(), target, content(MIB));
    await uploadInParts(task, settings({ contentOnly: true }));
    expect((await target.stat('copy')).metadata).toBeUndefined();
  });

  test('gives up a session that the target says is lost', async () => {
    const journal = memoryJournal();
    const target = createMemory();
    const { upload } = target;
    Object.assign(target, {
      async upload(...words: Parameters<typeof upload>) {
        const session = await upload(...words);
        await session.abort();
        return session;
      },
    });
    const task = await taskOf(createMemory(), target, new Uint8Array());
    await expect(uploadInParts(task, settings({ journal }))).rejects.toMatchObject({
      code: 'conflict',
    });
    expect(journal.sessions.size).toBe(0);
  });

  test('lets other errors of opening a session through', async () => {
    const journal = memoryJournal();
    const target = createMemory();
    const task = await taskOf(createMemory(), target, content(MIB));
    journal.sessions.set('copy', { source: 'x', token: 'y', partBytes: 1 });
    await target.close();
    await expect(uploadInParts(task, settings({ journal }))).rejects.toMatchObject({
      code: 'closed',
    });
  });
});

describe('copyObject', () => {
  const large = (store: StorageEngine): Promise<CopyTask> =>
    taskOf(createMemory(), store, new Uint8Array(SESSION_MIN_BYTES));

  test('sends large objects in parts where both sides can', async () => {
    const target = countingTarget();
    await copyObject(await large(target.store), settings());
    expect(target.offsets).toHaveLength(4);
  });

  test('sends them in one piece where a checksum is to be kept', async () => {
    const target = countingTarget();
    const info = await copyObject(await large(target.store), settings({ keepChecksum: true }));
    expect(target.offsets).toHaveLength(0);
    expect(info.checksums?.['sha256']).toMatch(/^sha256-/);
  });

  test('lets a store copy by itself', async () => {
    const store = createMemory();
    const told: number[] = [];
    const task = await taskOf(store, store, content(10));
    await copyObject(task, settings({ onBytes: (done) => told.push(done) }));
    expect(await bytesOf(store, 'copy')).toEqual(content(10));
    expect(told).toEqual([10]);
    await expect(copyObject(task, settings({ ifAbsent: true }))).rejects.toMatchObject({
      code: 'precondition-failed',
    });
  });

  test('reads and writes in a store where something is to be changed', async () => {
    const store = createMemory();
    const task = await taskOf(store, store, content(10));
    await copyObject(task, settings({ contentOnly: true }));
    expect((await store.stat('copy')).metadata).toBeUndefined();
    await store.delete('copy');
    await copyObject(task, settings({ keepChecksum: true, ifAbsent: true }));
    expect((await store.stat('copy')).checksums).toBeDefined();
  });

  test('streams what is not small', async () => {
    const target = createMemory();
    const bytes = content(3 * MIB);
    const task = await taskOf(createMemory(), target, bytes);
    await copyObject(task, settings());
    expect(Buffer.compare(await bytesOf(target, 'copy'), bytes)).toBe(0);
    expect(providerOf(target).capabilities.upload).toBe(true);
  });
});

describe('partSize', () => {
  const rules = {
    minBytes: 5 * MIB,
    maxBytes: 5 * 1024 * MIB,
    multipleOf: 1,
    maxParts: 10_000,
    order: 'any',
    needsTotal: false,
  } as const;

  test.each([
    [rules, 100 * MIB, 8 * MIB],
    [rules, 160_000 * MIB, 16 * MIB],
    [{ ...rules, minBytes: 20 * MIB }, 100 * MIB, 20 * MIB],
    [{ ...rules, multipleOf: 320 * 1024 }, 100 * MIB, 26 * 320 * 1024],
    [{ ...rules, minBytes: 1, maxBytes: 1000, multipleOf: 300 }, 2000, 900],
  ])('keeps to rules %#', (given, total, expected) => {
    expect(partSize(given, total)).toBe(expected);
  });

  test('fails where no parts can hold it', () => {
    expect(() => partSize({ ...rules, maxBytes: 10, maxParts: 10 }, 101)).toThrow(
      '101 bytes do not fit into 10 parts.',
    );
  });
});

describe('partsInFlight', () => {
  test.each([
    ['any', 8 * MIB, 4],
    ['any', 32 * MIB, 2],
    ['any', 500 * MIB, 1],
    ['sequential', 8 * MIB, 1],
  ] as const)('is bounded by order and memory: %s, %i bytes', (order, partBytes, expected) => {
    expect(partsInFlight({ order }, partBytes)).toBe(expected);
  });
});
