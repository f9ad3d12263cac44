import { createIndexedDB, createStorage } from '@granary/storage/desktop';
import { IDBFactory, IDBKeyRange } from 'fake-indexeddb';
import { afterEach, describe, expect, test, vi } from 'vitest';

afterEach(() => void vi.unstubAllGlobals());

describe('the desktop entry', () => {
  test('has IndexedDB where the window of Electron has it', async () => {
    vi.stubGlobal('indexedDB', new IDBFactory());
    vi.stubGlobal('IDBKeyRange', IDBKeyRange);
    const storage = createStorage({ type: 'indexeddb', appName: 'atlas', largeObjects: false });
    await storage.save('a', { b: 1 });
    expect(storage.getInfo()).toMatchObject({ provider: 'idb', durable: true });
    await storage.close();

    const direct = createIndexedDB({ dbName: 'atlas' });
    expect(await direct.load('a')).toEqual({ b: 1 });
    await direct.close();
  });

  test('says that there is none in Node', async () => {
    const storage = createStorage({ type: 'indexeddb' });
    await expect(storage.save('a', 1)).rejects.toMatchObject({ code: 'unsupported' });
  });

  test('takes the folder still when nothing is said', () => {
    vi.stubGlobal('window', globalThis);
    expect(createStorage().getInfo().provider).toBe('fs');
  });
});
