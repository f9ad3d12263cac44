import { createStorage } from '@granary/storage-core';
import { afterEach, expect, test, vi } from 'vitest';
import { NODE_CALLS } from '../src/fs-calls.ts';
import { fileSystemProvider } from '../src/fs-provider.ts';
import { createFileSystem } from '../src/index.ts';
import { failure, systemWith } from './faults.ts';
import { startProcess } from './processes/start-process.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

afterEach(() => {
  vi.useRealTimers();
});

test('operations wait while the process has no descriptor left, and then succeed', {
  timeout: 60_000,
}, async (context) => {
  if (process.platform === 'win32') context.skip('Windows has no such limit');
  const baseDir = await temporaryFolder();
  const crowded = startProcess('crowded.ts', { baseDir }, { maxOpenFiles: 128 });
  expect(await crowded.told('full')).toBe('EMFILE');
  // Nothing is done and nothing has failed before a file is closed.
  expect(await crowded.told('ended before')).toEqual([]);
  expect(await crowded.told('results')).toEqual([
    ['fulfilled', 'before'],
    ['fulfilled', 6],
    ['fulfilled', 6],
    ['fulfilled', ['a', 'folder/b']],
  ]);
});

test('when no descriptor comes free for long the store is unavailable and nothing is lost', async () => {
  const baseDir = await temporaryFolder();
  const storage = createFileSystem({ baseDir, durability: 'none' });
  await storage.put('a', 'before', { metadata: { version: 1 } });
  let isFull = false;
  const open: typeof NODE_CALLS.open = async (...values) => {
    if (isFull) throw failure('EMFILE');
    return NODE_CALLS.open(...values);
  };
  const crowded = createStorage(
    fileSystemProvider({ baseDir, durability: 'none' }, systemWith({ open })),
  );
  await crowded.ready();
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
  isFull = true;
  const attempts = [
    crowded.get('a'),
    crowded.put('a', 'after'),
    crowded.put('a', 'after', { metadata: { version: 2 } }),
  ].map((attempt) => attempt.catch((error: unknown) => error));
  await vi.advanceTimersByTimeAsync(60_000);
  for (const error of await Promise.all(attempts)) {
    expect(error).toMatchObject({ code: 'unavailable', retryable: true });
    expect(String(error)).toContain('ulimit -n');
  }
  isFull = false;
  vi.useRealTimers();
  const object = await crowded.get('a');
  expect(await object.text()).toBe('before');
  expect(object.info.metadata).toEqual({ version: 1 });
  await crowded.close();
  await storage.close();
});
