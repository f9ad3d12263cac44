import type { Capabilities, StorageEngine } from '@granary/storage-core';
import { createMemory } from '@granary/storage-memory';
import { describe, expect, test } from 'vitest';
import type { CopySettings, CopyTask } from './copy-object.ts';
import { moveObject } from './move-object.ts';

const settings: CopySettings = {
  contentOnly: false,
  ifAbsent: false,
  keepChecksum: false,
  encrypt: false,
  signal: new AbortController().signal,
  journal: undefined,
  onBytes: () => {},
};

/** A memory store that says it can do other things than it can. */
function store(changes: Partial<Capabilities> = {}): StorageEngine {
  const memory = createMemory();
  const { getCapabilities } = memory;
  return Object.assign(memory, {
    getCapabilities: () => ({ ...getCapabilities(), ...changes }),
  });
}

async function taskOf(from: StorageEngine, to: StorageEngine): Promise<CopyTask> {
  await from.put('a', 'content', { tags: ['one'] });
  return { from: { store: from, key: 'a' }, to: { store: to, key: 'b' }, size: 7 };
}

/** Changes the source right after it was copied. */
function changeAfterCopy(task: CopyTask): void {
  const { put } = task.to.store;
  Object.assign(task.to.store, {
    async put(...words: Parameters<typeof put>) {
      const info = await put(...words);
      await task.from.store.put('a', 'changed');
      return info;
    },
  });
}

describe('moveObject', () => {
  test('lets a store move by itself', async () => {
    const own = store();
    await moveObject(await taskOf(own, own), settings);
    expect(await own.exists('a')).toBe(false);
    expect((await own.stat('b')).tags).toEqual(['one']);
  });

  test('keeps both where the target exists', async () => {
    const own = store();
    const task = await taskOf(own, own);
    await own.put('b', 'mine');
    await expect(moveObject(task, { ...settings, ifAbsent: true })).rejects.toMatchObject({
      code: 'precondition-failed',
    });
    expect(await own.exists('a')).toBe(true);
  });

  test.each([true, false])('copies, then deletes (deleteIfMatch: %s)', async (deleteIfMatch) => {
    const task = await taskOf(store({ deleteIfMatch }), store());
    await moveObject(task, settings);
    expect(await task.from.store.exists('a')).toBe(false);
    expect(await (await task.to.store.get('b')).text()).toBe('content');
  });

  test.each([true, false])(
    'keeps a source that changed meanwhile (deleteIfMatch: %s)',
    async (deleteIfMatch) => {
      const task = await taskOf(store({ deleteIfMatch }), store());
      changeAfterCopy(task);
      await expect(moveObject(task, settings)).rejects.toMatchObject({
        code: 'conflict',
        message: expect.stringContaining('the source changed while it was moved; it was kept.'),
      });
      expect(await (await task.from.store.get('a')).text()).toBe('changed');
    },
  );

  test('keeps a source whose copy is not there in full', async () => {
    const task = await taskOf(store(), store());
    const { put } = task.to.store;
    Object.assign(task.to.store, {
      async put(...words: Parameters<typeof put>) {
        const info = await put(...words);
        await put('b', 'short');
        return info;
      },
    });
    await expect(moveObject(task, settings)).rejects.toMatchObject({ code: 'conflict' });
    expect(await task.from.store.exists('a')).toBe(true);
  });

  test('says what else went wrong while deleting', async () => {
    const task = await taskOf(store(), store());
    Object.assign(task.from.store, {
      delete: async () => {
        throw new Error('no');
      },
    });
    await expect(moveObject(task, settings)).rejects.toThrow('no');
    expect(await task.to.store.exists('b')).toBe(true);
  });
});
