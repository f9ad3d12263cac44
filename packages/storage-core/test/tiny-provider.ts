import { pickAttributes } from '../src/attributes/check-attributes.ts';
import { resolveRange } from '../src/bodies/byte-range.ts';
import { storedObject } from '../src/bodies/stored-object.ts';
import type { Body } from '../src/contract/body.ts';
import type { Capabilities } from '../src/contract/capabilities.ts';
import type { ObjectInfo } from '../src/contract/object-info.ts';
import type {
  ListItem,
  ObjectTags,
  PutOptions,
  WriteConditions,
} from '../src/contract/operations.ts';
import type { StorageProvider } from '../src/contract/provider.ts';
import type { PartRules, UploadOptions, UploadSession } from '../src/contract/upload.ts';
import { StorageError } from '../src/errors/storage-error.ts';
import { eventChannel } from '../src/events/event-channel.ts';
import { compareKeys } from '../src/keys/compare-keys.ts';
import { listOrdered } from '../src/listing/list-ordered.ts';
import { OPTIONAL_OPERATIONS } from '../src/provider/optional-operations.ts';

export interface TinyObject {
  readonly bytes: Uint8Array;
  readonly info: ObjectInfo;
}

/** One call of an operation, as a test sees it. */
export interface TinyCall {
  readonly operation: string;
  readonly key: string;
  readonly options: { readonly signal?: AbortSignal };
}

export interface TinyProviderSettings {
  readonly capabilities?: Partial<Capabilities>;
  /** Capabilities, and their operations, that it does not have. */
  readonly without?: readonly (keyof Capabilities)[];
  /** Stands between the caller and each operation; may fail before or after the effect. */
  intercept?(call: TinyCall, proceed: () => Promise<unknown>): Promise<unknown>;
  readonly pageSize?: number;
  /** Units: bytes. Default: everything in one chunk. */
  readonly chunkBytes?: number;
  /** Called for every chunk of a body; may throw. */
  onChunk?(key: string, offset: number): void | Promise<void>;
  readonly part?: Partial<PartRules>;
}

export interface TinyProvider extends StorageProvider {
  readonly objects: Map<string, TinyObject>;
  /** Operations in the order they came, as `put a`. */
  readonly calls: string[];
}

const ALL: Capabilities = {
  rangeReads: true,
  readConditions: true,
  createIfAbsent: true,
  replaceIfMatch: true,
  deleteIfMatch: true,
  copyIfMatch: true,
  copyIfAbsent: true,
  uploadConditions: true,
  setMetadataIfMatch: true,
  attributes: 'native',
  atomicAttributes: true,
  writeIds: true,
  etagCovers: 'write',
  listOrder: 'utf8',
  delimiter: 'any',
  candidates: true,
  putMany: true,
  getMany: true,
  statMany: true,
  deleteMany: true,
  copy: true,
  move: true,
  setMetadata: true,
  upload: true,
  uploads: true,
  presign: true,
  presignOptions: [
    'contentType',
    'contentLength',
    'checksum',
    'ifNoneMatch',
    'responseDisposition',
    'responseContentType',
  ],
  publicUrl: true,
  versions: true,
  deleteVersion: true,
  objectTags: true,
  nativeOptions: ['StorageClass'],
  watch: true,
  changes: true,
  usage: true,
  health: true,
  fileAndFolder: true,
  caseSensitive: true,
};

/** Everything the contract has over a Map, for tests that look at one call at a time. */
export function tinyProvider(settings: TinyProviderSettings = {}): TinyProvider {
  const { intercept, pageSize = 100, chunkBytes, onChunk, without = [] } = settings;
  const declared = Object.entries(ALL).filter(([name]) => !without.some((left) => left === name));
  const objects = new Map<string, TinyObject>();
  const tags = new Map<string, ObjectTags>();
  const calls: string[] = [];
  const sessions = new Map<
    string,
    {
      readonly parts: Map<number, Uint8Array>;
      readonly options: UploadOptions;
      readonly key: string;
    }
  >();
  let writes = 0;

  function act<Result>(
    operation: string,
    key: string,
    options: { readonly signal?: AbortSignal },
    work: () => Result | Promise<Result>,
  ): Promise<Result> {
    calls.push(`${operation} ${key}`.trim());
    const proceed = async () => {
      options.signal?.throwIfAborted();
      return work();
    };
    if (intercept === undefined) return proceed();
    return intercept({ operation, key, options }, proceed) as Promise<Result>;
  }

  function find(key: string): TinyObject {
    const object = objects.get(key);
    if (object === undefined) throw new StorageError('not-found', 'there is no object.');
    return object;
  }

  function store(
    key: string,
    bytes: Uint8Array,
    options: PutOptions & WriteConditions,
  ): ObjectInfo {
    const current = objects.get(key);
    const fits =
      (options.ifMatch === undefined || options.ifMatch === current?.info.etag) &&
      (options.ifNoneMatch === undefined || current === undefined);
    if (!fits) throw new StorageError('precondition-failed', 'the condition does not hold.');
    writes += 1;
    const info: ObjectInfo = {
      ...pickAttributes(options),
      key,
      size: bytes.byteLength,
      etag: `e${writes}`,
      version: `v${writes}`,
      modifiedAt: new Date(writes),
      ...(options.writeId !== undefined && { writeId: options.writeId }),
    };
    objects.set(key, { bytes: new Uint8Array(bytes), info });
    return info;
  }

  async function put(key: string, body: Body, options: PutOptions): Promise<ObjectInfo> {
    return store(key, body.buffered ?? (await body.bytes()), options);
  }

  function get(key: string, options: Parameters<StorageProvider['get']>[1]) {
    const { bytes, info } = find(key);
    if (options.ifMatch !== undefined && options.ifMatch !== info.etag) {
      throw new StorageError('precondition-failed', 'the object is another write.');
    }
    if (options.ifNoneMatch === info.etag)
      throw new StorageError('not-modified', 'it is the same.');
    const range = options.range && resolveRange(options.range, bytes.byteLength);
    const start = range?.offset ?? 0;
    const end = start + (range?.length ?? bytes.byteLength);
    let offset = start;
    const stream = () =>
      new ReadableStream<Uint8Array>(
        {
          async pull(controller) {
            await onChunk?.(key, offset);
            if (offset >= end) {
              controller.close();
              return;
            }
            const next = Math.min(end, offset + (chunkBytes ?? bytes.byteLength));
            controller.enqueue(bytes.slice(offset, next));
            offset = next;
          },
        },
        { highWaterMark: 0 },
      );
    return storedObject(
      info,
      chunkBytes === undefined && onChunk === undefined
        ? { bytes: () => bytes.slice(start, end) }
        : { stream },
      range === undefined ? {} : { range },
    );
  }

  function copy(
    from: string,
    to: string,
    options: Parameters<NonNullable<StorageProvider['copy']>>[2],
  ) {
    const { bytes, info } = find(from);
    if (options.sourceIfMatch !== undefined && options.sourceIfMatch !== info.etag) {
      throw new StorageError('precondition-failed', 'the source is another write.');
    }
    const changed = pickAttributes({ ...info, ...options.attributes });
    return store(to, bytes, { ...changed, ...(options.ifNoneMatch && { ifNoneMatch: '*' }) });
  }

  function session(token: string): UploadSession {
    const state = sessions.get(token);
    if (state === undefined) throw new StorageError('conflict', 'there is no such session.');
    const { key, parts } = state;
    const held = () =>
      [...parts]
        .sort(([a], [b]) => a - b)
        .map(([offset, bytes]) => ({ offset, length: bytes.byteLength }));
    return {
      key,
      token,
      part: {
        minBytes: 1,
        maxBytes: 4,
        multipleOf: 1,
        maxParts: 100,
        order: 'any',
        needsTotal: false,
        ...settings.part,
      },
      expiresAt: new Date(0),
      status: (options = {}) => act('upload.status', key, options, () => ({ held: held() })),
      write: (offset, bytes, options = {}) =>
        act('upload.write', key, options, () => {
          parts.set(offset, bytes.slice());
        }),
      complete: (options = {}) =>
        act('upload.complete', key, options, () => {
          if (!sessions.has(token)) throw new StorageError('conflict', 'the session has ended.');
          const bytes = Buffer.concat(
            held().map(({ offset }) => parts.get(offset) ?? new Uint8Array()),
          );
          const { attributes, writeId, checksum } = state.options;
          const { checksum: _compared, ...conditions } = options;
          const info = store(key, bytes, {
            ...attributes,
            ...conditions,
            ...(checksum !== undefined && { checksum }),
            ...(writeId !== undefined && { writeId }),
          });
          sessions.delete(token);
          return info;
        }),
      abort: (options = {}) =>
        act('upload.abort', key, options, () => {
          sessions.delete(token);
        }),
    };
  }

  const each = <Item, Value>(
    items: readonly Item[],
    keyOf: (item: Item) => string,
    run: (item: Item) => Value | Promise<Value>,
  ) =>
    Promise.all(
      items.map(async (item) => {
        const key = keyOf(item);
        try {
          return { key, ok: true as const, value: await run(item) };
        } catch (error) {
          return { key, ok: false as const, error: error as Error };
        }
      }),
    );

  const provider: TinyProvider = {
    objects,
    calls,
    specVersion: 1,
    name: 'tiny',
    capabilities: { ...Object.fromEntries(declared), ...settings.capabilities },
    storeId: 'store',
    native: objects,

    get: (key, options) => act('get', key, options, () => get(key, options)),
    put: (key, body, options) => act('put', key, options, () => put(key, body, options)),
    stat: (key, options) => act('stat', key, options, () => find(key).info),
    delete: (key, options) =>
      act('delete', key, options, () => {
        if (options.ifMatch !== undefined && options.ifMatch !== objects.get(key)?.info.etag) {
          throw new StorageError('precondition-failed', 'the object is another write.');
        }
        return { existed: objects.delete(key) };
      }),
    async *list(options) {
      const pages = listOrdered(
        options,
        ({ prefix, after, atOrAfter }) =>
          [...objects.keys()]
            .sort(compareKeys)
            .filter(
              (key) =>
                key.startsWith(prefix) &&
                (after === undefined || compareKeys(key, after) > 0) &&
                (atOrAfter === undefined || compareKeys(key, atOrAfter) >= 0),
            )
            .map((key): ListItem => ({ kind: 'item', ...find(key).info })),
        { pageSize },
      );
      for (;;) {
        const step = await act('list', options.prefix ?? '', options, () => pages.next());
        if (step.done) return;
        yield step.value;
      }
    },

    async *candidates(query, options) {
      const { prefix = '', startAfter = '' } = query;
      const keys = [...objects.keys()].toSorted(compareKeys);
      for (const key of keys) {
        if (!key.startsWith(prefix) || compareKeys(key, startAfter) <= 0) continue;
        const entry = { kind: 'item' as const, ...find(key).info };
        yield await act('candidates', prefix, options, () => ({ entries: [entry] }));
      }
    },

    putMany: (entries, options) =>
      act('putMany', entries.map(({ key }) => key).join(), options, () =>
        each(
          entries,
          ({ key }) => key,
          ({ key, body, options: own = {} }) =>
            act('putOne', key, options, () => put(key, body, own)),
        ),
      ),
    getMany: (keys, options) =>
      act('getMany', keys.join(), options, () =>
        each(
          keys,
          (key) => key,
          (key) => act('getOne', key, options, () => get(key, {})),
        ),
      ),
    statMany: (keys, options) =>
      act('statMany', keys.join(), options, () =>
        each(
          keys,
          (key) => key,
          (key) => find(key).info,
        ),
      ),
    deleteMany: (keys, options) =>
      act('deleteMany', keys.join(), options, () =>
        each(
          keys,
          (key) => key,
          (key) => ({ existed: objects.delete(key) }),
        ),
      ),

    copy: (from, to, options) =>
      act('copy', `${from} ${to}`, options, () => copy(from, to, options)),
    move: (from, to, options) =>
      act('move', `${from} ${to}`, options, () => {
        const info = copy(from, to, options);
        if (from !== to) objects.delete(from);
        return info;
      }),
    setMetadata: (key, patch, options) =>
      act('setMetadata', key, options, () => {
        const { bytes, info } = find(key);
        const changed = { ...info, ...patch } as ObjectInfo;
        objects.set(key, { bytes, info: changed });
        return changed;
      }),

    upload: (key, options) =>
      act('upload', key, options, () => {
        const token = options.token ?? `t${sessions.size}`;
        if (options.token === undefined) sessions.set(token, { key, parts: new Map(), options });
        return session(token);
      }),
    async *uploads(options) {
      for (const [token, { key }] of sessions) {
        yield await act('uploads', key, options, () => ({ key, token, startedAt: new Date(0) }));
      }
    },

    presign: (key, options) =>
      act('presign', key, options, () => ({
        url: `https://tiny/${key}?signature`,
        method: options.method ?? 'GET',
        headers: {},
        expiresAt: new Date(options.expiresInMs ?? 0),
      })),
    publicUrl: (key) => `https://tiny/${key}`,
    versions: {
      async *list(key, options) {
        yield await act('versions.list', key, options, () => [find(key).info]);
      },
      restore: (key, _version, options) =>
        act('versions.restore', key, options, () => find(key).info),
    },
    objectTags: {
      get: (key, options) =>
        act('objectTags.get', key, options, () => tags.get(find(key).info.key) ?? {}),
      set: (key, changed, options) =>
        act('objectTags.set', key, options, () => {
          tags.set(find(key).info.key, changed);
        }),
    },
    watch: (options) =>
      act('watch', options.prefix ?? '', options, () => {
        const { watcher, push } = eventChannel({ signal: options.signal });
        push({ type: 'put', key: `${options.prefix ?? ''}x` });
        return watcher;
      }),
    async *changes(options) {
      const first = Number(options.cursor ?? 0);
      for (let page = first + 1; page <= first + 3; page += 1) {
        yield await act('changes', String(page), options, () => ({
          events: [{ type: 'put' as const, key: `k${page}` }],
          cursor: String(page),
        }));
      }
    },
    usage: (options) => act('usage', '', options, () => ({ objects: objects.size })),
    health: (options) => act('health', '', options, () => ({ ok: true, latencyMs: 1 })),
  };
  for (const name of OPTIONAL_OPERATIONS) {
    if (!provider.capabilities[name]) Reflect.deleteProperty(provider, name);
  }
  return provider;
}
