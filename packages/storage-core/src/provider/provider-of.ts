import type { AnyEngine } from '../contract/engine.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';

/** The property under which an engine, of any copy of this package, keeps its provider. */
export const PROVIDER: unique symbol = Symbol.for('@granary/storage-core/provider');

/**
 * The provider behind a storage, or the provider itself.
 * Errors: `invalid-argument` for anything else, or for another major of the contract.
 */
export function providerOf(source: AnyEngine | StorageProvider): StorageProvider {
  if (typeof source === 'object' && source !== null) {
    const provider = (source as { readonly [PROVIDER]?: StorageProvider })[PROVIDER] ?? source;
    if ('specVersion' in provider && typeof provider.get === 'function') {
      if (provider.specVersion === 1) return provider;
      throw refusal(`the provider speaks version ${String(provider.specVersion)} of the contract`);
    }
  }
  throw refusal('this is neither a storage nor a provider');
}

function refusal(reason: string): StorageError {
  return new StorageError('invalid-argument', `${reason}.`, {
    hint: 'Give what a create… factory returned, or its .provider(…), of a matching version.',
  });
}
