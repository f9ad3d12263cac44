// What the tests call in a tab.
import { createLocalStorage, createStorage, type StorageWarning } from '@granary/storage/browser';

type Config = Parameters<typeof createStorage>[0];

const warnings: StorageWarning[] = [];
let storage = createStorage();

/** Makes the storage of this tab anew. */
export async function open(config: object): Promise<unknown> {
  await storage.close();
  warnings.length = 0;
  storage = createStorage({
    ...config,
    onWarning: (one: StorageWarning) => void warnings.push(one),
  } as Config);
  const startedAt = performance.now();
  await storage.ready();
  return { ...storage.getInfo(), openedInMs: performance.now() - startedAt };
}

/** Large objects go to a folder, as one that the person chose; without a name, its permission was lost. */
export async function openWithFolder(name?: string): Promise<void> {
  await open({
    appName: 'folder',
    largeObjects: {
      fromBytes: 1_500_000,
      async directory() {
        if (name === undefined) throw new DOMException('not now', 'NotAllowedError');
        const root = await navigator.storage.getDirectory();
        return await root.getDirectoryHandle(name, { create: true });
      },
    },
  });
}

/** How often the application is told that the browser has no more room. */
export async function fillUp(): Promise<{
  readonly told: number;
  readonly code: unknown;
  readonly hint: unknown;
}> {
  let told = 0;
  await open({
    appName: 'small',
    largeObjects: false,
    onQuota: () => {
      told += 1;
    },
  });
  for (let number = 0; ; number += 1) {
    try {
      await storage.put(`fill/${number}`, crypto.getRandomValues(new Uint8Array(65_536)));
    } catch (error) {
      const { code, hint } = error as { readonly code?: unknown; readonly hint?: unknown };
      return { told, code, hint };
    }
  }
}

export function told(): unknown {
  return warnings.map(({ code, message, chosen, failed, moved }) => ({
    code,
    message,
    chosen,
    failed: failed.map(({ name }) => name),
    moved: moved && {
      ...moved,
      left: moved.left.map(({ key, error }) => ({ key, code: error.code })),
    },
  }));
}

export async function save(key: string, value: unknown, options: object = {}): Promise<void> {
  await storage.save(key, value, options);
}

export async function load(key: string): Promise<unknown> {
  return await storage.load(key, { default: null });
}

export async function item(key: string): Promise<unknown> {
  const { value, info } = await storage.loadItem(key);
  return { value, tags: info.tags, metadata: info.metadata };
}

export async function count(): Promise<number> {
  return (await storage.list()).length;
}

export async function saveBytes(key: string, size: number): Promise<void> {
  await storage.put(key, new Uint8Array(size).fill(7));
}

export async function checkBytes(key: string): Promise<number> {
  const bytes = await (await storage.get(key)).bytes();
  return bytes.every((byte) => byte === 7) ? bytes.byteLength : -1;
}

/** Names in the origin's own file system. */
export async function files(): Promise<readonly string[]> {
  const root = await navigator.storage.getDirectory();
  const names: string[] = [];
  for await (const name of root.keys()) names.push(name);
  return names;
}

export async function saveBelow(items: number, size: number, appName = 'granary'): Promise<void> {
  const below = createLocalStorage({ namespace: appName });
  for (let index = 0; index < items; index += 1) {
    await below.save(
      `item/${index}`,
      { index, text: 'x'.repeat(size) },
      { tags: ['old'], metadata: { index } },
    );
  }
  await below.close();
}

export async function belowKeys(appName = 'granary'): Promise<readonly string[]> {
  await using below = createLocalStorage({ namespace: appName });
  return (await below.list()).map(({ key }) => key);
}

/** As when the browser deletes a database that nobody has used for long. */
export async function evict(dbName: string): Promise<void> {
  await storage.close();
  await new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase(dbName);
    request.onsuccess = resolve;
    request.onerror = reject;
  });
}

/** As where the user has switched a kind of storage off. */
export function forbid(name: 'indexedDB' | 'localStorage'): void {
  Object.defineProperty(globalThis, name, {
    configurable: true,
    get() {
      throw new DOMException('Access is denied for this document.', 'SecurityError');
    },
  });
}
