/**
 * The snippets of the design document "Storage Architecture", as they stand there, as far as what it needs
 * exists. Only the name of the package differs.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createStorage,
  type IStorageEngine,
  type StorageCapabilities,
  type StorageInfo,
  type StorageItem,
  type StorageOptions,
  type StorageQuery,
} from '@granary/storage/desktop';
import { afterEach, beforeEach, describe, expect, expectTypeOf, test, vi } from 'vitest';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'granary-snippets-'));
  vi.stubEnv('HOME', folder);
  vi.stubEnv('XDG_DATA_HOME', join(folder, 'data'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

describe('Storage Factory Pattern', () => {
  test('auto-detection creates the appropriate storage engine', async () => {
    const storage = await createStorage({ platform: 'auto' });
    await storage.save('a', { b: 1 });
    expect(await storage.load('a')).toEqual({ b: 1 });
    expect(storage.getInfo()).toMatchObject({ provider: 'fs', durable: true });
    await storage.close();
  });

  test('desktop local storage by type', async () => {
    const storage = await createStorage({
      type: 'filesystem', // Desktop local storage
    });
    await storage.save('a', 1);
    expect(storage.getInfo().provider).toBe('fs');
    await storage.close();
  });

  test('testing and development by type', async () => {
    const storage = await createStorage({
      type: 'memory', // Testing and development
    });
    await storage.save('a', 1);
    expect(storage.getInfo().provider).toBe('memory');
  });

  test('cloud storage by type says what to install until it is there', () => {
    expect(() => createStorage({ type: 'cloud' })).toThrow('npm install @granary/storage-cloud');
  });
});

describe('Universal API', () => {
  test('has the eight methods', async () => {
    const storage: IStorageEngine = createStorage({ type: 'memory' });
    const options: StorageOptions = {
      format: 'yaml',
      metadata: { author: 'kim', stars: 3 },
      expiration: new Date(Date.now() + 60_000),
      tags: ['draft'],
    };
    await storage.save('flow.yaml', { steps: [1, 2] }, options);
    expect(await storage.load('flow.yaml')).toEqual({ steps: [1, 2] });
    expect(await storage.exists('flow.yaml')).toBe(true);

    const items: StorageItem[] = await storage.list();
    expect(items.map(({ key }) => key)).toEqual(['flow.yaml']);
    const query: StorageQuery = { tags: ['draft'], metadata: { stars: { gte: 3 } } };
    const found: StorageItem[] = await storage.search(query);
    expect(found).toMatchObject([{ key: 'flow.yaml' }]);

    const info: StorageInfo = storage.getInfo();
    expect(info.provider).toBe('memory');
    const capabilities: StorageCapabilities = storage.getCapabilities();
    expect(capabilities.rangeReads).toBe(true);

    await storage.delete('flow.yaml');
    expect(await storage.exists('flow.yaml')).toBe(false);
  });

  test('its options have the types of the document', () => {
    interface SeedOptions {
      format?: 'json' | 'yaml' | 'binary';
      encrypt?: boolean;
      compress?: boolean;
      expiration?: Date;
      tags?: string[];
    }
    expectTypeOf<SeedOptions>().toExtend<StorageOptions>();
  });
});

describe('Recovery Strategies', () => {
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
    expect(await storage.load('a')).toBe(1);
    expect(storage.getInfo()).toMatchObject({ provider: 'fs', durable: true });
    await storage.close();
  });
});
