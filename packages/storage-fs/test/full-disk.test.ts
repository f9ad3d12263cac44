import { execFileSync } from 'node:child_process';
import { chmod, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isStorageError } from '@granary/storage-core';
import { expect, onTestFinished, type TestContext, test } from 'vitest';
import { createFileSystem } from '../src/index.ts';
import { startProcess } from './processes/start-process.ts';
import { temporaryFolder } from './processes/temporary-folder.ts';

const NOBODY = 65_534;

/** A disk of 2 MB in memory. Where the system does not let us mount one the test is skipped. */
async function smallDisk(context: TestContext): Promise<string> {
  const place = join(await temporaryFolder(), 'disk');
  await mkdir(place);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', place], { stdio: 'pipe' });
  } catch (error) {
    context.skip(`mounting a small disk is not permitted here: ${String(error).split('\n')[0]}`);
  }
  onTestFinished(() => {
    execFileSync('umount', ['-l', place], { stdio: 'pipe' });
  });
  return place;
}

test('a full disk keeps all that it held and works again when there is room', async (context) => {
  const baseDir = join(await smallDisk(context), 'store');
  const storage = createFileSystem({ baseDir });
  const attributes = { metadata: { of: 'old' }, tags: ['kept'] };
  const old = await storage.put('old.bin', new Uint8Array(100_000).fill(7), attributes);
  const stored = ['old.bin'];
  let problem: unknown;
  for (let number = 100; problem === undefined && number < 200; number += 1) {
    const key = `fill/${number}.bin`;
    try {
      await storage.put(key, new Uint8Array(100_000).fill(number), { metadata: { number } });
      stored.push(key);
    } catch (error) {
      problem = error;
    }
  }
  expect(problem).toMatchObject({ code: 'quota-exceeded', outcome: 'not-applied' });

  // Over the old one: from memory, from a stream, with attributes, by copying.
  async function* stream(): AsyncGenerator<Uint8Array> {
    for (let chunk = 0; chunk < 40; chunk += 1) yield new Uint8Array(65_536);
  }
  const attempts = [
    () => storage.put('old.bin', new Uint8Array(1_900_000)),
    () => storage.put('old.bin', stream(), { metadata: { of: 'new' } }),
    () => storage.copy('fill/100.bin', 'fill/more.bin').then(() => storage.copy('old.bin', 'x.bin')),
  ];
  for (const attempt of attempts) {
    await expect(attempt()).rejects.toMatchObject({ code: 'quota-exceeded' });
  }
  expect((await storage.list()).map(({ key }) => key)).toEqual(
    expect.arrayContaining([...stored].sort()),
  );
  const object = await storage.get('old.bin');
  expect(object.info).toMatchObject({ etag: old.etag, ...attributes });
  expect((await object.bytes()).every((byte) => byte === 7)).toBe(true);
  for (const key of stored.slice(1)) {
    const { info } = await storage.get(key);
    expect(info.metadata, key).toEqual({ number: Number(key.slice(5, 8)) });
  }
  expect(await readdir(join(baseDir, '.granary', 'work'))).toEqual([]);

  await storage.clear('fill/');
  await storage.put('old.bin', new Uint8Array(500_000), { metadata: { of: 'new' } });
  expect(await storage.stat('old.bin')).toMatchObject({ size: 500_000, metadata: { of: 'new' } });
  await storage.close();
});

test('a disk that is mounted read-only is read and not written', async (context) => {
  const disk = await smallDisk(context);
  const baseDir = join(disk, 'store');
  const writable = createFileSystem({ baseDir });
  await writable.put('kept.txt', 'kept', { metadata: { a: 1 } });
  await writable.close();
  execFileSync('mount', ['-o', 'remount,ro', disk], { stdio: 'pipe' });
  const storage = createFileSystem({ baseDir });
  const object = await storage.get('kept.txt');
  expect(await object.text()).toBe('kept');
  expect(object.info.metadata).toEqual({ a: 1 });
  expect((await storage.list()).map(({ key }) => key)).toEqual(['kept.txt']);
  const attempts = [
    () => storage.put('kept.txt', 'new'),
    () => storage.put('new.txt', 'new', { metadata: { a: 2 } }),
    () => storage.delete('kept.txt'),
    () => storage.copy('kept.txt', 'copy.txt'),
    () => storage.setMetadata('kept.txt', { metadata: { a: 2 } }),
  ];
  for (const attempt of attempts) {
    const error: unknown = await attempt().catch((problem: unknown) => problem);
    expect(isStorageError(error, 'permission-denied'), String(error)).toBe(true);
    expect(String(error)).toContain('read-only');
  }
  await storage.close();
});

test("another user's folder is read as far as its rights allow, and not written", async (context) => {
  if (process.getuid?.() !== 0) context.skip('only root can become another user');
  const folder = await temporaryFolder();
  await chmod(folder, 0o755);
  const baseDir = join(folder, 'store');
  const storage = createFileSystem({ baseDir });
  await storage.put('open.txt', 'for all');
  await storage.put('closed.txt', 'for me');
  await chmod(join(baseDir, 'closed.txt'), 0o600);
  const told = await startProcess('unprivileged.ts', { baseDir, user: NOBODY }).told('result');
  const denied = 'permission-denied';
  expect(told).toEqual({
    text: 'for all',
    codes: { get: denied, put: denied, putWithMetadata: denied, delete: denied, move: denied },
    keys: ['closed.txt', 'open.txt'],
  });
  expect(await (await storage.get('open.txt')).text()).toBe('for all');
  await storage.close();
});
