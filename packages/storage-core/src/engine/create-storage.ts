import type { AnyEngine, EngineOptions, StorageEngine } from '../contract/engine.ts';
import type { StorageProvider } from '../contract/provider.ts';
import type { AnyItems, ItemTypes } from '../contract/values.ts';
import { providerOf } from '../provider/provider-of.ts';
import { createEngine } from './create-engine.ts';

/**
 * Makes a storage over a provider, or over the provider of another storage, with codecs, schemas
 * and an index of its own. Does no I/O before the first operation. With item types, keys give
 * values their types: `createStorage<{ 'users/*': User }>(provider)`.
 * Errors: `invalid-argument` for what is neither, `invalid-config` for codecs that clash.
 */
export function createStorage<Items extends ItemTypes = AnyItems>(
  source: StorageProvider | AnyEngine,
  options: EngineOptions = {},
): StorageEngine<Items> {
  return createEngine<Items>(providerOf(source), options);
}
