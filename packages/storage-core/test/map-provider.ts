import { patchAttributes, pickAttributes } from '../src/attributes/check-attributes.ts';
import { checkSha256, sha256 } from '../src/attributes/sha256.ts';
import { resolveRange } from '../src/bodies/byte-range.ts';
import { storedObject } from '../src/bodies/stored-object.ts';
import type { ContentRange } from '../src/contract/body.ts';
import type { Capabilities } from '../src/contract/capabilities.ts';
import type { ObjectAttributes, ObjectInfo } from '../src/contract/object-info.ts';
import type {
  BatchResult,
  GetOptions,
  ListEntry,
  WriteConditions,
} from '../src/contract/operations.ts';
import type { StorageProvider } from '../src/contract/provider.ts';
import type { PartRules, UploadSession } from '../src/contract/upload.ts';
import { StorageError } from '../src/errors/storage-error.ts';
import { compareKeys } from '../src/keys/compare-keys.ts';
import { decodeCursor, encodeCursor } from '../src/listing/cursor.ts';
import { OPTIONAL_OPERATIONS } from '../src/provider/optional-operations.ts';

/** One write of the map. */
interface Entry {
  readonly bytes: Uint8Array;
  readonly info: ObjectInfo;
}

/** What a test changes about the provider. */
export interface MapSettings {
  /** Replaces what is declared; an optional operation that is not declared is not there. */
  readonly capabilities?: Partial<Capabilities>;
  /** Runs before an operation reads or writes the map. May throw, wait, or write meanwhile. */
  readonly before?: (operation: string, key: string, entries: MapProvider['entries']) => unknown;
  /** Entries of a page of a listing. Default: 3. */
  readonly pageSize?: number;
  readonly part?: Partial<PartRules>;
  readonly now?: () => number;
}

/** A provider over a `Map`, with what tests look at. */
export interface MapProvider extends StorageProvider {
  readonly entries: Map<string, Entry>;
  /** Operations that reached the provider: `get a`, `list p/`. */
  readonly calls: string[];
  readonly sessions: Map<string, Map<number, Uint8Array>>;
  /** Bodies that were handed out and neither read nor let go of. */
  readonly openBodies: Set<string>;
  /** Most parts that were written at the same time. */
  mostPartsAtOnce: number;
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
  checksum: true,
  uploadChecksum: true,
  etagCovers: 'attributes',
  listFields: ['size', 'etag', 'modifiedAt'],
  listAttributes: true,
  listOrder: 'utf8',
  delimiter: 'any',
  putMany: true,
  getMany: true,
  deleteMany: true,
  atomicBatch: true,
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
  watch: true,
  changes: true,
  usage: true,
  health: true,
};

/** Capabilities of a store that can do the five required operations and no more. */
export const BARE: Partial<Capabilities> = Object.fromEntries(
  Object.keys(ALL).map((name) => [name, undefined]),
);

/** Makes a provider over a `Map` that does everything, or what a test leaves of it. */
export function mapProvider(settings: MapSettings = {}): MapProvider {
  const { before = () => {}, pageSize = 3, now = Date.now } = settings;
  const capabilities: Capabilities = Object.fromEntries(
    Object.entries({ ...ALL, ...settings.capabilities }).filter(([, value]) => value !== undefined),
  );
  const part: PartRules = {
    minBytes: 4,
    maxBytes: 64 * 1024 * 1024,
    multipleOf: 1,
    maxParts: 10_000,
    order: 'any',
    needsTotal: false,
    ...settings.part,
  };
  const entries = new Map<string, Entry>();
  const calls: string[] = [];
  const sessions: MapProvider['sessions'] = new Map();
  const openBodies = new Set<string>();
  let writes = 0;

  async function enter(operation: string, key: string): Promise<void> {
    calls.push(`${operation} ${key}`.trim());
    await before(operation, key, entries);
  }

  function find(key: string): Entry {
    const entry = entries.get(key);
    if (entry === undefined) throw new StorageError('not-found', 'there is no such object.');
    return entry;
  }

  function checkWrite(key: string, { ifMatch, ifNoneMatch }: WriteConditions): void {
    const etag = entries.get(key)?.info.etag;
    if ((ifMatch !== undefined && etag !== ifMatch) || (ifNoneMatch && etag !== undefined)) {
      throw new StorageError('precondition-failed', 'the condition does not hold.');
    }
  }

  function write(
    key: string,
    bytes: Uint8Array,
    attributes: ObjectAttributes,
    checksum?: 'sha256',
  ): ObjectInfo {
    writes += 1;
    const info: ObjectInfo = {
      ...pickAttributes(attributes),
      key,
      size: bytes.byteLength,
      etag: `e${writes}`,
      modifiedAt: new Date(now()),
      createdAt: entries.get(key)?.info.createdAt ?? new Date(now()),
      ...(checksum && { checksums: { sha256: `sha256-${bytes.byteLength}` } }),
    };
    entries.set(key, { bytes: bytes.slice(), info });
    return info;
  }

  function read(key: string, { range, ifMatch, ifNoneMatch }: GetOptions) {
    const { bytes, info } = find(key);
    if (ifMatch !== undefined && ifMatch !== info.etag) {
      throw new StorageError('precondition-failed', 'it is another write.');
    }
    if (ifNoneMatch === info.etag) throw new StorageError('not-modified', 'it is the same.');
    const resolved = range === undefined ? undefined : resolveRange(range, info.size);
    const start = resolved?.offset ?? 0;
    const content = bytes.slice(start, start + (resolved?.length ?? info.size));
    const id = `${key}#${calls.length}`;
    openBodies.add(id);
    return storedObject(
      info,
      {
        bytes() {
          openBodies.delete(id);
          return content;
        },
        cancel: () => void openBodies.delete(id),
      },
      resolved === undefined ? {} : { range: resolved },
    );
  }

  async function batch<Item, Value>(
    items: readonly Item[],
    keyOf: (item: Item) => string,
    run: (item: Item) => Promise<Value>,
  ): Promise<BatchResult<Value>[]> {
    const results: BatchResult<Value>[] = [];
    for (const item of items) {
      const key = keyOf(item);
      try {
        results.push({ key, ok: true, value: await run(item) });
      } catch (error) {
        results.push({ key, ok: false, error: error as Error });
      }
    }
    return results;
  }

  function session(key: string, token: string, attributes: ObjectAttributes): UploadSession {
    const parts = () => {
      const held = sessions.get(token);
      if (held === undefined) {
        throw new StorageError('conflict', 'the session is gone.', {
          retryable: false,
          restart: true,
        });
      }
      return held;
    };
    let atOnce = 0;
    return {
      key,
      token,
      part,
      async status() {
        const held: ContentRange[] = [...parts()]
          .toSorted(([a], [b]) => a - b)
          .map(([offset, bytes]) => ({ offset, length: bytes.byteLength }));
        return { held };
      },
      async write(offset, bytes, options) {
        atOnce += 1;
        provider.mostPartsAtOnce = Math.max(provider.mostPartsAtOnce, atOnce);
        const copy = bytes.slice();
        try {
          await enter(`part ${offset}`, key);
          options?.signal?.throwIfAborted();
          parts().set(offset, copy);
        } finally {
          atOnce -= 1;
        }
      },
      async complete(options = {}) {
        await enter('complete', key);
        checkWrite(key, options);
        const all = [...parts()].toSorted(([a], [b]) => a - b);
        const whole = new Uint8Array(all.reduce((sum, [, bytes]) => sum + bytes.byteLength, 0));
        let end = 0;
        for (const [offset, bytes] of all) {
          if (offset !== end) throw new StorageError('invalid-argument', 'bytes are missing.');
          whole.set(bytes, offset);
          end += bytes.byteLength;
        }
        checkSha256(await sha256(whole), options.checksum);
        sessions.delete(token);
        const info = write(key, whole, attributes);
        if (options.checksum === undefined) return info;
        const kept = { ...info, checksums: { sha256: options.checksum } };
        entries.set(key, { bytes: whole, info: kept });
        return kept;
      },
      async abort() {
        await enter('abort', key);
        sessions.delete(token);
      },
    };
  }

  const attributesOf = new Map<string, ObjectAttributes>();
  const complete: StorageProvider = {
    specVersion: 1,
    name: 'map',
    capabilities,
    storeId: 'store-1',
    native: entries,

    async get(key, options) {
      await enter('get', key);
      return read(key, options);
    },
    async put(key, body, options) {
      await enter('put', key);
      const bytes = await body.bytes();
      checkWrite(key, options);
      return write(key, bytes, options, options.checksum);
    },
    async stat(key) {
      await enter('stat', key);
      return find(key).info;
    },
    async delete(key, options) {
      await enter('delete', key);
      if (options.ifMatch !== undefined) checkWrite(key, options as WriteConditions);
      return { existed: entries.delete(key) };
    },
    async *list(options) {
      await enter('list', options.prefix ?? '');
      const {
        prefix = '',
        delimiter,
        cursor,
        startAfter = '',
        limit = Infinity,
        include,
      } = options;
      const after = cursor === undefined ? startAfter : String(decodeCursor(cursor, options));
      const groups = new Set<string>();
      const found = [...entries.keys()].toSorted(compareKeys).flatMap((key): ListEntry[] => {
        if (!key.startsWith(prefix)) return [];
        const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
        const name =
          end < 0 || delimiter === undefined ? key : key.slice(0, end + delimiter.length);
        if (groups.has(name) || (after !== '' && compareKeys(name, after) <= 0)) return [];
        groups.add(name);
        return [name === key ? item(key, include !== undefined) : { kind: 'prefix', key: name }];
      });
      const shown = found.slice(0, limit);
      for (let start = 0; start < shown.length; start += pageSize) {
        const page = shown.slice(start, start + pageSize);
        const hasMore = start + page.length < found.length;
        const last = page.at(-1)?.key ?? '';
        yield { entries: page, ...(hasMore && { cursor: encodeCursor(options, last) }) };
        await enter('page', last);
      }
    },

    async *candidates(query) {
      await enter('candidates', Object.keys(query).join());
      const { prefix = '', startAfter = '', tags = [] } = query;
      const found = [...entries.values()].filter(
        ({ info }) =>
          info.key.startsWith(prefix) &&
          compareKeys(info.key, startAfter) > 0 &&
          tags.every((tag) => info.tags?.includes(tag)),
      );
      const items = found
        .toSorted((one, other) => compareKeys(one.info.key, other.info.key))
        .map(({ info }): ListEntry => ({ kind: 'item', ...info }));
      for (let start = 0; start < items.length; start += pageSize) {
        yield { entries: items.slice(start, start + pageSize) };
      }
    },

    async putMany(all, { atomic }) {
      await enter('putMany', String(all.length));
      const undo = new Map(entries);
      const results = await batch(
        all,
        ({ key }) => key,
        async ({ key, body, options = {} }) => {
          await before('put', key, entries);
          checkWrite(key, options);
          return write(key, await body.bytes(), options, options.checksum);
        },
      );
      const failed = results.find(({ ok }) => !ok);
      if (!atomic || failed === undefined || failed.ok) return results;
      entries.clear();
      for (const [key, entry] of undo) entries.set(key, entry);
      throw failed.error;
    },
    async getMany(keys) {
      await enter('getMany', String(keys.length));
      return batch(
        keys,
        (key) => key,
        async (key) => read(key, {}),
      );
    },
    async deleteMany(keys) {
      await enter('deleteMany', String(keys.length));
      return batch(
        keys,
        (key) => key,
        async (key) => {
          await before('delete', key, entries);
          return { existed: entries.delete(key) };
        },
      );
    },
    async copy(from, to, options) {
      await enter('copy', from);
      const { bytes, info } = find(from);
      if (options.sourceIfMatch !== undefined && options.sourceIfMatch !== info.etag) {
        throw new StorageError('precondition-failed', 'the source is another write.');
      }
      checkWrite(to, options.ifNoneMatch === undefined ? {} : { ifNoneMatch: '*' });
      return write(to, bytes, patchAttributes(info, options.attributes));
    },
    async move(from, to, options) {
      await enter('move', from);
      const info = await complete.copy?.(from, to, options);
      entries.delete(from);
      return info as ObjectInfo;
    },
    async setMetadata(key, patch, { ifMatch }) {
      await enter('setMetadata', key);
      const { bytes, info } = find(key);
      if (ifMatch !== undefined) checkWrite(key, { ifMatch });
      return write(key, bytes, patchAttributes(info, patch));
    },
    async upload(key, { token, attributes = {} }) {
      await enter('upload', key);
      const name = token ?? `t${sessions.size}-${key}`;
      if (token === undefined) {
        sessions.set(name, new Map());
        attributesOf.set(name, attributes);
      } else if (!sessions.has(name)) {
        throw new StorageError('invalid-argument', 'there is no such session.');
      }
      return session(key, name, attributesOf.get(name) ?? {});
    },
    async *uploads() {
      for (const token of sessions.keys()) {
        yield { key: token.slice(3), token, startedAt: new Date(0) };
      }
    },
    presign: async (key, { method = 'GET', expiresInMs = 0 }) => ({
      url: `https://store.example/${key}?signed`,
      method,
      headers: {},
      expiresAt: new Date(now() + expiresInMs),
    }),
    publicUrl: (key) => `https://store.example/${key}`,
    versions: {
      async *list(key) {
        yield [find(key).info];
      },
      restore: async (key, version) => ({ ...find(key).info, version }),
    },
    async watch({ prefix = '' }) {
      await enter('watch', prefix);
      return {
        async *[Symbol.asyncIterator]() {
          yield { type: 'put', key: `${prefix}1` } as const;
        },
        async close() {},
        async [Symbol.asyncDispose]() {},
      };
    },
    async *changes({ cursor = 'c0' }) {
      yield { events: [{ type: 'reset' }], cursor: `${cursor}+` };
    },
    usage: async () => ({ usedBytes: 1, totalBytes: 2 }),
    health: async () => ({ ok: true, latencyMs: 7 }),
  };

  function item(key: string, withAttributes: boolean): ListEntry {
    const { info } = find(key);
    const { size, etag, modifiedAt } = info;
    if (withAttributes)
      return { kind: 'item', key, size, etag, modifiedAt, ...pickAttributes(info) };
    const fields = capabilities.listFields ?? [];
    const told = fields
      .filter((name) => info[name] !== undefined)
      .map((name) => [name, info[name]]);
    return { kind: 'item', key, ...Object.fromEntries(told) };
  }

  const missing = OPTIONAL_OPERATIONS.filter((name) => !capabilities[name]);
  const left = Object.fromEntries(
    Object.entries(complete).filter(
      ([name]) =>
        !(missing as readonly string[]).includes(name) &&
        (name !== 'uploads' || capabilities.upload === true),
    ),
  );
  const provider: MapProvider = {
    ...(left as unknown as StorageProvider),
    entries,
    calls,
    sessions,
    openBodies,
    mostPartsAtOnce: 0,
  };
  return provider;
}
