import type { StorageProvider } from '../contract/provider.ts';

const LAYERS: unique symbol = Symbol.for('@granary/storage-core/layers');

/** Names of the layers over a backend, the innermost first. */
export function layersOf(provider: StorageProvider): readonly string[] {
  return (provider as { readonly [LAYERS]?: readonly string[] })[LAYERS] ?? [];
}

/** Says which layers a provider is made of. */
export function nameLayers(provider: StorageProvider, layers: readonly string[]): StorageProvider {
  return Object.defineProperty(provider, LAYERS, { value: layers, configurable: true });
}
