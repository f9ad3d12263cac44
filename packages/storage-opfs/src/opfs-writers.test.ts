import { expect, test, vi } from 'vitest';
import { openSync, openWritable } from './opfs-file-writer.ts';
import { openWriters } from './opfs-writers.ts';

const page = { hasSyncHandles: false, hasWritables: true, worker: undefined, isUserFolder: false };

test('a dedicated worker writes with handles of its own, and a folder of a person never does', async () => {
  const inWorker = { ...page, hasSyncHandles: true };
  expect(await openWriters(inWorker).choose(1)).toBe(openSync);
  expect(await openWriters(inWorker).choose(undefined)).toBe(openSync);
  expect(await openWriters({ ...inWorker, isUserFolder: true }).choose(1)).toBe(openWritable);
});

test('where there are no workers, streams are written', async () => {
  vi.stubGlobal('Worker', undefined);
  const writers = openWriters(page);
  expect(await writers.choose(undefined)).toBe(openWritable);
  writers.stop();
  vi.unstubAllGlobals();
});

test('a small file is not worth starting a worker', async () => {
  const worker = vi.fn<() => Worker>();
  const writers = openWriters({ ...page, worker });
  expect(await writers.choose(1000)).toBe(openWritable);
  expect(worker).not.toHaveBeenCalled();
});
