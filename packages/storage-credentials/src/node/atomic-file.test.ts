import { chmod, mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../test/temporary-folder.ts';
import { atomicFile } from './atomic-file.ts';
import { fileLock } from './file-lock.ts';

describe('atomicFile', () => {
  test('is private, and its folder too', async () => {
    const path = join(await temporaryFolder(), 'new', 'file');
    const file = atomicFile({ path });
    expect(await file.read()).toBeUndefined();
    await file.exclusively(() => file.replace('text'));
    expect(await file.read()).toBe('text');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700);
  });

  test.each([0o644, 0o640, 0o604, 0o666])('refuses one that others can use: %o', async (mode) => {
    const path = join(await temporaryFolder(), 'file');
    await writeFile(path, 'text');
    await chmod(path, mode);
    await expect(atomicFile({ path }).read()).rejects.toMatchObject({
      code: 'permission-denied',
      hint: expect.stringContaining(`chmod 600 ${path}`),
    });
    expect(await atomicFile({ path, platform: 'win32' }).read()).toBe('text');
  });

  test('replaces what a link points to, and sweeps what killed writers left', async () => {
    const folder = await temporaryFolder();
    await mkdir(join(folder, 'real'));
    const target = join(folder, 'real', 'file');
    await writeFile(target, 'old', { mode: 0o600 });
    await symlink(target, join(folder, 'file'));
    await writeFile(join(folder, 'real', '.file.0123.tmp'), 'left');
    const file = atomicFile({ path: join(folder, 'file'), platform: 'win32' });
    await file.exclusively(() => file.replace('new'));
    expect(await readFile(target, 'utf8')).toBe('new');
    expect(await readdir(join(folder, 'real'))).toEqual(['file']);
  });

  test('leaves the old text when the lock was lost', async () => {
    const path = join(await temporaryFolder(), 'file');
    const file = atomicFile({ path, lock: fileLock(`${path}.lock`) });
    await file.exclusively(() => file.replace('old'));
    const attempt = file.exclusively(async () => {
      await writeFile(`${path}.lock`, 'of another');
      await file.replace('new');
    });
    await expect(attempt).rejects.toMatchObject({ code: 'conflict' });
    expect(await readFile(path, 'utf8')).toBe('old');
    expect(await readdir(join(path, '..'))).toEqual(['file', 'file.lock']);
  });

  test('says what is wrong with a path', async () => {
    const folder = await temporaryFolder();
    await expect(atomicFile({ path: folder }).read()).rejects.toMatchObject({
      code: 'invalid-config',
    });
    await writeFile(join(folder, 'file'), '');
    const below = atomicFile({ path: join(folder, 'file', 'below') });
    await expect(below.read()).rejects.toMatchObject({ code: 'invalid-config' });
    await expect(below.replace('x')).rejects.toMatchObject({ name: 'StorageError' });
    const loop = join(folder, 'loop');
    await symlink(loop, loop);
    await expect(atomicFile({ path: loop }).replace('x')).rejects.toMatchObject({
      code: 'unknown',
    });
  });
});
