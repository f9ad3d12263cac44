import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isStorageError, type StorageEngine } from '@granary/storage-core';
import { expect, test } from 'vitest';
import { createFileSystem } from '../src/index.ts';
import { contentOf, versionOf } from './processes/content.ts';
import { randomFrom } from './processes/random.ts';
import { startProcess } from './processes/start-process.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

const KEY = 'videos/clip.bin';
const BYTES = 4 * 1024 * 1024;
const SEED = 41;

/** One read of each kind; returns how many came to their end. */
async function readOnce(storage: StorageEngine, random: () => number): Promise<number> {
  const whole = await storage.get(KEY);
  const bytes = await whole.bytes();
  expect(bytes.byteLength).toBe(BYTES);
  versionOf(KEY, bytes);

  const streamed = await storage.get(KEY);
  const chunks: Uint8Array[] = [];
  for await (const chunk of streamed.stream()) chunks.push(chunk);
  const joined = Buffer.concat(chunks);
  expect(joined.byteLength).toBe(BYTES);
  versionOf(KEY, joined);

  let ranges = 0;
  for (const length of [4096, 65_536, 1_048_576]) {
    const offset = 4 * Math.floor((random() * (BYTES - length)) / 4);
    const part = await storage.get(KEY, { range: { offset, length } });
    const content = await part.bytes();
    expect(content.byteLength).toBe(length);
    versionOf(KEY, content, offset);
    ranges += 1;
  }
  const pieces = await storage.getRanges(KEY, [
    { offset: 0, length: 4096 },
    { offset: BYTES - 4096, length: 4096 },
  ]);
  const [first = new Uint8Array(), last = new Uint8Array()] = pieces;
  expect(versionOf(KEY, last, BYTES - 4096)).toBe(versionOf(KEY, first));
  return 3 + ranges;
}

test('an object that is overwritten all the time is never read torn', {
  timeout: 240_000,
}, async () => {
  const baseDir = await temporaryFolder();
  const storage = createFileSystem({ baseDir, durability: 'none' });
  await storage.put(KEY, contentOf(KEY, 1, BYTES));
  const overwriter = startProcess('overwriter.ts', { baseDir, key: KEY, bytes: BYTES });
  await overwriter.told('ready');
  const random = randomFrom(SEED);
  const until = performance.now() + 4_000;
  let [reads, races] = [0, 0];
  const etags = new Set<string | undefined>();
  while (performance.now() < until || reads < 200) {
    try {
      reads += await readOnce(storage, random);
    } catch (error) {
      // Several ranges are of one write or fail; the others always come.
      if (!isStorageError(error, 'conflict') && !isStorageError(error, 'precondition-failed')) {
        throw error;
      }
      races += 1;
    }
    etags.add((await storage.stat(KEY)).etag);
  }
  overwriter.tell('stop');
  const writes = Number(await overwriter.told('result'));
  await storage.close();
  expect(reads).toBeGreaterThanOrEqual(200);
  expect(writes).toBeGreaterThan(20);
  expect(etags.size).toBeGreaterThan(10);
  console.info(`${reads} reads, ${writes} writes, ${races} lost races, none torn (seed ${SEED})`);
});

test('reading finds the tears of a writer that writes in place', { timeout: 240_000 }, async () => {
  const baseDir = await temporaryFolder();
  const storage = createFileSystem({ baseDir, durability: 'none' });
  await storage.put('clip.bin', contentOf('clip.bin', 1, BYTES));
  const overwriter = startProcess('overwriter.ts', {
    ...{ baseDir, key: 'clip.bin', bytes: BYTES },
    inPlace: true,
  });
  await overwriter.told('ready');
  let problem: unknown;
  const until = performance.now() + 10_000;
  while (problem === undefined && performance.now() < until) {
    try {
      versionOf('clip.bin', await readFile(join(baseDir, 'clip.bin')));
    } catch (error) {
      problem = error;
    }
  }
  overwriter.tell('stop');
  await overwriter.told('result');
  await storage.close();
  expect(problem).toMatchObject({ message: expect.stringContaining('torn') });
});
