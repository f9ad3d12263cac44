import type { StorageProvider } from '@granary/storage-core/provider';
import { decodeHeader, hasMagic } from './header.ts';
import type { WrappedKey } from './key-provider.ts';
import { HEADER_BYTES } from './layout.ts';

/** Objects that are looked at for the salt of a store. */
const MAX_SAMPLES = 8;

/**
 * Finds a wrapped key that is in a store already: that of one of its first objects. It is not to be
 * believed before its key opens it. What cannot be looked at tells nothing.
 */
export function sampleKey(below: StorageProvider): () => Promise<WrappedKey | undefined> {
  async function wrappedOf(key: string): Promise<WrappedKey | undefined> {
    const range = { offset: 0, length: HEADER_BYTES };
    try {
      const object = await below.get(key, below.capabilities.rangeReads ? { range } : {});
      const head = await object.bytes();
      return hasMagic(head) ? decodeHeader(head).wrapped : undefined;
    } catch {
      return undefined;
    }
  }

  return async () => {
    try {
      for await (const { entries } of below.list({ limit: MAX_SAMPLES })) {
        for (const { key } of entries) {
          const found = await wrappedOf(key);
          if (found !== undefined) return found;
        }
      }
    } catch {
      // A new salt does as well.
    }
    return undefined;
  };
}
