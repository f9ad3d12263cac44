import type { Capabilities } from '../contract/capabilities.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import type { OptionalOperation } from '../provider/optional-operations.ts';
import { readingCapabilities } from '../provider/reading-capabilities.ts';
import { isGuarded, stateOf, tellState } from '../provider/state-of.ts';

/** What a provider around another one is known to be before its code has been loaded. */
interface Outline {
  capabilities(): Capabilities;
  publicUrl(key: string): string | undefined;
  load(): Promise<StorageProvider>;
}

const PROMISED = [
  'delete',
  'putMany',
  'getMany',
  'statMany',
  'deleteMany',
  'copy',
  'move',
  'setMetadata',
  'upload',
  'presign',
  'watch',
  'usage',
  'health',
] as const;
const WALKED = ['uploads', 'changes'] as const;

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
export function prefixedLater(provider: StorageProvider, prefix: string): StorageProvider {
  checkShape(prefix);
  const prefixBytes = new TextEncoder().encode(prefix).byteLength + 1;
  return deferProvider(provider, {
    capabilities() {
      const { maxKeyBytes = 1024, ...rest } = provider.capabilities;
      return { ...rest, maxKeyBytes: maxKeyBytes - prefixBytes };
    },
    publicUrl: (key) => provider.publicUrl?.(`${prefix}/${key}`),
    load: async () => (await code()).prefixed(provider, prefix),
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

/** Stands for a guarded provider until that is loaded, and passes everything on to it afterwards. */
function deferProvider(provider: StorageProvider, outline: Outline): StorageProvider {
  let ready: StorageProvider | undefined;
  let loading: Promise<StorageProvider> | undefined;

  const capabilities = () => ready?.capabilities ?? Object.freeze(outline.capabilities());

  function loaded(): Promise<StorageProvider> {
    loading ??= outline.load().then(
      (guarded) => {
        ready = guarded;
        return guarded;
      },
      (error: unknown) => {
        loading = undefined;
        throw error;
      },
    );
    return loading;
  }

  /** Calls the provider at once where it is there. */
  function on<Result>(call: (guarded: StorageProvider) => Promise<Result>): Promise<Result> {
    return ready === undefined ? loaded().then(call) : call(ready);
  }

  async function* walk<Page>(
    source: (guarded: StorageProvider) => AsyncIterable<Page> | undefined,
  ): AsyncGenerator<Page, void, undefined> {
    yield* source(await loaded()) ?? [];
  }

  const deferred = {
    specVersion: provider.specVersion,
    name: provider.name,
    open: (options) => on(async (guarded) => guarded.open?.(options)),
    get: (key, options) => on((guarded) => guarded.get(key, options)),
    put: (key, body, options) => on((guarded) => guarded.put(key, body, options)),
    stat: (key, options) => on((guarded) => guarded.stat(key, options)),
    list: (options) => walk((guarded) => guarded.list(options)),
    close: () => on(async (guarded) => guarded.close?.()),
  } satisfies Partial<StorageProvider>;

  function define(name: keyof StorageProvider, get: () => unknown): void {
    Object.defineProperty(deferred, name, { enumerable: true, get });
  }

  function offer(name: Exclude<keyof StorageProvider, 'capabilities'>, operation: unknown): void {
    const capability = name === 'uploads' ? 'upload' : (name as OptionalOperation);
    const isThere = () =>
      name === 'delete' ||
      (capabilities()[capability] === true && (ready ?? provider)[name] !== undefined);
    define(name, () => (isThere() ? operation : undefined));
  }

  define('capabilities', capabilities);
  define('storeId', () => provider.storeId);
  define('native', () => provider.native);
  for (const name of PROMISED) {
    offer(name, (...args: readonly unknown[]) =>
      on((guarded) =>
        (guarded[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args),
      ),
    );
  }
  for (const name of WALKED) {
    offer(name, (options: never) =>
      walk<unknown>((guarded) => guarded[name]?.(options) as AsyncIterable<unknown> | undefined),
    );
  }
  offer('versions', {
    list: (key: string, options: never) => walk((guarded) => guarded.versions?.list(key, options)),
    restore: (key: string, version: string, options: never) =>
      on(async (guarded) => guarded.versions?.restore(key, version, options)),
  });
  offer('publicUrl', (key: string) => {
    if (ready?.publicUrl !== undefined) return ready.publicUrl(key);
    checkShape(key);
    return outline.publicUrl(key);
  });
  tellState(deferred as never, () => (ready === undefined ? 'new' : stateOf(ready)));
  return deferred as unknown as StorageProvider;
}
