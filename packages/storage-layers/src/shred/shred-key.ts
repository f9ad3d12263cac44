import { createStorage } from '@granary/storage-core';
import {
  type DeleteOptions,
  layersOf,
  providerOf,
  type StorageProvider,
  toStorageError,
} from '@granary/storage-core/provider';
import { asOperation } from '../steps/as-operation.ts';
import { type EraseOptions, erase } from './erase.ts';
import type { ShredOptions } from './options.ts';
import { type ErasedStore, notPromised, type ShredReport } from './report.ts';

/** Deletes all there is of a key: here first, under the condition asked for, then in the copies. */
export async function shredKey(
  store: StorageProvider,
  key: string,
  options: ShredOptions & DeleteOptions,
): Promise<ShredReport> {
  const { overwrite = 'auto', copies = [], destroyKey, onShred, signal, ifMatch } = options;
  const asked = signal === undefined ? {} : { signal };
  const here = await asOperation('delete', () =>
    erase(store, key, { ...asked, ifMatch, overwrite: wayOf(overwrite, store) }),
  );
  const erased: ErasedStore[] = [];
  try {
    for (const copy of copies) {
      const provider = providerOf(createStorage(copy));
      await provider.open?.(asked);
      // A function that overwrites in place knows the place of the storage itself.
      const way = typeof overwrite === 'function' ? 'auto' : overwrite;
      erased.push(await erase(provider, key, { ...asked, overwrite: wayOf(way, provider) }));
    }
    await destroyKey?.(key, asked);
  } catch (error) {
    // The object itself is gone by now.
    throw toStorageError(error, { key, operation: 'delete' }).with({
      outcome: 'unknown',
      hint: 'The object is deleted here, but not everywhere: delete it again.',
    });
  }
  const facts = {
    overwritten: here.overwritten,
    encrypted: layersOf(store).includes('encrypted'),
    keyDestroyed: destroyKey !== undefined,
  };
  const report: ShredReport = {
    ...here,
    ...facts,
    key,
    at: new Date(),
    cause: 'delete',
    copies: erased,
    notPromised: notPromised(store, facts),
  };
  onShred?.(report);
  return report;
}

function wayOf(
  overwrite: NonNullable<ShredOptions['overwrite']>,
  store: StorageProvider,
): EraseOptions['overwrite'] {
  if (typeof overwrite === 'function') return overwrite;
  if (overwrite === 'always') return 'random';
  if (overwrite === 'never') return 'nothing';
  return layersOf(store).includes('encrypted') ? 'empty' : 'nothing';
}
