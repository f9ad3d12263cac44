// What the tests call in a tab.
import type { ObjectInfo, WatchEvent } from '@granary/storage-core/provider';
import { createLocalStorage } from '../../src/index.ts';

const storage = createLocalStorage({ namespace: 'tabs' });
const events: WatchEvent[] = [];

export async function save(key: string, value: unknown): Promise<ObjectInfo> {
  return await storage.save(key, value);
}

export async function saveNew(key: string, value: unknown): Promise<ObjectInfo> {
  return await storage.save(key, value, { ifNoneMatch: '*' });
}

export async function load(key: string): Promise<unknown> {
  return await storage.load(key, { default: null });
}

export async function list(): Promise<readonly string[]> {
  return (await storage.list()).map(({ key }) => key);
}

/** Raises a counter under conditions; returns how long all of it took, in ms. */
export async function count(times: number): Promise<number> {
  const startedAt = performance.now();
  for (let done = 0; done < times; done += 1) {
    await storage.update('counter', (value: number | undefined) => (value ?? 0) + 1, {
      maxAttempts: 1000,
    });
  }
  return performance.now() - startedAt;
}

const mixed = (size: number) =>
  Uint8Array.from({ length: size }, (_, at) => (at * 7919) >> (at % 11));

/** Bytes of all values, which are no text. */
export async function saveBytes(key: string, size: number): Promise<void> {
  await storage.put(key, mixed(size));
}

/** Their number, if they are what was saved. */
export async function checkBytes(key: string): Promise<number> {
  const bytes = await (await storage.get(key)).bytes();
  const expected = mixed(bytes.byteLength);
  return bytes.every((byte, at) => byte === expected[at]) ? bytes.byteLength : -1;
}

/** How many of so many keys this tab was the one to create. */
export async function create(keys: number): Promise<number> {
  let won = 0;
  for (let index = 0; index < keys; index += 1) {
    await storage.save(`new/${index}`, index, { ifNoneMatch: '*' }).then(
      () => {
        won += 1;
      },
      () => {},
    );
  }
  return won;
}

export async function watch(): Promise<void> {
  const watcher = await storage.watch();
  void (async () => {
    for await (const event of watcher) events.push(event);
  })();
}

/** The events so far, once there are so many, or after a while. */
export async function seen(atLeast: number): Promise<readonly WatchEvent[]> {
  for (let waits = 0; events.length < atLeast && waits < 100; waits += 1) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return events;
}

/** Replaces two halves that belong together for as long as the tab lives. */
export function writeForever(): void {
  void (async () => {
    for (let round = 0; ; round += 1) {
      const half = `${round} `.repeat(20_000);
      await storage.save('pair', { half, other: half });
    }
  })();
}

export async function storeId(): Promise<string | undefined> {
  await storage.ready();
  return storage.getInfo().storeId;
}

export async function capabilities(): Promise<unknown> {
  await storage.ready();
  return storage.getCapabilities();
}

/** Fills what the browser gives the origin with items that are not ours. */
export function fillOrigin(): void {
  for (let unit = 2 ** 20; unit >= 1; unit /= 2) {
    for (let number = 0; ; number += 1) {
      try {
        localStorageOf().setItem(`theirs-${unit}-${number}`, 'x'.repeat(unit));
      } catch {
        break;
      }
    }
  }
}

export function foreignItems(): number {
  return Object.keys(localStorageOf()).filter((name) => name.startsWith('theirs-')).length;
}

function localStorageOf(): { setItem(name: string, value: string): void } {
  return (globalThis as unknown as { localStorage: { setItem(name: string, value: string): void } })
    .localStorage;
}
