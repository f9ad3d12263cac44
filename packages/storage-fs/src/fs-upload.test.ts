import { readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createStorage, type StorageEngine } from '@granary/storage-core';
import { expect, onTestFinished, test } from 'vitest';
import { failure, systemWith } from '../test/faults.ts';
import { temporaryFolder } from '../test/processes/temporary-folder.ts';
import { type FsCalls, NODE_CALLS } from './fs-calls.ts';
import { fileSystemProvider } from './fs-provider.ts';
import type { FileSystemNative } from './index.ts';

const WEEK_SECONDS = 7 * 24 * 3600;
const bytes = (text: string) => new TextEncoder().encode(text);

interface Opened {
  readonly baseDir: string;
  readonly storage: StorageEngine;
  /** Folders of sessions. */
  readonly sessions: () => string[];
}

async function open(changed: Partial<FsCalls> = {}): Promise<Opened> {
  const baseDir = await temporaryFolder();
  const storage = createStorage(
    fileSystemProvider({ baseDir, durability: 'none' }, systemWith(changed)),
  );
  onTestFinished(() => storage.close());
  const sessions = () => readdirSync(join(baseDir, '.granary', 'uploads'));
  return { baseDir, storage, sessions };
}

test('parts in any order, overlapping and repeated ones, become one object', async () => {
  const { storage, sessions } = await open();
  const session = await storage.upload('a.txt', { attributes: { tags: ['x'] } });
  await session.write(6, bytes('world'));
  await session.write(0, bytes('HELLO'));
  await session.write(0, bytes('hello, '));
  expect(await session.status()).toEqual({ held: [{ offset: 0, length: 11 }] });
  await session.write(6, bytes(' world'));
  const info = await session.complete();
  expect(info).toMatchObject({ key: 'a.txt', size: 12, tags: ['x'] });
  expect(await (await storage.get('a.txt')).text()).toBe('hello, world');
  expect(sessions()).toEqual([]);
});

test('what is missing is named, and can come later', async () => {
  const { storage } = await open();
  const session = await storage.upload('a.txt', { totalBytes: 6 });
  await expect(session.complete()).rejects.toMatchObject({
    ...{ code: 'invalid-argument', outcome: 'not-applied' },
    message: expect.stringContaining('after the first 0'),
  });
  await session.write(4, bytes('ef'));
  await expect(session.complete()).rejects.toThrow('after the first 0');
  await session.write(0, bytes('ab'));
  await expect(session.complete()).rejects.toThrow('after the first 2');
  await session.write(2, bytes('cd'));
  await session.complete();
  expect(await (await storage.get('a.txt')).text()).toBe('abcdef');
});

test('an upload of nothing is an empty object', async () => {
  const { storage } = await open();
  const session = await storage.upload('empty', {});
  expect((await session.complete()).size).toBe(0);
});

test('a part that is cut short when it comes again leaves nothing of the longer one', async () => {
  const { storage } = await open();
  const session = await storage.upload('a.txt', {});
  await session.write(0, bytes('a long part'));
  await session.write(0, bytes('short'));
  expect((await session.complete()).size).toBe(5);
  expect(await (await storage.get('a.txt')).text()).toBe('short');
});

test('a part that fails does not count, also where another one had come before', async () => {
  let isFull = false;
  const { storage } = await open({
    async write(fd, data, offset, length, position) {
      if (isFull && length === 5) throw failure('ENOSPC');
      return NODE_CALLS.write(fd, data, offset, length, position);
    },
  });
  const session = await storage.upload('a.txt', {});
  await session.write(0, bytes('abcde'));
  isFull = true;
  await expect(session.write(0, bytes('xxxxx'))).rejects.toMatchObject({ code: 'quota-exceeded' });
  expect(await session.status()).toEqual({ held: [] });
  isFull = false;
  await session.write(0, bytes('vwxyz'));
  await session.complete();
  expect(await (await storage.get('a.txt')).text()).toBe('vwxyz');
});

test.each<[string, (baseDir: string, id: string) => void]>([
  [
    'its folder',
    (baseDir, id) => rmSync(join(baseDir, '.granary/uploads', id), { recursive: true }),
  ],
  ['its content', (baseDir, id) => rmSync(join(baseDir, '.granary/uploads', id, 'content'))],
])('an upload that lost %s has ended, and says to begin anew', async (_, remove) => {
  const { baseDir, storage, sessions } = await open();
  const session = await storage.upload('a.txt', { totalBytes: 2 });
  await session.write(0, bytes('ab'));
  const [id = ''] = sessions();
  remove(baseDir, id);
  const ended = { code: 'conflict', restart: true };
  await expect(session.write(0, bytes('ab'))).rejects.toMatchObject(ended);
  await expect(session.complete()).rejects.toMatchObject(ended);
  await expect(storage.upload('a.txt', { token: session.token })).rejects.toMatchObject(ended);
  expect(await Array.fromAsync(storage.uploads())).toEqual([]);
  await session.abort();
});

test('a session that cannot be read is none, and is swept when it is old', async () => {
  const { baseDir, storage, sessions } = await open();
  const session = await storage.upload('a.txt', {});
  const [id = ''] = sessions();
  const folder = join(baseDir, '.granary/uploads', id);
  for (const text of [
    '{"granary":1,"id"',
    '{"granary":2,"id":"x","key":"a.txt"}',
    '{"granary":1}',
    '{}',
  ]) {
    writeFileSync(join(folder, 'session.json'), text);
    expect(await Array.fromAsync(storage.uploads())).toEqual([]);
    await expect(storage.upload('a.txt', { token: session.token })).rejects.toMatchObject({
      code: 'conflict',
    });
  }
  const native = storage.native as FileSystemNative;
  expect((await native.sweep()).uploads).toBe(0);
  const longAgo = Date.now() / 1000 - WEEK_SECONDS - 60;
  for (const path of [...readdirSync(folder).map((name) => join(folder, name)), folder]) {
    utimesSync(path, longAgo, longAgo);
  }
  expect((await native.sweep()).uploads).toBe(1);
  expect(sessions()).toEqual([]);
});

test('a session goes on with what it was begun with, also dates and no size', async () => {
  const { storage } = await open();
  const expiresAt = new Date(4_102_444_800_000);
  const begun = await storage.upload('a.txt', { attributes: { expiresAt, metadata: { a: 1 } } });
  await begun.write(0, bytes('abc'));
  const session = await storage.upload('a.txt', { token: begun.token, totalBytes: 3 });
  expect((await session.status()).held).toEqual([{ offset: 0, length: 3 }]);
  expect(await session.complete()).toMatchObject({ expiresAt, metadata: { a: 1 } });
});

test('another size than the one that it was begun for is refused', async () => {
  const { storage } = await open();
  const session = await storage.upload('a.txt', { totalBytes: 3 });
  await expect(storage.upload('a.txt', { token: session.token, totalBytes: 4 })).rejects.toThrow(
    'was begun for 3 bytes',
  );
  await expect(session.write(2, bytes('xy'))).rejects.toMatchObject({ code: 'invalid-argument' });
});

test('sessions that others remove just then are passed over', async () => {
  let isRemoving = false;
  const opened = await open({
    async readdir(path) {
      const entries = await NODE_CALLS.readdir(path);
      if (isRemoving) rmSync(uploads(), { recursive: true, force: true });
      return entries;
    },
  });
  const uploads = () => join(opened.baseDir, '.granary/uploads', opened.sessions()[0] ?? 'none');
  await opened.storage.upload('a.txt', {});
  isRemoving = true;
  expect(await Array.fromAsync(opened.storage.uploads())).toEqual([]);
  await (opened.storage.native as FileSystemNative).sweep();
});

test.each(['readdir', 'lstatAll'] as const)(
  'uploads cannot be listed while %s fails',
  async (call) => {
    let isBroken = false;
    const { storage } = await open({
      [call]: async (value: never) => {
        if (isBroken) throw failure('EIO');
        return NODE_CALLS[call](value);
      },
    });
    await storage.upload('a.txt', {});
    isBroken = true;
    await expect(Array.fromAsync(storage.uploads())).rejects.toMatchObject({ code: 'unavailable' });
  },
);

test.each<[string, string, RegExp]>([
  ['status', 'EACCES', /\/parts$/],
  ['write', 'EACCES', /\/content$/],
  ['complete', 'EACCES', /\/content$/],
  ['resume', 'EACCES', /\/session\.json$/],
])('%s tells that files of the session are refused', async (step, code, pattern) => {
  let isRefused = false;
  const { storage } = await open({
    async open(path, flags, mode) {
      if (isRefused && pattern.test(path)) throw failure(code);
      return NODE_CALLS.open(path, flags, mode);
    },
  });
  const session = await storage.upload('a.txt', {});
  await session.write(0, bytes('abc'));
  isRefused = true;
  const steps: Readonly<Record<string, () => Promise<unknown>>> = {
    status: () => session.status(),
    write: () => session.write(3, bytes('d')),
    complete: () => session.complete(),
    resume: () => storage.upload('a.txt', { token: session.token }),
  };
  await expect(steps[step]?.()).rejects.toMatchObject({ code: 'permission-denied' });
  isRefused = false;
  await session.complete();
  expect(await (await storage.get('a.txt')).text()).toBe('abc');
});

test('aborting twice, also at once and by others, is no error', async () => {
  const { storage, sessions } = await open();
  const session = await storage.upload('a.txt', {});
  const same = await storage.upload('a.txt', { token: session.token });
  await session.write(0, bytes('abc'));
  await Promise.all([session.abort(), same.abort()]);
  await session.abort();
  expect(sessions()).toEqual([]);
  await expect(storage.stat('a.txt')).rejects.toMatchObject({ code: 'not-found' });
});

test('an abort that fails says so', async () => {
  const { storage } = await open({ rmdir: () => Promise.reject(failure('EACCES')) });
  const session = await storage.upload('a.txt', {});
  await expect(session.abort()).rejects.toMatchObject({ code: 'permission-denied' });
});

test('an upload has only so many parts', async () => {
  const { baseDir, storage, sessions } = await open();
  const session = await storage.upload('a.txt', {});
  await session.write(0, bytes('a'));
  const [id = ''] = sessions();
  const lines = Array.from({ length: 100_000 }, (_, offset) => `${offset} 1\n`).join('');
  writeFileSync(join(baseDir, '.granary/uploads', id, 'parts'), lines);
  await expect(session.write(100_000, bytes('b'))).rejects.toMatchObject({
    ...{ code: 'invalid-argument', hint: 'Use larger parts.' },
  });
  await session.write(99_999, bytes('b'));
});

test('lines that a crash or another program left among the parts count for nothing', async () => {
  const { baseDir, storage, sessions } = await open();
  const session = await storage.upload('a.txt', {});
  await session.write(0, bytes('abc'));
  const [id = ''] = sessions();
  const parts = join(baseDir, '.granary/uploads', id, 'parts');
  writeFileSync(parts, '0 3\nrubbish here\n\n7\n10 5\n10 -\n3 9');
  expect(await session.status()).toEqual({ held: [{ offset: 0, length: 3 }] });
});
