import type { Capabilities } from '../contract/capabilities.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { layersOf, nameLayers } from '../provider/layers-of.ts';
import { OPTIONAL_OPERATIONS } from '../provider/optional-operations.ts';
import { readingCapabilities } from '../provider/reading-capabilities.ts';
import { isGuarded, stateOf, tellState } from '../provider/state-of.ts';
import type { PrefixOptions } from '../provider/with-prefix.ts';

/** What a provider around another one is known to be before its code has been loaded. */
export interface Outline {
  capabilities(): Capabilities;
  publicUrl(key: string): string | undefined;
  load(): Promise<StorageProvider>;
}

const code = () => import('./guarded-provider.ts');

/** A provider with core's half of the contract around it. That is loaded with the first operation. */
export function guardedLater(provider: StorageProvider): StorageProvider {
  if (isGuarded(provider)) return provider;
  return deferProvider(provider, {
    capabilities: () => provider.capabilities,
    publicUrl: (key) => provider.publicUrl?.(key),
    load: async () => (await code()).guarded(provider),
  });
}

/** The view of a provider below a prefix. Its code is loaded with the first operation. */
export function prefixedLater(
  provider: StorageProvider,
  prefix: string,
  options: PrefixOptions = {},
): StorageProvider {
  checkShape(prefix);
  const prefixBytes = new TextEncoder().encode(prefix).byteLength + 1;
  return deferProvider(provider, {
    capabilities() {
      const { maxKeyBytes = 1024, ...rest } = provider.capabilities;
      return { ...rest, maxKeyBytes: maxKeyBytes - prefixBytes };
    },
    publicUrl: (key) => provider.publicUrl?.(`${prefix}/${key}`),
    load: async () => (await code()).prefixed(provider, prefix, options),
  });
}

/** The view of a provider that changes nothing. Its code is loaded with the first operation. */
export function readOnlyLater(provider: StorageProvider): StorageProvider {
  return deferProvider(provider, {
    capabilities: () => readingCapabilities(provider.capabilities),
    publicUrl: (key) => provider.publicUrl?.(key),
    load: async () => (await code()).readOnly(provider),
  });
}

/** Refuses what no key looks like; the loaded code checks the rest. Errors: `invalid-key`. */
function checkShape(key: string): void {
  if (typeof key === 'string' && !/(^|\/)\.{0,2}(\/|$)|\0/.test(key)) return;
  throw new StorageError('invalid-key', 'not a key: no segment is empty, "." or "..".', { key });
}

/** An operation by what it returns. */
type StandIn = (...args: readonly never[]) => unknown;

/**
 * Stands for a guarded provider until that is loaded, with the first operation. From then on its
 * operations are those of the guarded one.
 */
export function deferProvider(provider: StorageProvider, outline: Outline): StorageProvider {
  let ready: StorageProvider | undefined;
  let loading: Promise<StorageProvider> | undefined;

  const capabilities = () => ready?.capabilities ?? Object.freeze({ ...outline.capabilities() });

  function loaded(): Promise<StorageProvider> {
    loading ??= outline.load().then(
      (guarded) => {
        ready = guarded;
        // No step more than they take is left on the way.
        const { get, put, stat, delete: remove, list } = guarded;
        Object.assign(deferred, { get, put, stat, delete: remove, list });
        return guarded;
      },
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  }

  async function* walk<Page>(
    source: (guarded: StorageProvider) => AsyncIterable<Page> | undefined,
  ): AsyncGenerator<Page, void, undefined> {
    yield* source(await loaded()) ?? [];
  }

  const deferred: StorageProvider = {
    specVersion: provider.specVersion,
    name: provider.name,
    get capabilities() {
      return capabilities();
    },
    open: async (options) => (await loaded()).open?.(options),
    get: async (key, options) => (await loaded()).get(key, options),
    put: async (key, body, options) => (await loaded()).put(key, body, options),
    stat: async (key, options) => (await loaded()).stat(key, options),
    delete: async (key, options) => (await loaded()).delete(key, options),
    list: (options) => walk((guarded) => guarded.list(options)),
    close: async () => (await loaded()).close?.(),
  };

  /** Those that do not give a promise. */
  const standIns: Partial<Record<keyof StorageProvider, unknown>> = {
    uploads: (options: never) => walk((guarded) => guarded.uploads?.(options)),
    changes: (options: never) => walk((guarded) => guarded.changes?.(options)),
    versions: {
      list: (key: string, options: never) =>
        walk((guarded) => guarded.versions?.list(key, options)),
      restore: async (key: string, version: string, options: never) =>
        (await loaded()).versions?.restore(key, version, options),
    },
    objectTags: {
      get: async (key: string, options: never) => (await loaded()).objectTags?.get(key, options),
      set: async (key: string, tags: never, options: never) =>
        (await loaded()).objectTags?.set(key, tags, options),
    },
    publicUrl(key: string) {
      checkShape(key);
      return outline.publicUrl(key);
    },
  };

  for (const name of OPTIONAL_OPERATIONS) {
    const standIn =
      standIns[name] ??
      (async (...args: readonly never[]) => ((await loaded())[name] as StandIn)(...args));
    Object.defineProperty(deferred, name, {
      enumerable: true,
      get() {
        if (ready !== undefined) return ready[name];
        return capabilities()[name] ? standIn : undefined;
      },
    });
  }

  for (const name of ['storeId', 'native'] as const) {
    Object.defineProperty(deferred, name, { enumerable: true, get: () => provider[name] });
  }
  tellState(deferred, () => (ready === undefined ? 'new' : stateOf(ready)));
  return nameLayers(deferred, layersOf(provider));
}
