import { readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { StorageEngine } from '@granary/storage-core';
import { toBody } from '@granary/storage-core/provider';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fileSystemProvider } from '../src/fs-provider.ts';
import { createFileSystem } from '../src/index.ts';
import { failure, systemWith } from './faults.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

const CHUNK = 200 * 1024;
const SAID = { metadata: { version: 1 }, contentType: 'application/x-notes' };

let baseDir: string;
let storage: StorageEngine;

beforeEach(async () => {
  baseDir = await temporaryFolder();
  storage = createFileSystem({ baseDir, durability: 'file' });
  await storage.put('folder/a.bin', 'before', SAID);
});

afterEach(() => storage.close());

/** What this process has open as files of the store, the folders that it keeps aside. */
function openFiles(): string[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc/self/fd')
    .map((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`);
      } catch {
        return '';
      }
    })
    .filter((path) => path.startsWith(baseDir) && /\.bin|\/[wql]\./.test(path));
}

/** The old object as it was, and nothing else that lies about or is open. */
async function expectOnlyTheOldOne(): Promise<void> {
  const object = await storage.get('folder/a.bin');
  expect(await object.text()).toBe('before');
  expect(object.info).toMatchObject(SAID);
  expect(readdirSync(join(baseDir, '.granary', 'work'))).toEqual([]);
  expect(readdirSync(join(baseDir, 'folder')).sort()).toEqual(['a.bin', 'a.bin.meta.json']);
  expect(readdirSync(baseDir).sort()).toEqual(['.granary', 'folder']);
  expect(openFiles()).toEqual([]);
}

interface Source {
  readonly stream: ReadableStream<Uint8Array>;
  /** Why nobody wants more of it. */
  readonly cancelled: unknown[];
}

/** So many chunks, and then what the test says. */
function sourceOf(
  chunks: number,
  end: (controller: ReadableStreamDefaultController) => void,
): Source {
  let left = chunks;
  const cancelled: unknown[] = [];
  const stream = new ReadableStream<Uint8Array>({
    pull(controller) {
      left -= 1;
      if (left >= 0) controller.enqueue(new Uint8Array(CHUNK).fill(left));
      else end(controller);
    },
    cancel(reason) {
      cancelled.push(reason);
    },
  });
  return { stream, cancelled };
}

test.each([0, 1, 3, 12])(
  'a source that fails after %i chunks fails the write as it did',
  async (chunks) => {
    const cause = new Error('the camera was unplugged');
    const source = sourceOf(chunks, (controller) => controller.error(cause));
    const put = storage.put('folder/a.bin', source.stream, { metadata: { version: 2 } });
    await expect(put).rejects.toMatchObject({ cause, outcome: 'not-applied' });
    await expectOnlyTheOldOne();
  },
);

test('an iterable that throws midway fails the write of a new object, whose folders do not stay', async () => {
  const cause = new RangeError('no more');
  let isReleased = false;
  async function* chunks(): AsyncGenerator<Uint8Array> {
    try {
      yield new Uint8Array(CHUNK);
      throw cause;
    } finally {
      isReleased = true;
    }
  }
  const put = storage.put('new/deep/b.bin', chunks(), { metadata: { version: 2 } });
  await expect(put).rejects.toMatchObject({ cause });
  expect(isReleased).toBe(true);
  await expect(storage.stat('new/deep/b.bin')).rejects.toMatchObject({ code: 'not-found' });
  await expectOnlyTheOldOne();
});

test.each([
  ['fewer', 3 * CHUNK + 1],
  ['more', 3 * CHUNK - 1],
  ['many more', 10],
])('a source with %s bytes than it declares writes nothing', async (_what, size) => {
  const source = sourceOf(3, (controller) => controller.close());
  const provider = createFileSystem.provider({ baseDir, durability: 'file' });
  const body = toBody(source.stream, { size });
  await expect(provider.put('folder/a.bin', body, { metadata: {} })).rejects.toMatchObject({
    ...{ code: 'invalid-argument', outcome: 'not-applied' },
  });
  await provider.close?.();
  await expectOnlyTheOldOne();
});

test('a chunk that is no bytes is refused midway', async () => {
  const source = sourceOf(2, (controller) => controller.enqueue('text'));
  await expect(storage.put('folder/a.bin', source.stream)).rejects.toMatchObject({
    code: 'invalid-argument',
  });
  await expectOnlyTheOldOne();
});

test('an abort midway ends the write and lets go of the source', async () => {
  const controller = new AbortController();
  const reason = new Error('the person has closed the window');
  const source = sourceOf(5, () => {
    controller.abort(reason);
  });
  const { signal } = controller;
  await expect(storage.put('folder/a.bin', source.stream, { signal })).rejects.toMatchObject({
    code: 'aborted',
    cause: reason,
  });
  await expect.poll(() => source.cancelled.length, { interval: 1 }).toBe(1);
  await expect.poll(() => openFiles(), { interval: 1 }).toEqual([]);
  await expect
    .poll(() => readdirSync(join(baseDir, '.granary', 'work')), { interval: 1 })
    .toEqual([]);
  await expectOnlyTheOldOne();
});

test('a source is cancelled when the disk fails while it is written', async () => {
  const source = sourceOf(100, (controller) => controller.close());
  const provider = fileSystemProvider(
    { baseDir, durability: 'file' },
    systemWith({ write: () => Promise.reject(failure('ENOSPC')) }),
  );
  await expect(provider.put('folder/a.bin', toBody(source.stream), {})).rejects.toMatchObject({
    ...{ code: 'quota-exceeded', outcome: 'not-applied' },
  });
  expect(source.cancelled).toHaveLength(1);
  await provider.close?.();
  await expectOnlyTheOldOne();
});

test('a condition that holds no more when all has come writes nothing', async () => {
  const { etag = '' } = await storage.stat('folder/a.bin');
  await storage.put('folder/a.bin', 'before', SAID);
  const source = sourceOf(100, (controller) => controller.close());
  const put = storage.put('folder/a.bin', source.stream, { ifMatch: etag });
  await expect(put).rejects.toMatchObject({ code: 'precondition-failed', outcome: 'not-applied' });
  await expectOnlyTheOldOne();
});

test('after many failures the same key is written as ever', async () => {
  for (let round = 0; round < 20; round += 1) {
    const source = sourceOf(round % 4, (controller) => controller.error(new Error('gone')));
    await expect(storage.put('folder/a.bin', source.stream)).rejects.toMatchObject({
      cause: { message: 'gone' },
    });
  }
  await expectOnlyTheOldOne();
  const source = sourceOf(7, (controller) => controller.close());
  expect((await storage.put('folder/a.bin', source.stream)).size).toBe(7 * CHUNK);
  expect((await (await storage.get('folder/a.bin')).bytes()).byteLength).toBe(7 * CHUNK);
  expect(openFiles()).toEqual([]);
});
