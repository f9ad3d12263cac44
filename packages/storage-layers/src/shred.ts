import { createStorage } from '@granary/storage-core';
import {
  type AnyEngine,
  type DeleteOptions,
  defineLayer,
  type LayerFactory,
  providerOf,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { shredLayer } from './shred/layer.ts';
import { held, type ShredOptions } from './shred/options.ts';
import type { ShredReport } from './shred/report.ts';
import { shredKey } from './shred/shred-key.ts';

export type { OverwriteInPlace } from './shred/erase.ts';
export type { ShredOptions } from './shred/options.ts';
export type { ErasedStore, Overwritten, ShredReport } from './shred/report.ts';

const BELOW_SHREDDING = {
  expiring:
    'What its sweeper deletes would not be shredded. Put createExpiring over createShredding.',
  validated:
    'Its rules would refuse what an object is overwritten with. Put createValidated over createShredding.',
};

/**
 * A storage whose deletes leave as little behind as can be: an encrypted object loses its file key first,
 * old versions and unfinished uploads of the key are deleted for good, companions go with their object, and
 * copies elsewhere are treated the same. A report for each key says what was done and what cannot be
 * promised: no program can speak for SSDs, snapshots and backups of others. Destroying keys can: put it over
 * `createEncrypted`, with keys that can be given up.
 *
 * A delete that fails half-way says so (`outcome: 'unknown'`) and is finished by deleting again.
 * Errors: `permission-denied` under a legal hold; `invalid-config` over layers that must stand above.
 */
export const createShredding: LayerFactory<ShredOptions> = /* @__PURE__ */ defineLayer({
  name: 'shredding',
  layer: shredLayer,
  notOver: () => BELOW_SHREDDING,
});

/** Makes the deletes of a provider leave as little behind as can be. See {@link createShredding}. */
export function withShred(provider: StorageProvider, options: ShredOptions): StorageProvider {
  return createShredding.provider(provider, options);
}

/**
 * Shreds one key of a storage that does not do so by itself, and tells what was done.
 * Errors: as {@link createShredding}; `precondition-failed` when `ifMatch` is another write.
 */
export async function shred(
  storage: AnyEngine | StorageProvider,
  key: string,
  options: ShredOptions & Omit<DeleteOptions, 'version'> = {},
): Promise<ShredReport> {
  const provider = providerOf(createStorage(storage));
  const { mayDelete, signal } = options;
  await provider.open?.(signal === undefined ? {} : { signal });
  if (mayDelete !== undefined && (await mayDelete(key)) !== true) throw held(key);
  return shredKey(provider, key, options);
}
