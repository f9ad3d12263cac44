import {
  type BackendFactory,
  type BodySource,
  type Capabilities,
  type ConfigSource,
  defineBackend,
  type GetOptions,
  type ListField,
  meetReadConditions,
  meetWriteConditions,
  readOptions,
  resolveRange,
  StorageError,
  type StorageProvider,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import { memoryEvents } from './memory-events.ts';
import { copyInfo, type MemoryObject } from './memory-info.ts';
import { memoryStore } from './memory-store.ts';
import type { MemoryUploads } from './memory-upload.ts';
import { memoryVersions } from './memory-versions.ts';
import {
  attempt,
  copyObject,
  moveObject,
  putObject,
  putObjects,
  setAttributes,
} from './memory-write.ts';

const DEFAULT_PART_BYTES = 64 * 1024 * 1024;
const STREAM_CHUNK_BYTES = 256 * 1024;

const LIST_FIELDS: readonly ListField[] = [
  'size',
  'etag',
  'modifiedAt',
  'createdAt',
  'contentType',
  'metadata',
  'tags',
  'expiresAt',
  'checksums',
];

/** Options of {@link createMemory}. */
export interface MemoryOptions {
  /** Keeps every write as a version until it is deleted. Default: off. */
  readonly versioning?: boolean;
  /**
   * Bytes of content that fit, old versions and the parts of uploads included; a write beyond it
   * fails with `quota-exceeded`. Units: bytes. Default: no limit.
   */
  readonly quotaBytes?: number;
  /** Largest body of one `put`; larger ones go up in parts. Units: bytes. Default: no limit. */
  readonly maxPutBytes?: number;
  /** Largest part of an upload. Units: bytes. Default: 64 MiB. */
  readonly partBytes?: number;
  /** The clock. Units: ms since 1970. Default: `Date.now`. */
  readonly now?: () => number;
}

/** The provider behind {@link createMemory}, before core puts its half of the contract around it. */
export function memoryProvider(options: MemoryOptions): StorageProvider {
  const { versioning = false, quotaBytes, maxPutBytes, now = Date.now } = options;
  const { partBytes = maxPutBytes ?? DEFAULT_PART_BYTES } = options;
  checkLimit('quotaBytes', quotaBytes, 0);
  checkLimit('maxPutBytes', maxPutBytes, 1);
  checkLimit('partBytes', partBytes, 1);
  const events = memoryEvents();
  const store = memoryStore({
    versioning,
    quotaBytes: quotaBytes ?? Number.POSITIVE_INFINITY,
    now,
    publish: events.publish,
  });
  let uploads: MemoryUploads | undefined;

  return {
    specVersion: 1,
    name: 'memory',
    capabilities: capabilitiesFor(versioning, maxPutBytes),
    get storeId() {
      return store.id;
    },

    async get(key, options) {
      return readObject(store.find(key, options.version), options);
    },
    put: (key, body, options) => putObject(store, key, body, options),
    async stat(key, { version }) {
      return copyInfo(store.find(key, version).info);
    },
    async delete(key, { ifMatch, version }) {
      if (ifMatch !== undefined) {
        meetWriteConditions(store.get(key, version)?.info.etag, { ifMatch }, key);
      }
      return { existed: store.remove(key, version) };
    },
    async *list(options) {
      const { listObjects } = await import('./memory-list.ts');
      yield* listObjects(store, options);
    },

    putMany: (entries, options) => putObjects(store, entries, options),
    getMany: async (keys) => keys.map((key) => attempt(key, () => readObject(store.find(key), {}))),
    statMany: async (keys) => keys.map((key) => attempt(key, () => copyInfo(store.find(key).info))),
    // Nothing can fail here, so it is all or nothing with and without `atomic`.
    deleteMany: async (keys) =>
      keys.map((key) => ({ key, ok: true, value: { existed: store.remove(key) } })),

    copy: async (from, to, options) => copyObject(store, from, to, options),
    move: async (from, to, options) => moveObject(store, from, to, options),
    setMetadata: async (key, patch, options) => setAttributes(store, key, patch, options),

    async upload(key, options) {
      const { memoryUploads } = await import('./memory-upload.ts');
      uploads ??= memoryUploads(store, { partBytes, now });
      return uploads.open(key, options);
    },
    async *uploads({ prefix = '' }) {
      if (uploads !== undefined) yield* uploads.pending(prefix);
    },

    ...(versioning && { versions: memoryVersions(store) }),

    objectTags: {
      get: async (key) => ({ ...store.find(key).objectTags }),
      set: async (key, tags) => store.tag(key, tags),
    },

    watch: async (options) => events.watch(options),
    changes: (options) => events.changes(store.id, options),

    usage: async () => ({
      usedBytes: store.heldBytes,
      objects: store.objects.size,
      ...(quotaBytes !== undefined && { totalBytes: quotaBytes }),
    }),
    health: async () => ({ ok: true, latencyMs: 0 }),
  };
}

/**
 * A storage in memory: the fastest one, and gone with the process. It does all that a storage can
 * do but presigned requests and public URLs, and every write is atomic.
 * Errors: `quota-exceeded` when `quotaBytes` is used up.
 */
export const createMemory: BackendFactory<MemoryOptions> = /* @__PURE__ */ defineBackend({
  name: 'memory',
  provider: memoryProvider,
  fromConfig: memoryFromConfig,
});

function capabilitiesFor(versions: boolean, maxPutBytes: number | undefined): Capabilities {
  return {
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
    checksum: true,
    uploadChecksum: true,
    writeIds: true,
    etagCovers: 'attributes',
    listFields: LIST_FIELDS,
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
    uploads: true,
    versions,
    deleteVersion: versions,
    objectTags: true,
    watch: true,
    changes: true,
    usage: true,
    health: true,
    fileAndFolder: true,
    caseSensitive: true,
    durable: false,
    ...(maxPutBytes !== undefined && { maxPutBytes }),
  };
}

/** Errors: `precondition-failed`; `not-modified`; `range-not-satisfiable`. */
function readObject({ bytes, info }: MemoryObject, options: GetOptions): StoredObject {
  const { key, etag, size } = info;
  const { range } = options;
  meetReadConditions(etag, options, key);
  if (range === undefined) return storedObject(copyInfo(info), new MemoryContent(bytes));
  const part = resolveRange(range, size);
  const content = bytes.subarray(part.offset, part.offset + part.length);
  return storedObject(copyInfo(info), new MemoryContent(content), { range: part });
}

/**
 * Hands out copies alone: nobody gets hold of the store's own buffer. A class, not a closure: a
 * small read costs one object.
 */
class MemoryContent implements BodySource {
  readonly #bytes: Uint8Array<ArrayBuffer>;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  bytes(): Uint8Array {
    return new Uint8Array(this.#bytes);
  }

  stream(): ReadableStream<Uint8Array> {
    const bytes = this.#bytes;
    let offset = 0;
    return new ReadableStream<Uint8Array>(
      {
        pull(controller) {
          const chunk = bytes.slice(offset, offset + STREAM_CHUNK_BYTES);
          offset += chunk.byteLength;
          if (chunk.byteLength > 0) controller.enqueue(chunk);
          else controller.close();
        },
      },
      { highWaterMark: 0 },
    );
  }
}

function memoryFromConfig(source: ConfigSource): MemoryOptions {
  return readOptions(source, {
    versioning: { type: 'boolean' },
    quotaBytes: { type: 'number' },
    maxPutBytes: { type: 'number' },
    partBytes: { type: 'number' },
  });
}

/** Errors: `invalid-config`. */
function checkLimit(name: string, sizeBytes: number | undefined, least: number): void {
  if (sizeBytes === undefined || sizeBytes >= least) return;
  throw new StorageError('invalid-config', `${name} is at least ${least}, not ${sizeBytes}.`);
}
