import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { rawMap, rawMapAliased } from './raw-memory.ts';
import { rawStyles } from './raw-styles.ts';

let root = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'granary-raw-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

describe('the baseline in memory', () => {
  test.each([rawMap, rawMapAliased])('$title fails for what is not there', async (subject) => {
    const store = await subject.open(root);
    await expect(store.get('missing')).rejects.toThrow('There is no "missing"');
    expect(await store.stat?.('missing')).toBe(0);
  });
});

describe('the baseline in three styles', () => {
  test.each(rawStyles)('$title fails where there is a companion', async (subject) => {
    const store = await subject.open(root);
    await store.put('folder/file', Buffer.from('x'));
    expect(await store.get('folder/file')).toHaveLength(1);
    await writeFile(join(root, 'folder', 'file.meta.json'), '{}');
    await expect(store.get('folder/file')).rejects.toThrow('has a companion');
  });
});
