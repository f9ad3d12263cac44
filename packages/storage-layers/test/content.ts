import type { StorageError } from '@granary/storage-core/provider';
import { expect } from 'vitest';

/** Text that shrinks to about a fifth. */
export function text(length: number): Uint8Array<ArrayBuffer> {
  let lines = '';
  for (let line = 0; lines.length < length; line += 1) {
    lines += `{"id":${line},"name":"item ${(line * 7919) % 1000}"}\n`;
  }
  return new TextEncoder().encode(lines.slice(0, length));
}

/** Bytes that do not shrink. */
export function noise(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65_536) {
    crypto.getRandomValues(bytes.subarray(at, at + 65_536));
  }
  return bytes;
}

export async function* chunksOf(
  bytes: Uint8Array,
  size: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

/** Quicker than `toEqual` for megabytes. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(actual.length).toBe(expected.length);
  expect(Buffer.compare(actual, expected)).toBe(0);
}

/** Quicker than `toEqual` for megabytes. */
export function isSame(one: Uint8Array | undefined, other: Uint8Array): boolean {
  return one !== undefined && Buffer.compare(one, other) === 0;
}

/** What a promise failed with. */
export async function errorOf(
  running: Promise<unknown> | undefined,
): Promise<StorageError | undefined> {
  try {
    await running;
    return undefined;
  } catch (error) {
    return error as StorageError;
  }
}

/** The code of what a promise failed with, or `ok`. */
export async function codeOf(running: Promise<unknown> | undefined): Promise<string> {
  return (await errorOf(running))?.code ?? 'ok';
}
