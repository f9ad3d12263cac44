import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blockBytes } from './empty-store.ts';

describe('blockBytes', () => {
  test('counts blocks of a folder and all in it', async () => {
    const root = await mkdtemp(join(tmpdir(), 'granary-blocks-'));
    try {
      const empty = await blockBytes(root);
      await mkdir(join(root, 'inner'));
      await writeFile(join(root, 'inner', 'file'), Buffer.alloc(100_000, 1));
      expect(await blockBytes(root)).toBeGreaterThanOrEqual(empty + 100_000);
    } finally {
      await rm(root, { recursive: true });
    }
  });

  test('counts nothing for a folder that is not there', async () => {
    expect(await blockBytes('/nowhere/at/all')).toBe(0);
  });
});
