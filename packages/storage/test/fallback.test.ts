import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createMock, createStorage, type StorageWarning } from '@granary/storage/desktop';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-fallback-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a chain of real storages', () => {
  test('falls from a folder that cannot be one to the next folder', async () => {
    const blocked = join(folder, 'file');
    writeFileSync(blocked, 'in the way');
    const warnings: StorageWarning[] = [];
    await using storage = createStorage({
      primary: { type: 'filesystem', baseDir: blocked },
      fallbacks: [{ type: 'filesystem', baseDir: join(folder, 'next') }, 'memory'],
      retryPolicy: { attempts: 3, backoff: 'exponential' },
      onWarning: (warning) => warnings.push(warning),
    });
    await storage.save('a', 1);
    expect(await storage.load('a')).toBe(1);
    expect(warnings).toMatchObject([{ code: 'fell-back', chosen: 'filesystem' }]);
    expect(storage.getInfo()).toMatchObject({ provider: 'fs', durable: true });
    expect(storage.getInfo().reason).toContain(blocked);
  });

  test('falls to memory, and says that it does not last', async () => {
    writeFileSync(join(folder, 'file'), 'in the way');
    const warnings: StorageWarning[] = [];
    await using storage = createStorage({
      primary: { type: 'filesystem', baseDir: join(folder, 'file') },
      fallbacks: ['memory'],
      onWarning: (warning) => warnings.push(warning),
    });
    await storage.save('a', 1);
    expect(warnings.map(({ code }) => code)).toEqual(['fell-back', 'not-durable']);
    expect(storage.getInfo()).toMatchObject({ provider: 'memory', durable: false });
  });

  test('fails rather than fall to memory with requireDurable', async () => {
    writeFileSync(join(folder, 'file'), 'in the way');
    await using storage = createStorage({
      primary: { type: 'filesystem', baseDir: join(folder, 'file') },
      fallbacks: ['memory'],
      requireDurable: true,
    });
    await expect(storage.save('a', 1)).rejects.toThrow(/none of filesystem, memory can be used/);
  });

  test('stays where it is once it is open', async () => {
    const primary = createMock();
    await using storage = createStorage({ primary, fallbacks: ['memory'] });
    await storage.save('a', 1);
    primary.fail('put', { with: 'unavailable', times: 10 });
    await expect(storage.save('a', 2)).rejects.toMatchObject({ code: 'unavailable' });
    expect(await storage.load('a')).toBe(1);
  });
});
