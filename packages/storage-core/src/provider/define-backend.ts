import { companionCapabilities } from '../attributes/companion-capabilities.ts';
import { companionKeys } from '../attributes/companion-keys.ts';
import { DEFAULT_COMPANION_LAYOUT } from '../attributes/companion-layout.ts';
import type { CompanionOptions } from '../attributes/companion-options.ts';
import type { EngineOptions, StorageEngine } from '../contract/engine.ts';
import type {
  BackendDefinition,
  BackendFactory,
  CommonBackendOptions,
  RetryOptions,
} from '../contract/factory.ts';
import type { StorageProvider } from '../contract/provider.ts';
import type { ItemTypes } from '../contract/values.ts';
import { createEngine } from '../engine/create-engine.ts';
import { deferProvider, prefixedLater } from '../engine/defer-provider.ts';
import { checkRetry } from './check-retry.ts';

/**
 * Makes the public factory of a backend from its provider function: guarded, with the retry loop
 * when it is remote, with companions when it asks for them, below a prefix when one is given. What of these it needs is loaded with
 * its first operation.
 */
export function defineBackend<Options>(
  definition: BackendDefinition<Options>,
): BackendFactory<Options> {
  const { provider: make, remote = false, companion: asked = false, ...backend } = definition;

  function provider(options = {} as Options & CommonBackendOptions): StorageProvider {
    const { retry = remote ? {} : false, prefix, ...own } = options;
    if (retry !== false) checkRetry(retry);
    const bare = make(own as Options);
    const chosen = typeof asked === 'function' ? asked(own as Options) : asked;
    const companion = chosen === true ? {} : chosen;
    const whole = deferProvider(bare, {
      capabilities: () =>
        companion
          ? companionCapabilities(bare.capabilities, DEFAULT_COMPANION_LAYOUT, companion.versions)
          : bare.capabilities,
      publicUrl: (key) =>
        bare.publicUrl?.(companion ? companionKeys(DEFAULT_COMPANION_LAYOUT).down(key) : key),
      load: () => complete(bare, companion, retry),
    });
    const part = prefix?.replace(/^\/+|\/+$/g, '') ?? '';
    return part === '' ? whole : prefixedLater(whole, part, { owns: true });
  }

  function create<Items extends ItemTypes>(
    options?: Options & CommonBackendOptions,
    engine?: EngineOptions,
  ): StorageEngine<Items> {
    return createEngine<Items>(provider(options), engine);
  }

  return Object.assign(create, { provider, backend });
}

async function complete(
  bare: StorageProvider,
  companion: false | CompanionOptions,
  retry: RetryOptions | false,
): Promise<StorageProvider> {
  const [{ guarded }, companions, retrying] = await Promise.all([
    import('../engine/guarded-provider.ts'),
    companion ? import('../attributes/with-companion.ts') : undefined,
    retry === false ? undefined : import('./with-retry.ts'),
  ]);
  const whole = companion && companions ? companions.withCompanion(bare, companion) : bare;
  return guarded(retry === false ? whole : (retrying?.withRetry(whole, retry) ?? whole));
}
