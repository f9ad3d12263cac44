import assert from 'node:assert/strict';
import { mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { assertSameBytes, sampleBytes } from '../harness/content.ts';

const BLOCK_BYTES = 1024 * 1024;
const COMPARED_BYTES = 8 * BLOCK_BYTES;

/**
 * Writes a large file: one random block again and again, each with its number in front, so that a
 * block that is missing, torn or in another place shows.
 */
export async function writeLargeFile(path: string, sizeBytes: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const file = await open(path, 'w');
  try {
    const block = sampleBytes(BLOCK_BYTES, 31);
    const view = new DataView(block.buffer);
    for (let offset = 0; offset < sizeBytes; offset += BLOCK_BYTES) {
      view.setUint32(0, offset / BLOCK_BYTES);
      await file.write(block, 0, Math.min(BLOCK_BYTES, sizeBytes - offset), offset);
    }
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Reads a part of a file. */
export async function readPart(path: string, offset: number, length: number): Promise<Uint8Array> {
  const file = await open(path, 'r');
  try {
    const bytes = new Uint8Array(length);
    const { bytesRead } = await file.read(bytes, 0, length, offset);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/** Fails unless two files are equal, read in pieces. */
export async function assertSameFile(actual: string, expected: string): Promise<void> {
  const [actualFile, expectedFile] = await Promise.all([open(actual, 'r'), open(expected, 'r')]);
  try {
    const { size } = await expectedFile.stat();
    assert.equal((await actualFile.stat()).size, size, 'the streamed object has another size');
    const left = new Uint8Array(Math.min(size, COMPARED_BYTES));
    const right = new Uint8Array(left.length);
    for (let offset = 0; offset < size; offset += left.length) {
      const [a, b] = await Promise.all([
        actualFile.read(left, 0, left.length, offset),
        expectedFile.read(right, 0, right.length, offset),
      ]);
      assertSameBytes(
        left.subarray(0, a.bytesRead),
        right.subarray(0, b.bytesRead),
        `from byte ${offset}`,
      );
    }
  } finally {
    await Promise.all([actualFile.close(), expectedFile.close()]);
  }
}
