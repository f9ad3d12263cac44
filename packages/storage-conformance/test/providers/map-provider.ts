import {
  type AttributesPatch,
  type BatchResult,
  type Capabilities,
  compareKeys,
  decodeCursor,
  encodeCursor,
  eventChannel,
  type GetOptions,
  type ListItem,
  listOrdered,
  type ObjectAttributes,
  type ObjectInfo,
  patchAttributes,
  pickAttributes,
  resolveRange,
  sha256,
  StorageError,
  type StorageProvider,
  type StoredObject,
  storedObject,
  toStorageError,
  type WriteConditions,
} from '@granary/storage-core/provider';
import { type Kept, type MapStore, usedBytes } from './map-store.ts';
import { openSession, pendingSessions } from './map-session.ts';
import { presignedUrl } from './presign-server.ts';

/** Everything that a provider can declare. */
export const ALL_CAPABILITIES: Capabilities = {
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
  maxMetadataBytes: 64 * 1024,
  checksum: true,
  writeIds: true,
  etagCovers: 'attributes',
  listFields: ['size', 'etag', 'modifiedAt', 'expiresAt'],
  listAttributes: true,
  listOrder: 'utf8',
  delimiter: 'any',
  putMany: true,
  getMany: true,
  statMany: true,
  deleteMany: true,
  atomicBatch: true,
  copy: true,
  move: true,
  setMetadata: true,
  upload: true,
  presign: true,
  publicUrl: true,
  versions: true,
  watch: true,
  changes: true,
  usage: true,
  health: true,
  fileAndFolder: true,
  caseSensitive: true,
  durable: true,
  maxObjectBytes: 64 * 1024 * 1024,
};

export interface MapProviderOptions {
  /** Where presigned requests go. */
  readonly serverUrl: string;
  /** Default: any order, no total. */
  readonly sessions?: SessionRules;
}

const PAGE_SIZE = 100;
const CHUNK_BYTES = 16 * 1024;

function fail(code: ConstructorParameters<typeof StorageError>[0], reason: string, outcome?: 'not-applied' | 'unknown'): never {
  throw new StorageError(code, reason, outcome === undefined ? {} : { outcome });
}

/** What upload sessions of a provider ask for. */
export interface SessionRules {
  readonly order: 'any' | 'sequential';
  readonly needsTotal: boolean;
}

/** Counts a request and makes the trouble that was asked for. */
export function request(store: MapStore): void {
  store.requests += 1;
  if (store.fault === 'unavailable') fail('unavailable', 'the store cannot be reached.');
}

export function copyOfInfo(info: ObjectInfo): ObjectInfo {
  return structuredClone(info) as ObjectInfo;
}

export function find(store: MapStore, key: string, version?: string): Kept {
  const found =
    version === undefined
      ? store.objects.get(key)
      : store.versions.get(key)?.find(({ info }) => info.version === version);
  return found ?? fail('not-found', 'there is no such object.');
}

export function checkConditions(kept: Kept | undefined, { ifMatch, ifNoneMatch }: WriteConditions): void {
  if (ifNoneMatch !== undefined && kept !== undefined) fail('precondition-failed', 'there is an object.', 'not-applied');
  if (ifMatch !== undefined && kept?.info.etag !== ifMatch) fail('precondition-failed', 'it is another write.', 'not-applied');
}

interface Write extends WriteConditions {
  readonly attributes: ObjectAttributes;
  readonly checksum?: string | undefined;
  readonly writeId?: string | undefined;
}

/** Commits a write, all at once. */
export function commit(store: MapStore, key: string, bytes: Uint8Array, write: Write): ObjectInfo {
  const before = store.objects.get(key);
  checkConditions(before, write);
  const attributes = structuredClone(write.attributes) as ObjectAttributes;
  if (JSON.stringify(attributes.metadata ?? {}).length > (ALL_CAPABILITIES.maxMetadataBytes ?? 0)) {
    fail('too-large', 'there is too much metadata.', 'not-applied');
  }
  if (usedBytes(store, key) + bytes.byteLength > store.capacityBytes) fail('quota-exceeded', 'the store is full.', 'not-applied');
  if (store.fault === 'last-step-of-write') fail('unavailable', 'the last step failed.', 'not-applied');
  store.writes += 1;
  const etag = store.etagOf(bytes);
  const info: ObjectInfo = {
    key,
    size: bytes.byteLength,
    etag,
    modifiedAt: new Date(Math.max(store.now(), before?.info.modifiedAt.getTime() ?? 0)),
    version: `v${store.writes}`,
    ...attributes,
    ...(write.checksum !== undefined && { checksums: { sha256: write.checksum } }),
    ...(write.writeId !== undefined && { writeId: write.writeId }),
  };
  const kept = { bytes, info };
  store.objects.set(key, kept);
  store.versions.set(key, [...(store.versions.get(key) ?? []), kept]);
  store.publish({ type: 'put', key, etag });
  if (store.fault === 'lost-reply') fail('unavailable', 'the answer was lost.', 'unknown');
  return copyOfInfo(info);
}

export function remove(store: MapStore, key: string): boolean {
  const existed = store.objects.delete(key);
  if (existed) store.publish({ type: 'delete', key });
  return existed;
}

/** A body over the stored bytes; counted as held until it is let go of. */
function bodyOf(store: MapStore, { bytes, info }: Kept, options: GetOptions): StoredObject {
  const range = options.range === undefined ? undefined : resolveRange(options.range, info.size);
  const whole = range === undefined || store.fault === 'ignore-range';
  const part = whole ? bytes : bytes.subarray(range.offset, range.offset + range.length);
  const content = store.fault === 'cut-body' ? part.subarray(0, part.byteLength / 2) : part;
  let isHeld = true;
  store.held += 1;
  const release = () => {
    if (isHeld) store.held -= 1;
    isHeld = false;
  };
  let offset = 0;
  return storedObject(
    copyOfInfo(info),
    {
      bytes() {
        release();
        return content.slice();
      },
      stream: () =>
        new ReadableStream<Uint8Array>(
          {
            pull(controller) {
              const chunk = content.slice(offset, offset + CHUNK_BYTES);
              offset += chunk.byteLength;
              if (chunk.byteLength > 0) controller.enqueue(chunk);
              else {
                release();
                controller.close();
              }
            },
            cancel: release,
          },
          { highWaterMark: 0 },
        ),
      cancel: release,
    },
    range === undefined ? {} : { range },
  );
}

async function readAll(body: { stream(): ReadableStream<Uint8Array> }, signal: AbortSignal | undefined): Promise<Uint8Array> {
  const reader = body.stream().getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener('abort', stop);
  const chunks: Uint8Array[] = [];
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) chunks.push(next.value.slice());
    signal?.throwIfAborted();
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  return new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
}

async function each<Item, Value>(
  items: readonly Item[],
  keyOf: (item: Item) => string,
  action: (item: Item) => Promise<Value> | Value,
): Promise<BatchResult<Value>[]> {
  const results: BatchResult<Value>[] = [];
  for (const item of items) {
    const key = keyOf(item);
    try {
      results.push({ key, ok: true, value: await action(item) });
    } catch (error) {
      results.push({ key, ok: false, error: toStorageError(error, { key }) });
    }
  }
  return results;
}

/** A provider over a map that can do everything, written to be wrapped by mutations. */
export function mapProvider(
  store: MapStore,
  { serverUrl, sessions = { order: 'any', needsTotal: false } }: MapProviderOptions,
): StorageProvider {
  const keyOf = (key: string) => key;

  function* items(from: { prefix: string; after?: string; atOrAfter?: string }): Iterable<ListItem> {
    for (const key of [...store.objects.keys()].sort(compareKeys)) {
      if (!key.startsWith(from.prefix)) continue;
      if (from.after !== undefined && compareKeys(key, from.after) <= 0) continue;
      if (from.atOrAfter !== undefined && compareKeys(key, from.atOrAfter) < 0) continue;
      const kept = store.objects.get(key);
      if (kept !== undefined) yield { kind: 'item', ...copyOfInfo(kept.info) };
    }
  }

  const provider: StorageProvider = {
    specVersion: 1,
    name: 'map',
    capabilities: ALL_CAPABILITIES,

    async get(key, options) {
      request(store);
      const kept = find(store, key, options.version);
      if (options.ifMatch !== undefined) checkConditions(kept, { ifMatch: options.ifMatch });
      if (options.ifNoneMatch === kept.info.etag) fail('not-modified', 'it is the same write.');
      return bodyOf(store, kept, options);
    },
    async put(key, body, options) {
      request(store);
      const { checksum, writeId, signal, ifMatch, ifNoneMatch } = options;
      const conditions = { ...(ifMatch !== undefined && { ifMatch }), ...(ifNoneMatch && { ifNoneMatch }) };
      const attributes = pickAttributes(options);
      try {
        checkConditions(store.objects.get(key), conditions);
        const bytes = await readAll(body, signal);
        const hash = checksum === undefined ? undefined : await sha256(bytes);
        return commit(store, key, bytes, { ...conditions, attributes, checksum: hash, writeId });
      } catch (error) {
        await body.cancel(error);
        throw error;
      }
    },
    async stat(key, { version }) {
      request(store);
      return copyOfInfo(find(store, key, version).info);
    },
    async delete(key, { ifMatch, version }) {
      request(store);
      if (ifMatch !== undefined) checkConditions(store.objects.get(key), { ifMatch });
      if (version === undefined) return { existed: remove(store, key) };
      const kept = store.versions.get(key) ?? [];
      store.versions.set(key, kept.filter(({ info }) => info.version !== version));
      if (store.objects.get(key)?.info.version === version) remove(store, key);
      return {};
    },
    async *list(options) {
      let pages = 0;
      for await (const page of listOrdered(options, items, { pageSize: store.fault === 'second-page' ? 10 : PAGE_SIZE })) {
        request(store);
        pages += 1;
        if (pages > 1 && store.fault === 'second-page') fail('unavailable', 'the second page failed.');
        yield page;
      }
      if (pages === 0) request(store);
    },

    async putMany(entries, { atomic, signal }) {
      const options = signal === undefined ? {} : { signal };
      if (!atomic) return each(entries, ({ key }) => key, (entry) => provider.put(entry.key, entry.body, { ...entry.options, ...options }));
      const contents = await Promise.all(entries.map(({ body }) => readAll(body, signal)));
      for (const { key, options: each = {} } of entries) checkConditions(store.objects.get(key), each);
      return entries.map(({ key, options: each = {} }, index) => ({
        key,
        ok: true,
        value: commit(store, key, contents[index] ?? new Uint8Array(), { attributes: pickAttributes(each) }),
      }));
    },
    getMany: (keys, options) => each(keys, keyOf, (key) => provider.get(key, options)),
    statMany: (keys, options) => each(keys, keyOf, (key) => provider.stat(key, options)),
    deleteMany: (keys) => each(keys, keyOf, (key) => ({ existed: remove(store, key) })),

    async copy(from, to, options) {
      request(store);
      const source = find(store, from);
      if (options.sourceIfMatch !== undefined) checkConditions(source, { ifMatch: options.sourceIfMatch });
      const attributes = patchAttributes(source.info, options.attributes);
      return commit(store, to, source.bytes, { attributes, ...(options.ifNoneMatch && { ifNoneMatch: '*' }) });
    },
    async move(from, to, options) {
      const info = await provider.copy?.(from, to, options);
      if (from !== to) remove(store, from);
      return info ?? fail('unknown', 'copy is there.');
    },
    async setMetadata(key, patch: AttributesPatch, { ifMatch }) {
      request(store);
      const kept = store.objects.get(key);
      if (ifMatch !== undefined) checkConditions(kept, { ifMatch });
      const { bytes, info } = find(store, key);
      return commit(store, key, bytes, { attributes: patchAttributes(info, patch), checksum: info.checksums?.['sha256'] });
    },

    upload: async (key, options) => openSession(store, key, options, sessions),
    uploads: ({ prefix = '' }) => pendingSessions(store, prefix),

    presign: (key, options) => presignedUrl(store, serverUrl, key, options),
    publicUrl: (key) => `${serverUrl}/public/${key.split('/').map(encodeURIComponent).join('/')}`,

    versions: {
      async *list(key) {
        const kept = (store.versions.get(key) ?? []).toReversed();
        for (let from = 0; from < kept.length; from += 10) {
          yield kept.slice(from, from + 10).map(({ info }) => copyOfInfo(info));
        }
      },
      async restore(key, version) {
        const { bytes, info } = find(store, key, version);
        return commit(store, key, bytes, { attributes: pickAttributes(info) });
      },
    },

    async watch({ prefix = '', signal }) {
      store.held += 1;
      const channel = eventChannel({
        maxBuffered: 500,
        onClose() {
          store.held -= 1;
          store.watchers.delete(channel.watcher);
        },
        ...(signal && { signal }),
      });
      store.watchers.set(channel.watcher, { prefix, channel });
      return channel.watcher;
    },
    async *changes({ cursor }) {
      const place = cursor === undefined ? store.log.length : decodeCursor(cursor, {});
      if (typeof place !== 'number') fail('invalid-argument', 'this is no cursor.');
      yield { events: store.log.slice(place), cursor: encodeCursor({}, store.log.length) };
    },

    usage: async () => ({ usedBytes: usedBytes(store), objects: store.objects.size }),
    health: async () => ({ ok: true, latencyMs: 0 }),
    async close() {
      for (const watcher of store.watchers.keys()) await watcher.close();
    },
  };
  return provider;
}
