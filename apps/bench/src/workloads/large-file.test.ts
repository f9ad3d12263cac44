import { copyFile, mkdtemp, open, readFile, rm, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { assertSameFile, readPart, writeLargeFile } from './large-file.ts';

const MIB = 1024 * 1024;
let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-large-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('writeLargeFile', () => {
  test('writes as many bytes as asked for, with a number before each block', async () => {
    const path = join(root, 'new', 'file');
    await writeLargeFile(path, 2 * MIB + 5);
    const bytes = await readFile(path);
    expect(bytes.length).toBe(2 * MIB + 5);
    expect([bytes.readUInt32BE(0), bytes.readUInt32BE(MIB), bytes.readUInt32BE(2 * MIB)]).toEqual([
      0, 1, 2,
    ]);
    expect(new Set(bytes.subarray(4, 5000)).size).toBe(256);
  });
});

describe('readPart', () => {
  test('reads a part, cut at the end', async () => {
    const path = join(root, 'file');
    await writeLargeFile(path, 100);
    const all = await readFile(path);
    expect(Buffer.compare(await readPart(path, 10, 20), all.subarray(10, 30))).toBe(0);
    expect(await readPart(path, 90, 20)).toHaveLength(10);
  });
});

describe('assertSameFile', () => {
  test('accepts a copy and refuses one with a changed byte or length', async () => {
    const [original, copy] = [join(root, 'a'), join(root, 'b')];
    await writeLargeFile(original, 9 * MIB);
    await copyFile(original, copy);
    await assertSameFile(copy, original);
    const file = await open(copy, 'r+');
    await file.write(Buffer.from([1, 2, 3]), 0, 3, 8 * MIB + 100);
    await file.close();
    await expect(assertSameFile(copy, original)).rejects.toThrow(
      `from byte ${8 * MIB}: the bytes differ`,
    );
    await truncate(copy, 5);
    await expect(assertSameFile(copy, original)).rejects.toThrow('another size');
  });
});
