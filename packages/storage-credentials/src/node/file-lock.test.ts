import { readFile, stat, unlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { fileLock } from './file-lock.ts';
import { livenessOf, ownName } from './process-owner.ts';

const QUICK = { waitMs: 200, staleMs: 60 };
const DEAD_PID = 4_194_304;

/** A name as of a process that has ended, on this machine or on another one. */
async function deadName(machine?: string): Promise<string> {
  const [, , here = ''] = (await ownName()).split('-');
  return [DEAD_PID.toString(36), 'x', machine ?? here].join('-');
}

describe('fileLock', () => {
  test('runs one work at a time, whoever asks', async () => {
    const path = join(await temporaryFolder(), 'deep', 'lock');
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
    };
    const locks = [fileLock(path), fileLock(path), fileLock(path)];
    await Promise.all(Array.from({ length: 30 }, (_, at) => locks[at % 3]?.run(work)));
    expect(most).toBe(1);
    await expect(readFile(path)).rejects.toThrow('ENOENT');
  });

  test('is free again after work that fails', async () => {
    const lock = fileLock(join(await temporaryFolder(), 'lock'));
    await expect(lock.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(lock.run(async () => 1)).resolves.toBe(1);
  });

  test('takes over the lock of a dead process at once', async () => {
    const path = join(await temporaryFolder(), 'lock');
    await writeFile(path, `${await deadName()}\nx`);
    await expect(fileLock(path).run(async () => 1)).resolves.toBe(1);
  });

  test.each(['', 'half', 'another machine'])(
    'takes over a lock that nobody touches: %s',
    async (text) => {
      const path = join(await temporaryFolder(), 'lock');
      const name = text === 'another machine' ? await deadName('0000000000') : text;
      await writeFile(path, name);
      await expect(fileLock(path, { waitMs: 5_000, staleMs: 60 }).run(async () => 1)).resolves.toBe(
        1,
      );
    },
  );

  test('leaves a lock that is touched, and says so', async () => {
    const path = join(await temporaryFolder(), 'lock');
    let result: unknown;
    await fileLock(path, QUICK).run(async () => {
      result = await fileLock(path, QUICK)
        .run(async () => 1)
        .catch((error: unknown) => error);
    });
    expect(result).toMatchObject({ code: 'conflict', retryable: true });
  });

  test('is touched while work goes on, and no loss is missed', async () => {
    const path = join(await temporaryFolder(), 'lock');
    const times = { waitMs: 1_000, staleMs: 40 };
    await fileLock(path, times).run(async (held) => {
      const { mtimeMs } = await stat(path);
      await expect.poll(async () => (await stat(path)).mtimeMs).toBeGreaterThan(mtimeMs);
      await unlink(path);
      await expect(held.check()).rejects.toMatchObject({ code: 'conflict' });
    });
  });

  test('tells work whose lock was taken, and leaves the lock of others', async () => {
    const path = join(await temporaryFolder(), 'lock');
    await fileLock(path).run(async (held) => {
      await expect(held.check()).resolves.toBeUndefined();
      await writeFile(path, 'of another');
      await expect(held.check()).rejects.toMatchObject({ code: 'conflict' });
    });
    expect(await readFile(path, 'utf8')).toBe('of another');
  });

  test('removes a breaker whose process died, and waits for one that lives', async () => {
    const path = join(await temporaryFolder(), 'lock');
    await writeFile(path, `${await deadName()}\nx`);
    await writeFile(`${path}.break`, await deadName());
    await expect(fileLock(path).run(async () => 1)).resolves.toBe(1);

    await writeFile(path, `${await deadName()}\nx`);
    await writeFile(`${path}.break`, await ownName());
    const future = new Date(Date.now() + 60_000);
    await utimes(`${path}.break`, future, future);
    await expect(fileLock(path, QUICK).run(async () => 1)).rejects.toMatchObject({
      code: 'conflict',
    });
  });

  test('says why a lock cannot be made', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'file'), '');
    await expect(fileLock(join(folder, 'file', 'lock')).run(async () => 1)).rejects.toMatchObject({
      name: 'StorageError',
    });
  });
});

test('a process is alive, dead or unknown', async () => {
  expect(await livenessOf(await ownName())).toBe('alive');
  expect(await livenessOf(await deadName())).toBe('dead');
  expect(await livenessOf(await deadName('0000000000'))).toBe('unknown');
  expect(await livenessOf('nothing')).toBe('unknown');
  const [pid = '', , machine = ''] = (await ownName()).split('-');
  expect(await livenessOf([pid, 'earlier', machine].join('-'))).toBe('dead');
  expect(await livenessOf(await ownName(1))).toBe('alive');
});
