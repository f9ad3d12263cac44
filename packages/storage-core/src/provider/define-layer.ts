import type { AnyEngine, EngineOptions, StorageEngine } from '../contract/engine.ts';
import type { LayerDefinition, LayerFactory } from '../contract/factory.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { createEngine } from '../engine/create-engine.ts';
import { guardedLater } from '../engine/defer-provider.ts';
import { layersOf, nameLayers } from './layers-of.ts';
import { providerOf } from './provider-of.ts';

/** Makes the public factory of a layer from its function. The provider it gets is guarded. */
export function defineLayer<Options>(definition: LayerDefinition<Options>): LayerFactory<Options> {
  const { name, layer } = definition;

  function provider(underlying: StorageProvider, options: Options): StorageProvider {
    const below = guardedLater(underlying);
    const layered = guardedLater(layer(below, options));
    return layered === below ? below : nameLayers(layered, [...layersOf(below), name]);
  }

  function create(
    options: Options & { readonly underlying: AnyEngine | StorageProvider },
    engine?: EngineOptions,
  ): StorageEngine {
    const { underlying, ...own } = options;
    return createEngine(provider(providerOf(underlying), own as Options), engine);
  }

  return Object.assign(create, { provider });
}
