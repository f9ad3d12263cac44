import {
  type BackendFactory,
  type Capabilities,
  defineBackend,
  type GetOptions,
  type ListField,
  measureHealth,
  meetReadConditions,
  resolveRange,
  StorageError,
  type StorageProvider,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import { localStorageFromConfig } from './localstorage-config.ts';
import { localEvents } from './localstorage-events.ts';
import { type PageGlobals, pageStorage } from './localstorage-globals.ts';
import { fromContent } from './localstorage-item.ts';
import { itemNames } from './localstorage-keys.ts';
import { listItems } from './localstorage-list.ts';
import { type LocalStore, localStore } from './localstorage-store.ts';
import { changeTurns } from './localstorage-turns.ts';
import { copyItem, moveItem, setAttributes, takeOver } from './localstorage-write.ts';

const DEFAULT_NAMESPACE = 'granary';
const DEFAULT_OBJECT_BYTES = 256_000;
/**
 * Browsers give an origin 5 to 10 MB of UTF-16, which everything on it shares
 * (https://developer.mozilla.org/en-US/docs/Web/API/Storage_API/Storage_quotas_and_eviction_criteria,
 * read 2026-11-21).
 */
const DEFAULT_TOTAL_BYTES = 4_000_000;

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

/** Options of {@link createLocalStorage}. */
export interface LocalStorageOptions {
  /** Keeps stores on one origin apart: a name without a slash. Default: `granary`. */
  readonly namespace?: string;
  /** Largest object; a larger one fails with `too-large`. Units: bytes of content. Default: 256,000. */
  readonly maxObjectBytes?: number;
  /**
   * What all objects of the namespace may take together; a write beyond it fails with
   * `quota-exceeded`. Units: bytes as browsers count them, two for each UTF-16 unit of names and
   * values. Default: 4,000,000.
   */
  readonly maxTotalBytes?: number;
  /** The clock. Units: ms since 1970. Default: `Date.now`. */
  readonly now?: () => number;
}

/** The provider behind {@link createLocalStorage}, before core puts its half of the contract around it. */
export function localStorageProvider(
  options: LocalStorageOptions,
  globals: PageGlobals = globalThis as PageGlobals,
): StorageProvider {
  const { namespace = DEFAULT_NAMESPACE, now = Date.now } = options;
  const { maxObjectBytes = DEFAULT_OBJECT_BYTES, maxTotalBytes = DEFAULT_TOTAL_BYTES } = options;
  checkLimit('maxObjectBytes', maxObjectBytes);
  checkLimit('maxTotalBytes', maxTotalBytes);
  const names = itemNames(namespace);
  const locks = globals.navigator?.locks;
  const events = localEvents({
    globals,
    names,
    onOthers: () => opened?.recount(),
    onLeave: () => turns.letGo(),
  });
  const turns = changeTurns({
    locks,
    lock: names.lock,
    seenChange: () => store().seenChange(),
    inTurn: (run, least) => store().inTurn(run, least),
  });
  let opened: LocalStore | undefined;

  function store(): LocalStore {
    if (opened !== undefined) return opened;
    throw new StorageError('unavailable', 'the storage is not open.');
  }

  const provider: StorageProvider = {
    specVersion: 1,
    name: 'localstorage',
    capabilities: capabilitiesFor(maxObjectBytes, locks !== undefined),
    async open({ signal }) {
      const storage = pageStorage(globals);
      opened = localStore({ storage, names, maxTotalBytes, now, publish: events.publish });
      if (opened.id === undefined) await turns.take(() => store().create(), signal);
      events.close();
      events.open(storage);
      return {};
    },

    async get(key, options) {
      return readItem(store(), key, options);
    },
    async put(key, body, options) {
      const { ifMatch, ifNoneMatch, signal } = options;
      const write = await takeOver(body, options, maxObjectBytes);
      const conditions = {
        ...(ifMatch !== undefined && { ifMatch }),
        ...(ifNoneMatch && { ifNoneMatch }),
      };
      return turns.take(() => store().write(key, write, conditions), signal);
    },
    async stat(key) {
      return store().find(key).info;
    },
    async delete(key, { ifMatch, signal }) {
      const conditions = ifMatch === undefined ? {} : { ifMatch };
      return { existed: await turns.take(() => store().remove(key, conditions), signal) };
    },
    list: (options) => listItems(store(), options),

    copy: (from, to, options) =>
      turns.take(() => copyItem(store(), from, to, options), options.signal),
    move: (from, to, options) =>
      turns.take(() => moveItem(store(), from, to, options), options.signal),
    setMetadata: (key, patch, { ifMatch, signal }) =>
      turns.take(() => setAttributes(store(), key, patch, ifMatch), signal),

    watch: async (options) => events.watch(options),

    usage: async () => store().usage(),
    health: () => measureHealth(async () => store().keys('')),
    async close() {
      events.close();
      turns.letGo();
    },
  };
  // A property, because the store has an id when it is open and no earlier.
  return Object.defineProperty(provider, 'storeId', {
    enumerable: true,
    get: () => opened?.id,
  });
}

/**
 * A storage in the browser's localStorage: for a little data where IndexedDB cannot be had. Writes
 * are all or nothing; conditions hold between tabs where the browser has Web Locks, and are not
 * offered elsewhere. Nothing is touched before the first operation.
 * Errors: `unsupported` in workers; `permission-denied` where the user forbids storage; `too-large`
 * and `quota-exceeded` above the limits.
 */
export const createLocalStorage: BackendFactory<LocalStorageOptions> =
  /* @__PURE__ */ defineBackend({
    name: 'localstorage',
    provider: (options: LocalStorageOptions) => localStorageProvider(options),
    fromConfig: localStorageFromConfig,
  });

function capabilitiesFor(maxObjectBytes: number, hasLocks: boolean): Capabilities {
  return {
    rangeReads: true,
    readConditions: true,
    createIfAbsent: hasLocks,
    replaceIfMatch: hasLocks,
    deleteIfMatch: hasLocks,
    copyIfMatch: hasLocks,
    copyIfAbsent: hasLocks,
    setMetadataIfMatch: hasLocks,
    attributes: 'native',
    atomicAttributes: true,
    checksum: true,
    writeIds: true,
    etagCovers: 'attributes',
    listFields: LIST_FIELDS,
    listAttributes: true,
    listOrder: 'utf8',
    delimiter: 'any',
    copy: true,
    move: true,
    setMetadata: true,
    watch: true,
    usage: true,
    health: true,
    fileAndFolder: true,
    caseSensitive: true,
    durable: true,
    maxObjectBytes,
  };
}

/** Errors: `not-found`; `precondition-failed`; `not-modified`; `range-not-satisfiable`; `corrupted`. */
function readItem(store: LocalStore, key: string, options: GetOptions): StoredObject {
  const { range } = options;
  const item = store.find(key);
  const { info, content } = item;
  meetReadConditions(info.etag, options, key);
  const bytes = fromContent(key, content);
  if (range === undefined) return storedObject(info, { bytes: () => bytes });
  const part = resolveRange(range, info.size);
  const piece = bytes.slice(part.offset, part.offset + part.length);
  return storedObject(info, { bytes: () => piece }, { range: part });
}

/** Errors: `invalid-config`. */
function checkLimit(name: string, sizeBytes: number): void {
  if (Number.isSafeInteger(sizeBytes) && sizeBytes >= 1) return;
  throw new StorageError('invalid-config', `${name} is a whole number of bytes, not ${sizeBytes}.`);
}
