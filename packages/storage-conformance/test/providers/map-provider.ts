import {
  type AttributesPatch,
  type BatchResult,
  compareKeys,
  decodeCursor,
  encodeCursor,
  eventChannel,
  type ListItem,
  listOrdered,
  patchAttributes,
  pickAttributes,
  type StorageProvider,
  sha256,
  toStorageError,
} from '@granary/storage-core/provider';
import { ALL_CAPABILITIES } from './map-capabilities.ts';
import { bodyOf, readAll } from './map-read.ts';
import { openSession, pendingSessions, type SessionRules } from './map-session.ts';
import { type MapStore, usedBytes } from './map-store.ts';
import { checkConditions, commit, copyOfInfo, fail, find, remove, request } from './map-write.ts';
import { presignedUrl } from './presign-server.ts';

export interface MapProviderOptions {
  /** Where presigned requests go. */
  readonly serverUrl: string;
  /** Default: any order, no total. */
  readonly sessions?: SessionRules;
}

const PAGE_SIZE = 100;

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

  function* items(from: {
    prefix: string;
    after?: string;
    atOrAfter?: string;
  }): Iterable<ListItem> {
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
    storeId: store.id,
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
      const { checksum, writeId, signal, ifMatch, ifNoneMatch, objectTags } = options;
      const conditions = {
        ...(ifMatch !== undefined && { ifMatch }),
        ...(ifNoneMatch && { ifNoneMatch }),
      };
      const attributes = pickAttributes(options);
      try {
        checkConditions(store.objects.get(key), conditions);
        const bytes = await readAll(body, signal);
        const hash = checksum === undefined ? undefined : await sha256(bytes);
        const write = { ...conditions, attributes, checksum: hash, writeId, objectTags };
        return commit(store, key, bytes, write);
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
      store.versions.set(
        key,
        kept.filter(({ info }) => info.version !== version),
      );
      if (store.objects.get(key)?.info.version === version) remove(store, key);
      return {};
    },
    async *list(options) {
      let pages = 0;
      for await (const page of listOrdered(options, items, {
        pageSize: store.fault === 'second-page' ? 10 : PAGE_SIZE,
      })) {
        request(store);
        pages += 1;
        if (pages > 1 && store.fault === 'second-page')
          fail('unavailable', 'the second page failed.');
        yield page;
      }
      if (pages === 0) request(store);
    },

    async *candidates({ prefix = '', startAfter = '' }) {
      request(store);
      const kept = [...store.objects.values()].filter(
        ({ info: { key } }) => key.startsWith(prefix) && compareKeys(key, startAfter) > 0,
      );
      const entries = kept
        .map(({ info }): ListItem => ({ kind: 'item', ...copyOfInfo(info) }))
        .toSorted((one, other) => compareKeys(one.key, other.key));
      yield { entries };
    },

    async putMany(entries, { atomic, signal }) {
      const options = signal === undefined ? {} : { signal };
      if (!atomic)
        return each(
          entries,
          ({ key }) => key,
          (entry) => provider.put(entry.key, entry.body, { ...entry.options, ...options }),
        );
      const contents = await Promise.all(entries.map(({ body }) => readAll(body, signal)));
      for (const { key, options: each = {} } of entries)
        checkConditions(store.objects.get(key), each);
      return entries.map(({ key, options: each = {} }, index) => ({
        key,
        ok: true,
        value: commit(store, key, contents[index] ?? new Uint8Array(), {
          attributes: pickAttributes(each),
        }),
      }));
    },
    getMany: (keys, options) => each(keys, keyOf, (key) => provider.get(key, options)),
    statMany: (keys, options) => each(keys, keyOf, (key) => provider.stat(key, options)),
    deleteMany: (keys) => each(keys, keyOf, (key) => ({ existed: remove(store, key) })),

    async copy(from, to, options) {
      request(store);
      const source = find(store, from);
      if (options.sourceIfMatch !== undefined)
        checkConditions(source, { ifMatch: options.sourceIfMatch });
      const attributes = patchAttributes(source.info, options.attributes);
      return commit(store, to, source.bytes, {
        attributes,
        objectTags: store.tags.get(from),
        ...(options.ifNoneMatch && { ifNoneMatch: '*' }),
      });
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
      return commit(store, key, bytes, {
        attributes: patchAttributes(info, patch),
        checksum: info.checksums?.['sha256'],
        objectTags: store.tags.get(key),
      });
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

    objectTags: {
      async get(key) {
        request(store);
        find(store, key);
        return { ...store.tags.get(key) };
      },
      async set(key, tags) {
        request(store);
        find(store, key);
        store.tags.set(key, { ...tags });
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
