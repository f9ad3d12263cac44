import { asyncDispose } from '../bodies/async-dispose.ts';
import { bufferedBody } from '../bodies/buffered-body.ts';
import type { Body, BodyInput, StoredObject } from '../contract/body.ts';
import type {
  EngineGetOptions,
  EngineOptions,
  EnginePutOptions,
  StorageEngine,
} from '../contract/engine.ts';
import type { ListingPage } from '../contract/listing.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import type { ListOptions, StatOptions } from '../contract/operations.ts';
import type { StorageProvider } from '../contract/provider.ts';
import type { AnyItems, ItemTypes, LoadOptions, SaveOptions } from '../contract/values.ts';
import { isStorageError, StorageError } from '../errors/storage-error.ts';
import { layersOf } from '../provider/layers-of.ts';
import { PROVIDER } from '../provider/provider-of.ts';
import { stateOf } from '../provider/state-of.ts';
import { guardedLater, prefixedLater, readOnlyLater } from './defer-provider.ts';
import {
  type DecodeOptions,
  type EncodedValue,
  type EngineContext,
  engineError,
  expiredError,
  isExpired,
  NO_OPTIONS,
  putOptionsOf,
  saveToPut,
  signalOf,
} from './engine-context.ts';
import { fileHandle } from './file-handle.ts';
import { listingOf, livePages } from './listing.ts';
import { isExactJson, isJsonKey, parseJson } from './values/exact-json.ts';

type Rare = typeof import('./rare-operations.ts');
type Tail<Parameters extends readonly unknown[]> = Parameters extends readonly [
  unknown,
  ...infer Rest,
]
  ? Rest
  : never;

/** What tells a view from the engine it was made of. */
interface View {
  /** Ends with a slash, unless it is empty. */
  readonly prefix: string;
}

const ENCODER = /* @__PURE__ */ new TextEncoder();
const BUILT_IN = ['json', 'yaml', 'text', 'binary'];

/**
 * Makes a storage over a provider. Does no I/O. Rare operations are loaded when they are first used.
 * Errors: `invalid-config` for codecs that claim the same format.
 */
export function createEngine<Items extends ItemTypes = AnyItems>(
  provider: StorageProvider,
  options: EngineOptions = {},
): StorageEngine<Items> {
  const formats = [...BUILT_IN, ...(options.codecs ?? []).map(({ name }) => name)];
  const twice = formats.find((name, index) => formats.indexOf(name) !== index);
  if (twice !== undefined) {
    throw new StorageError('invalid-config', `there are two codecs for the format "${twice}".`, {
      hint: 'Give the codec another name.',
    });
  }
  return engineOver(guardedLater(provider), options) as unknown as StorageEngine<Items>;
}

function engineOver(provider: StorageProvider, options: EngineOptions, view?: View): StorageEngine {
  const { codecs, schemas, idleBodyMs, now = Date.now, choice } = options;
  const prefix = view?.prefix ?? '';

  const rare = () => import('./rare-operations.ts');

  /** An operation whose code is loaded with its first call. */
  function later<Name extends keyof Rare>(
    name: Name,
  ): (...args: Tail<Parameters<Rare[Name]>>) => ReturnType<Rare[Name]> {
    const call = async (...args: readonly unknown[]) =>
      ((await rare())[name] as (...args: readonly unknown[]) => unknown)(context, ...args);
    return call as never;
  }

  async function fail(error: unknown, operation: string, key: string): Promise<never> {
    return (await rare()).rethrow(error, { provider: provider.name, operation, key });
  }

  function liveObject(object: StoredObject): StoredObject {
    const { info } = object;
    if (info.expiresAt !== undefined && isExpired(info, now)) {
      object.cancel().catch(() => {});
      throw expiredError(provider, 'get', info.key);
    }
    return object;
  }

  function liveInfo(info: ObjectInfo): ObjectInfo {
    if (info.expiresAt !== undefined && isExpired(info, now)) {
      throw expiredError(provider, 'stat', info.key);
    }
    return info;
  }

  function get(key: string, options: EngineGetOptions = NO_OPTIONS): Promise<StoredObject> {
    const { onProgress, concurrency } = options;
    const found =
      concurrency === undefined
        ? provider.get(key, options)
        : rare().then(({ getParallel }) => getParallel(provider, key, options));
    const object = found.then(liveObject);
    if (onProgress === undefined && idleBodyMs === undefined) return object;
    return object.then(async (found) =>
      (await rare()).watchedObject(found, onProgress, idleBodyMs),
    );
  }

  function stat(key: string, options: StatOptions = NO_OPTIONS): Promise<ObjectInfo> {
    return provider.stat(key, options).then(liveInfo);
  }

  function put(key: string, body: Body, options: EnginePutOptions): Promise<ObjectInfo> {
    const { ifNoneMatch, onProgress, resume } = options;
    const { maxPutBytes = Number.POSITIVE_INFINITY } = provider.capabilities;
    const isPlain =
      body.buffered !== undefined &&
      body.buffered.byteLength <= maxPutBytes &&
      onProgress === undefined &&
      resume === undefined;
    if (!isPlain) return rare().then(({ putBody }) => putBody(context, key, body, options));

    const write = putOptionsOf(options);
    const written = provider.put(key, body, write);
    if (ifNoneMatch === undefined) return written;
    return written.catch(async (error: unknown) => {
      if (!isStorageError(error, 'precondition-failed')) throw error;
      return (await rare()).putOverExpired(context, key, body, write, error);
    });
  }

  /** JSON that needs no look at tables and codecs is encoded at once. */
  function encode(
    key: string,
    value: unknown,
    options: SaveOptions,
  ): EncodedValue | Promise<EncodedValue> {
    const { format, schema } = options;
    const isPlain = format === undefined && codecs === undefined && isJsonKey(key);
    if (isPlain && schema === undefined && schemas === undefined && isExactJson(value)) {
      return { body: bufferedBody(ENCODER.encode(JSON.stringify(value))) };
    }
    return import('./values/item-values.ts').then(({ encodeItem }) =>
      encodeItem(context, key, value, options),
    );
  }

  async function decode(object: StoredObject, options: DecodeOptions): Promise<unknown> {
    const { key, contentType } = object.info;
    const isJson = contentType === undefined ? isJsonKey(key) : contentType === 'application/json';
    const isPlain = options.as === undefined && codecs === undefined && isJson;
    if (isPlain && options.schema === undefined && schemas === undefined) {
      const bytes = await object.bytes();
      try {
        return parseJson(bytes);
      } catch (error) {
        const { unreadableJson } = await import('./values/item-values.ts');
        throw unreadableJson(object.info, error);
      }
    }
    return (await import('./values/item-values.ts')).decodeItem(context, object, options);
  }

  function save(
    key: string,
    value: unknown,
    options: SaveOptions = NO_OPTIONS,
  ): Promise<ObjectInfo> {
    const store = ({ body, contentType }: EncodedValue) =>
      put(key, body, saveToPut(options, contentType));
    const refuse = (error: unknown) => fail(error, 'save', key);
    try {
      const encoded = encode(String(key), value, options);
      return encoded instanceof Promise ? encoded.then(store, refuse) : store(encoded);
    } catch (error) {
      return refuse(error);
    }
  }

  async function itemValue(object: StoredObject, options: DecodeOptions): Promise<unknown> {
    try {
      return await decode(object, options);
    } catch (error) {
      return fail(error, 'load', object.info.key);
    }
  }

  const context: EngineContext = {
    provider,
    options,
    prefix,
    now,
    get,
    stat,
    put,
    encode,
    decode,
  };

  function walk<Entry>(pages: (rare: Rare) => AsyncIterable<ListingPage<Entry>>) {
    return listingOf(async function* () {
      yield* pages(await rare());
    });
  }

  const engine: StorageEngine = {
    async ready(options = NO_OPTIONS) {
      await provider.open?.(signalOf(options));
    },
    getInfo: () => ({
      provider: provider.name,
      layers: layersOf(provider),
      prefix: prefix.slice(0, -1),
      state: stateOf(provider),
      durable: provider.capabilities.durable === true,
      ...(provider.storeId !== undefined && { storeId: provider.storeId }),
      ...choice?.(),
    }),
    getCapabilities: () => provider.capabilities,

    save,
    // biome-ignore lint/suspicious/noExplicitAny: the caller names the type of what it loads
    async load(key, options: LoadOptions<any> = NO_OPTIONS) {
      let object: StoredObject;
      try {
        object = await get(key, options);
      } catch (error) {
        if ('default' in options && isStorageError(error, 'not-found')) return options.default;
        throw error;
      }
      return itemValue(object, options);
    },
    // biome-ignore lint/suspicious/noExplicitAny: the caller names the type of what it loads
    async loadItem(key, options: Omit<LoadOptions<any>, 'default'> = NO_OPTIONS): Promise<any> {
      const object = await get(key, options);
      return { value: await itemValue(object, options), info: object.info };
    },
    exists: (key, options) =>
      stat(key, options).then(
        () => true,
        (error: unknown) => {
          if (isStorageError(error, 'not-found')) return false;
          throw error;
        },
      ),
    delete: (key, options = NO_OPTIONS) => provider.delete(key, options),
    update: later('update') as StorageEngine['update'],

    // biome-ignore lint/suspicious/noExplicitAny: the overloads of `list` say what comes
    list(query?: string | ListOptions): any {
      const options = typeof query === 'string' ? { prefix: query } : (query ?? NO_OPTIONS);
      return listingOf(() => livePages(context, options));
    },
    search: (query, options = NO_OPTIONS) =>
      listingOf(async function* () {
        const { searchPages } = await import('./search/search-pages.ts');
        yield* searchPages(context, query, options);
      }),

    get,
    getRanges: later('getRanges'),
    put(key, input, options = NO_OPTIONS) {
      const body = options.size === undefined ? bodyOf(input) : undefined;
      return body === undefined
        ? rare().then(({ putInput }) => putInput(context, key, input, options))
        : put(key, body, options);
    },
    stat,
    setMetadata: later('setMetadata'),
    copy: later('copy'),
    move: later('move'),
    file: (key) => fileHandle(engine, key),

    saveMany: later('saveMany'),
    loadMany: later('loadMany'),
    deleteMany: later('deleteMany'),
    clear: later('clear'),
    sweep: later('sweep'),

    upload: later('upload'),
    uploads: (options) => walk(({ uploadPages }) => uploadPages(context, options)),
    presign: later('presign'),
    publicUrl(key) {
      if (provider.publicUrl !== undefined) return provider.publicUrl(key);
      throw engineError(provider, 'unsupported', 'its objects have no public URLs.', {
        operation: 'publicUrl',
        key,
        hint: 'getCapabilities() tells what is supported; presign() makes URLs that expire.',
      });
    },
    versions: {
      list: (key, options) => walk(({ versionPages }) => versionPages(context, key, options)),
      get: (key, version, options) => get(key, { ...options, version }),
      restore: later('restore'),
      delete: (key, version, options) => provider.delete(key, { ...options, version }),
    },
    objectTags: { get: later('getTags'), set: later('setTags') },
    watch: later('watch'),
    async *changes(options) {
      yield* (await rare()).changePages(context, options);
    },

    usage: later('usage'),
    health: later('health'),

    at: (path) =>
      engineOver(prefixedLater(provider, path), options, { prefix: `${prefix}${path}/` }),
    readOnly: () => engineOver(readOnlyLater(provider), options, { prefix }),

    get native() {
      return provider.native;
    },
    async close() {
      if (view === undefined) await provider.close?.();
    },
    [asyncDispose]: () => engine.close(),
  };
  return Object.defineProperty(engine, PROVIDER, { value: provider });
}

/** The body of what is in memory already; of anything else, `toBody` makes one. */
function bodyOf(input: BodyInput): Body | undefined {
  if (typeof input === 'string') {
    return input.isWellFormed() ? bufferedBody(ENCODER.encode(input)) : undefined;
  }
  const isPlain = input instanceof Uint8Array && input.buffer instanceof ArrayBuffer;
  // An empty buffer may be one that was transferred away.
  return isPlain && input.byteLength > 0 ? bufferedBody(input) : undefined;
}
