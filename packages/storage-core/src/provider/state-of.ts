import type { StorageInfo } from '../contract/engine.ts';
import type { StorageProvider } from '../contract/provider.ts';

const STATE: unique symbol = Symbol.for('@granary/storage-core/state');

/** What a guarded provider last knew of itself. Makes no request. */
export function stateOf(provider: StorageProvider): StorageInfo['state'] {
  return (provider as { readonly [STATE]?: StorageInfo['state'] })[STATE] ?? 'new';
}

/** Has a provider tell its state, which marks it as guarded for every copy of this package. */
export function tellState(provider: StorageProvider, state: () => StorageInfo['state']): void {
  Object.defineProperty(provider, STATE, { get: state });
}

/** Whether core's half of the contract is around a provider already. */
export function isGuarded(provider: StorageProvider): boolean {
  return STATE in provider;
}
