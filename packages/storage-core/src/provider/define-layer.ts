import type { AnyEngine, EngineOptions, StorageEngine } from '../contract/engine.ts';
import type { LayerDefinition, LayerFactory } from '../contract/factory.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { createEngine } from '../engine/create-engine.ts';
import { guardedLater } from '../engine/defer-provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { layersOf, nameLayers } from './layers-of.ts';
import { providerOf } from './provider-of.ts';

/** Makes the public factory of a layer from its function. The provider it gets is guarded. */
export function defineLayer<Options>(definition: LayerDefinition<Options>): LayerFactory<Options> {
  const { name, layer, notOver } = definition;

  function provider(underlying: StorageProvider, options: Options): StorageProvider {
    const below = guardedLater(underlying);
    const names = layersOf(below);
    if (notOver !== undefined) checkOrder(name, names, notOver(options));
    const layered = guardedLater(layer(below, options));
    return layered === below ? below : nameLayers(layered, [...names, name]);
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

function checkOrder(
  name: string,
  below: readonly string[],
  notOver: Readonly<Record<string, string>>,
): void {
  for (const [other, why] of Object.entries(notOver)) {
    if (!below.includes(other)) continue;
    throw new StorageError(
      'invalid-config',
      `the layer "${name}" cannot stand over the layer "${other}".`,
      { hint: why },
    );
  }
}
