import {
  type Capabilities,
  type GetOptions,
  type StorageProvider,
  storedObject,
} from '@granary/storage-core/provider';
import { createMemory, type MemoryOptions } from '@granary/storage-memory';

/** What happens to bytes that lie on a disk for too long. */
export type Damage = (bytes: Uint8Array) => Uint8Array;

export const flip: Damage = (bytes) => {
  const bad = bytes.slice();
  const at = bad.length >> 1;
  bad[at] = (bad[at] ?? 0) ^ 1;
  return bad;
};
export const cut: Damage = (bytes) => bytes.slice(0, bytes.length >> 1);

/** A store whose content can be damaged behind its back. */
export interface Rotten {
  /** The memory below, without damage. */
  readonly inner: StorageProvider;
  readonly provider: StorageProvider;
  /** Damages what is stored under a key now. */
  rot(key: string, damage?: Damage): Promise<void>;
}

/** A memory whose content can change behind its back, without some of what it can do. */
export function rotting(
  leaves: readonly (keyof Capabilities)[] = [],
  memory: MemoryOptions = {},
): Rotten {
  const inner = createMemory.provider(memory);
  const rotten = new Map<string, Damage>();
  const kept = Object.entries(inner.capabilities).filter(
    ([name]) => !leaves.includes(name as keyof Capabilities),
  );
  async function get(key: string, options: GetOptions) {
    const object = await inner.get(key, options);
    const damage = rotten.get(`${key} ${object.info.etag}`);
    if (damage === undefined) return object;
    const bytes = damage(await object.bytes());
    return storedObject(
      { ...object.info, size: object.range === undefined ? bytes.length : object.info.size },
      { bytes: () => bytes },
      object.range === undefined ? {} : { range: object.range },
    );
  }
  const provider: StorageProvider = {
    ...inner,
    capabilities: Object.fromEntries(kept),
    open: async () => ({}),
    get,
    getMany: async (keys) =>
      Promise.all(
        keys.map(async (key) => {
          try {
            return { key, ok: true as const, value: await get(key, {}) };
          } catch (error) {
            return { key, ok: false as const, error: error as Error };
          }
        }),
      ),
  };
  for (const name of leaves) delete (provider as unknown as Record<string, unknown>)[name];
  return {
    inner,
    provider,
    async rot(key, damage = flip) {
      rotten.set(`${key} ${(await inner.stat(key, {})).etag}`, damage);
    },
  };
}
