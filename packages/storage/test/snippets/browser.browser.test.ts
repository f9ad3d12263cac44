/**
 * The snippets of the design documents for browsers, as they stand there, in a browser. Only the name of
 * the package differs.
 */
import {
  createIndexedDB,
  createLocalStorage,
  createMemory,
  createStorage,
  type IStorageEngine,
} from '@granary/storage/browser';
import { deleteIndexedDB } from '@granary/storage-idb';
import { afterEach, describe, expect, test } from 'vitest';

const page = globalThis as unknown as { readonly localStorage: { clear(): void } };
const compositeData = { id: 'flow-123', nodes: [{ type: 'http' }] };

afterEach(async () => {
  page.localStorage.clear();
  await deleteIndexedDB('granary');
  await deleteIndexedDB('atomiton-storage');
});

describe('Storage Architecture', () => {
  test('auto-detection creates the appropriate storage engine', async () => {
    const storage = await createStorage({ platform: 'auto' });
    await storage.save('a', { b: 1 });
    expect(await storage.load('a')).toEqual({ b: 1 });
    expect(storage.getInfo()).toMatchObject({ provider: 'idb', durable: true });
    await storage.close();
  });

  test('browser persistent storage by type', async () => {
    const storage = await createStorage({
      type: 'indexeddb', // Browser persistent storage
    });
    await storage.save('a', 1);
    expect(storage.getInfo()).toMatchObject({
      provider: 'idb',
      reason: 'It was asked for by type.',
    });
    await storage.close();
  });

  test('automatic fallback chain', async () => {
    const storage = createStorage({
      primary: 'cloud',
      fallbacks: ['filesystem', 'memory'],
      retryPolicy: {
        attempts: 3,
        backoff: 'exponential',
      },
    });
    await storage.save('a', 1);
    expect(storage.getInfo()).toMatchObject({ provider: 'memory', durable: false });
    await storage.close();
  });
});

describe('Storage Package Roadmap', () => {
  test('Phase 1: Browser Support', async () => {
    const browserStorage = createIndexedDB({
      dbName: 'atomiton-storage',
      version: 1,
    });
    await browserStorage.save('flow-123', compositeData);
    expect(await browserStorage.load('flow-123')).toEqual(compositeData);
    expect(await browserStorage.list('flow-')).toHaveLength(1);
    await browserStorage.close();
  });

  test('enhanced auto-detection for browser', async () => {
    const warnings: unknown[] = [];
    const storage = createStorage(); // Automatically uses IndexedDB (instead of memory warning)
    await storage.save('flow-123', compositeData);
    await storage.close();

    const again = createStorage({ onWarning: (warning) => warnings.push(warning) });
    expect(await again.load('flow-123')).toEqual(compositeData);
    expect(warnings).toEqual([]);
    await again.close();
  });

  test('every engine of the browser has one interface', async () => {
    const engines: IStorageEngine[] = [
      createMemory(),
      createIndexedDB(),
      createLocalStorage(),
      createStorage(),
    ];
    for (const storage of engines) {
      await storage.save('flow-123', compositeData);
      const data = await storage.load('flow-123');
      const items = await storage.list('flow-');
      expect(data).toEqual(compositeData);
      expect(items.map(({ key }) => key)).toEqual(['flow-123']);
    }
  });

  test('an engine that is passed is the storage', () => {
    const engine = createIndexedDB();
    expect(createStorage({ engine })).toBe(engine);
  });
});
