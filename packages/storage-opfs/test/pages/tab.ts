// What tabs.test.ts calls in tabs of one profile.

import type { WatchEvent } from '@granary/storage-core';
import { createOPFS } from '../../src/index.ts';
import { tempFiles } from '../harness.ts';

const ROOT = 'tabs';
const storage = createOPFS({ root: ROOT });
const seen: WatchEvent[] = [];

export async function put(key: string, text: string): Promise<string> {
  return (await storage.put(key, text)).etag;
}

export async function putWithTag(key: string, text: string, tag: string): Promise<void> {
  await storage.put(key, text, { tags: [tag] });
}

export async function text(key: string): Promise<string> {
  return (await storage.get(key)).text();
}

export async function tags(key: string): Promise<readonly string[] | undefined> {
  return (await storage.stat(key)).tags;
}

export async function keys(): Promise<readonly string[]> {
  return (await storage.list()).map(({ key }) => key);
}

/** Raises a counter so many times, each time by a compare-and-swap. */
export async function raise(key: string, times: number): Promise<void> {
  for (let turn = 0; turn < times; turn += 1) {
    await storage.update(key, (value) => Number(value ?? 0) + 1, { maxAttempts: 1000 });
  }
}

export function load(key: string): Promise<unknown> {
  return storage.load(key);
}

export async function create(key: string): Promise<boolean> {
  try {
    await storage.put(key, 'mine', { ifNoneMatch: '*' });
    return true;
  } catch {
    return false;
  }
}

/** Begins a write that never ends; resolves when bytes of it are in the file. */
export function hang(key: string): Promise<void> {
  return new Promise((resolve) => {
    const content = async function* (): AsyncGenerator<Uint8Array> {
      yield new Uint8Array(2 * 1024 * 1024);
      yield new Uint8Array(2 * 1024 * 1024);
      resolve();
      await new Promise(() => {});
    };
    void storage.put(key, content());
  });
}

/** Writes the key again and again, until the tab ends. */
export function keepWriting(key: string): void {
  const turn = async (): Promise<void> => {
    for (let count = 0; ; count += 1) {
      const letter = String.fromCharCode(97 + (count % 26));
      await storage.put(key, letter.repeat(200_000), { tags: [letter] });
    }
  };
  void turn();
}

/** Whether the object is one write, whole, with its own attributes. */
export async function isWhole(key: string): Promise<boolean> {
  const object = await storage.get(key);
  const [tag] = object.info.tags ?? [];
  const content = await object.text();
  return content.length === 200_000 && new Set(content).size === 1 && content[0] === tag;
}

export function leftovers(): Promise<readonly string[]> {
  return tempFiles(ROOT);
}

export async function putBytes(key: string, bytes: number): Promise<void> {
  await storage.put(key, new Uint8Array(bytes).fill(7));
}

export async function usage(): Promise<unknown> {
  return storage.usage();
}

export async function watch(): Promise<void> {
  const watcher = await storage.watch();
  void (async () => {
    for await (const event of watcher) seen.push(event);
  })();
}

export function events(): readonly WatchEvent[] {
  return seen;
}

/** Begins an upload of two parts and writes the first. */
export async function beginUpload(key: string): Promise<string> {
  const session = await storage.upload(key, { totalBytes: 10 });
  await session.write(0, new TextEncoder().encode('first'));
  return session.token;
}

export async function endUpload(key: string, token: string): Promise<void> {
  const session = await storage.upload(key, { token });
  await session.write(5, new TextEncoder().encode('-then'));
  await session.complete();
}

export async function info(): Promise<unknown> {
  await storage.ready();
  return storage.getCapabilities().caseSensitive;
}
