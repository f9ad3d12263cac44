import { withCompanion } from '../attributes/with-companion.ts';
import type { EngineOptions, StorageEngine } from '../contract/engine.ts';
import type {
  BackendDefinition,
  BackendFactory,
  CommonBackendOptions,
} from '../contract/factory.ts';
import type { StorageProvider } from '../contract/provider.ts';
import type { ItemTypes } from '../contract/values.ts';
import { createEngine } from '../engine/create-engine.ts';
import { guardProvider } from './guard-provider.ts';
import { withRetry } from './with-retry.ts';

/**
 * Makes the public factory of a backend from its provider function: guarded, with the retry loop
 * when it is remote, with companions when it asks for them.
 */
export function defineBackend<Options>(
  definition: BackendDefinition<Options>,
): BackendFactory<Options> {
  const { provider: make, remote = false, companion = false, ...backend } = definition;

  function provider(options = {} as Options & CommonBackendOptions): StorageProvider {
    const { retry, ...own } = options;
    const bare = make(own as Options);
    const complete = companion ? withCompanion(bare) : bare;
    const tried =
      retry === false || (retry === undefined && !remote) ? complete : withRetry(complete, retry);
    return guardProvider(tried);
  }

  function create<Items extends ItemTypes>(
    options?: Options & CommonBackendOptions,
    engine?: EngineOptions,
  ): StorageEngine<Items> {
    return createEngine<Items>(provider(options), engine);
  }

  return Object.assign(create, { provider, backend });
}
