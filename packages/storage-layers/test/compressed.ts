import type { Capabilities, StorageProvider } from '@granary/storage-core/provider';
import { createMemory, type MemoryOptions } from '@granary/storage-memory';
import { type CompressOptions, withCompress } from '../src/compress.ts';
import { type MockControl, withMock } from '../src/mock.ts';

/** Compression over a memory that can be looked into. */
export interface Compressed {
  readonly inner: StorageProvider;
  readonly provider: StorageProvider;
  readonly mock: MockControl;
  /** What lies in the memory. */
  stored(key: string): Promise<Uint8Array>;
  /** What the layer gives. */
  bytes(key: string): Promise<Uint8Array>;
}

export function compressed(
  options: CompressOptions = { always: true },
  memory: MemoryOptions = {},
): Compressed {
  const inner = createMemory.provider(memory);
  const below = withMock(inner);
  const provider = withCompress(below, options);
  const stored = async (key: string) => (await inner.get(key, {})).bytes();
  const bytes = async (key: string) => (await provider.get(key, {})).bytes();
  return { inner, provider, mock: below.mock, stored, bytes };
}

/** The provider without some of what it can do. */
export function without(
  inner: StorageProvider,
  names: readonly (keyof Capabilities)[],
): StorageProvider {
  const kept = Object.entries(inner.capabilities).filter(
    ([name]) => !names.includes(name as keyof Capabilities),
  );
  return { ...inner, capabilities: Object.fromEntries(kept), open: async () => ({}) };
}
