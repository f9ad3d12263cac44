import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readBare, readBareWithCompanion, readRangeBare, writeBare } from './raw-calls.ts';
import { keyOf, walkNames, walkWithStats } from './raw-list.ts';

let root = '';
const bytes = Buffer.from('0123456789');

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-raw-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

const at = (name: string) => join(root, name);

describe('writeBare', () => {
  test.each(['in-place', 'rename', 'rename-and-sync'] as const)(
    'writes a file (%s) and leaves nothing else',
    async (style) => {
      await writeFile(at('file'), 'what was there before, and longer');
      await writeBare(style, at('file'), bytes, at('temporary'), root);
      expect(await readFile(at('file'), 'utf8')).toBe('0123456789');
      expect(await readdir(root)).toEqual(['file']);
    },
  );

  test('fails where the file cannot be made', async () => {
    await expect(writeBare('in-place', at('no/file'), bytes, '', root)).rejects.toThrow('ENOENT');
    await expect(writeBare('rename', at('file'), bytes, at('no/t'), root)).rejects.toThrow(
      'ENOENT',
    );
  });

  test('fails where the rename does', async () => {
    await mkdir(at('folder'));
    await expect(writeBare('rename', at('folder'), bytes, at('t'), root)).rejects.toThrow('EISDIR');
  });

  test('fails where the folder cannot be synced', async () => {
    const writing = writeBare('rename-and-sync', at('file'), bytes, at('t'), at('no-folder'));
    await expect(writing).rejects.toThrow('ENOENT');
  });
});

describe('readBare', () => {
  test('reads a file', async () => {
    await writeFile(at('file'), bytes);
    expect(Buffer.from(await readBare(at('file'))).toString()).toBe('0123456789');
    expect(Buffer.from(await readBareWithCompanion(at('file'))).toString()).toBe('0123456789');
  });

  test('hands out memory of its own', async () => {
    await writeFile(at('file'), bytes);
    expect((await readBare(at('file'))).buffer.byteLength).toBe(bytes.length);
  });

  test('reads a part', async () => {
    await writeFile(at('file'), bytes);
    expect(Buffer.from(await readRangeBare(at('file'), 3, 4)).toString()).toBe('3456');
  });

  test('fails for a part that is not there', async () => {
    await writeFile(at('file'), bytes);
    await expect(readRangeBare(at('file'), 8, 4)).rejects.toThrow('Only 2 of 4 bytes came');
  });

  test('fails for a missing file and for a folder', async () => {
    await mkdir(at('folder'));
    await expect(readBare(at('missing'))).rejects.toThrow('ENOENT');
    await expect(readBareWithCompanion(at('missing'))).rejects.toThrow('ENOENT');
    await expect(readRangeBare(at('missing'), 0, 1)).rejects.toThrow('ENOENT');
    await expect(readBare(at('folder'))).rejects.toThrow('EISDIR');
  });

  test('fails where there is a companion, which the baseline does not read', async () => {
    await writeFile(at('file'), bytes);
    await writeFile(at('file.meta.json'), '{}');
    await expect(readBareWithCompanion(at('file'))).rejects.toThrow('has a companion');
    await expect(readRangeBare(at('file'), 0, 1)).rejects.toThrow('has a companion');
  });

  test('passes on why a companion cannot be looked for', async () => {
    await writeFile(at('file'), bytes);
    await expect(readBareWithCompanion(join(at('file'), 'below'))).rejects.toThrow('ENOTDIR');
  });
});

describe('walks', () => {
  beforeEach(async () => {
    for (const [path, length] of [
      ['a', 1],
      ['folder/b', 2],
      ['folder/inner/c', 3],
    ] as const) {
      await mkdir(join(at(path), '..'), { recursive: true });
      await writeFile(at(path), Buffer.alloc(length));
    }
  });

  test('find every file with its size', async () => {
    const found = new Map<string, number>();
    await walkWithStats(root, (path, stats) => found.set(keyOf(root, path), stats.size));
    expect(found).toEqual(
      new Map([
        ['a', 1],
        ['folder/b', 2],
        ['folder/inner/c', 3],
      ]),
    );
  });

  test('find every file by name', async () => {
    const found: string[] = [];
    await walkNames(root, (path) => found.push(keyOf(root, path)));
    expect(found.sort()).toEqual(['a', 'folder/b', 'folder/inner/c']);
  });

  test('end for an empty folder', async () => {
    await mkdir(at('empty'));
    const found: string[] = [];
    await walkWithStats(at('empty'), (path) => found.push(path));
    expect(found).toEqual([]);
  });

  test('fail for a folder that is not there', async () => {
    await expect(walkWithStats(at('missing'), () => {})).rejects.toThrow('ENOENT');
  });
});
