/**
 * The snippets of the design document "Storage Package Roadmap", as they stand there, as far as what it
 * needs exists. Only the name of the package differs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createMemory as createBrowserMemory,
  createMock as createBrowserMock,
  createStorage as createBrowserStorage,
} from '@granary/storage/browser';
import {
  createFileSystem,
  createMemory,
  createMock,
  createStorage,
  type IStorageEngine,
  isStorageError,
  StorageError,
} from '@granary/storage/desktop';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';

let folder = '';
const home = process.cwd();
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-snippets-'));
  vi.stubEnv('HOME', folder);
  vi.stubEnv('XDG_DATA_HOME', join(folder, 'data'));
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(home);
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const compositeData = { id: 'flow-123', nodes: [{ type: 'http' }] };

describe('Split Exports API (Phase 0)', () => {
  test('smart factory with automatic selection', async () => {
    const storage = createStorage(); // Filesystem on desktop, memory on browser
    await storage.save('flow-123', compositeData);
    expect(storage.getInfo().provider).toBe('fs');
    await storage.close();

    const browser = createBrowserStorage();
    await browser.save('flow-123', compositeData);
    expect(browser.getInfo().provider).toBe('memory');
  });

  test('direct factory functions and universal interface', async () => {
    const fileStorage = createFileSystem({ baseDir: './data' });
    const memoryStorage = createMemory();

    for (const storage of [fileStorage, memoryStorage, createBrowserMemory()]) {
      await storage.save('flow-123', compositeData);
      const data = await storage.load('flow-123');
      const items = await storage.list('flow-');
      expect(data).toEqual(compositeData);
      expect(items.map(({ key }) => key)).toEqual(['flow-123']);
      await storage.close();
    }
  });

  test('error management with StorageError class and specific error codes', async () => {
    const error: unknown = await createMemory()
      .load('missing')
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StorageError);
    expect(isStorageError(error, 'not-found')).toBe(true);
  });
});

describe('Phase 3: Enterprise Features', () => {
  test('advanced testing with configurable behavior', async () => {
    const mockStorage = createMock({
      latency: 100,
      failureRate: 0.1,
      quotaLimit: 1000000,
    });
    expectTypeOf(mockStorage).toExtend<IStorageEngine>();
    expect(mockStorage.getInfo().layers).toContain('mock');
    expect(createBrowserMock).toBe(createMock);
  });
});

describe('Split Exports Scalability', () => {
  test('an engine that is passed is the storage', async () => {
    const engine = createMemory();
    expect(createStorage({ engine })).toBe(engine);
    const config: { engine?: IStorageEngine } = {};
    expect(createStorage({ ...config, engine: undefined }).getInfo().provider).toBe('fs');
  });
});
