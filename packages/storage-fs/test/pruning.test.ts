import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createStorage, type StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, test } from 'vitest';
import { NODE_CALLS } from '../src/fs-calls.ts';
import { fileSystemProvider } from '../src/fs-provider.ts';
import { createFileSystem } from '../src/index.ts';
import { systemWith } from './faults.ts';
import { startProcess } from './processes/start-process.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

const SAID = { metadata: { version: 1 } };

interface Stores {
  readonly baseDir: string;
  /** Removes the last object of a folder, just before the other one puts something into it. */
  readonly remover: StorageEngine;
  readonly writer: StorageEngine;
  /** Times that it did. */
  readonly removals: () => number;
  /** Times that the folder went by it. */
  readonly prunings: () => number;
}

/** Two storages of one folder, of which one empties a folder whenever the other is about to fill it. */
async function interleaved(call: 'rename' | 'mkdir', isTarget: RegExp): Promise<Stores> {
  const baseDir = await temporaryFolder();
  const remover = createFileSystem({ baseDir, durability: 'none' });
  let removals = 0;
  let prunings = 0;

  async function before(path: string): Promise<void> {
    if (!isTarget.test(path) || !existsSync(join(baseDir, 'deep/folder/last.txt'))) return;
    await remover.delete('deep/folder/last.txt');
    removals += 1;
    if (!existsSync(join(baseDir, 'deep'))) prunings += 1;
  }
  const system = systemWith(
    call === 'rename'
      ? {
          async rename(from, to) {
            await before(to);
            await NODE_CALLS.rename(from, to);
          },
        }
      : {
          async mkdir(path) {
            await before(path);
            await NODE_CALLS.mkdir(path);
          },
        },
  );
  const writer = createStorage(fileSystemProvider({ baseDir, durability: 'none' }, system));
  onTestFinished(async () => {
    await writer.close();
    await remover.close();
  });
  await writer.put('source.txt', 'content', SAID);
  await writer.put('plain.txt', 'content');
  await remover.put('deep/folder/last.txt', 'last');
  return { baseDir, remover, writer, removals: () => removals, prunings: () => prunings };
}

interface Write {
  readonly name: string;
  readonly write: (storage: StorageEngine, key: string) => Promise<unknown>;
  /** What is said about the object. Default: nothing. */
  readonly said?: typeof SAID;
}

const WRITES: readonly Write[] = [
  { name: 'a put', write: (storage, key) => storage.put(key, 'content') },
  {
    name: 'a put with attributes',
    write: (storage, key) => storage.put(key, 'content', SAID),
    said: SAID,
  },
  {
    name: 'a put on condition',
    write: (storage, key) => storage.put(key, 'content', { ifNoneMatch: '*' }),
  },
  {
    name: 'a put of a stream',
    write: (storage, key) => storage.put(key, new Blob(['content']).stream()),
  },
  { name: 'a copy', write: (storage, key) => storage.copy('plain.txt', key) },
  {
    name: 'a copy with attributes',
    write: (storage, key) => storage.copy('source.txt', key),
    said: SAID,
  },
  { name: 'a move', write: (storage, key) => storage.move('plain.txt', key) },
  {
    name: 'a move with attributes',
    write: (storage, key) => storage.move('source.txt', key),
    said: SAID,
  },
  {
    name: 'the end of an upload',
    async write(storage, key) {
      const session = await storage.upload(key, {});
      await session.write(0, Buffer.from('content'));
      await session.complete();
    },
  },
];

test.each(WRITES)(
  '$name into a folder that is pruned just then succeeds',
  async ({ write, said }) => {
    const { writer, prunings, baseDir } = await interleaved('rename', /\/a\.txt(\.meta\.json)?$/);
    await write(writer, 'deep/folder/a.txt');
    expect(prunings()).toBe(1);
    const object = await writer.get('deep/folder/a.txt');
    expect(await object.text()).toBe('content');
    expect(object.info.metadata).toEqual(said?.metadata);
    expect(await writer.exists('deep/folder/last.txt')).toBe(false);
    expect(readdirSync(join(baseDir, '.granary', 'work'))).toEqual([]);
  },
);

test.each(WRITES)(
  '$name below a folder that is pruned just then succeeds',
  async ({ write, said }) => {
    const { writer, prunings } = await interleaved('mkdir', /\/new$/);
    await write(writer, 'deep/folder/new/a.txt');
    expect(prunings()).toBe(1);
    const object = await writer.get('deep/folder/new/a.txt');
    expect(await object.text()).toBe('content');
    expect(object.info.metadata).toEqual(said?.metadata);
  },
);

test('a folder in which another object stays is kept, whatever happens to its attributes', async () => {
  const { writer, removals, prunings } = await interleaved('rename', /\/kept\.txt\.meta\.json$/);
  await writer.put('deep/folder/kept.txt', 'content');
  await writer.setMetadata('deep/folder/kept.txt', SAID);
  expect([removals(), prunings()]).toEqual([1, 0]);
  expect((await writer.stat('deep/folder/kept.txt')).metadata).toEqual(SAID.metadata);
});

test('processes that fill and empty one folder fail no write and lose no object', {
  timeout: 240_000,
}, async () => {
  const baseDir = await temporaryFolder();
  const settings = { baseDir, rounds: 120 };
  const pruners = [0, 1, 2].map((me) => startProcess('pruner.ts', { ...settings, me }));
  await Promise.all(pruners.map((pruner) => pruner.told('ready')));
  for (const pruner of pruners) pruner.tell('start');
  const kept = (await Promise.all(pruners.map((pruner) => pruner.told('kept')))) as string[][];
  const storage = createFileSystem({ baseDir });
  const keys = (await storage.list()).map(({ key }) => key);
  expect(keys).toEqual(kept.flat().sort());
  expect(keys.length).toBeGreaterThan(10);
  for (const key of keys) expect(await (await storage.get(key)).text()).toBe(key);
  for (const key of keys) await storage.delete(key);
  expect(readdirSync(baseDir)).toEqual(['.granary']);
  await storage.close();
});
