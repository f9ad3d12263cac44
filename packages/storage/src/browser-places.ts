import { StorageError, type StorageProvider } from '@granary/storage-core/provider';
import {
  createIndexedDB,
  type EvictedEvent,
  type IndexedDBOptions,
  type LargeObjectNotice,
} from '@granary/storage-idb';
import { createLocalStorage, type LocalStorageOptions } from '@granary/storage-localstorage';
import type {
  App,
  Automatic,
  BackendOptions,
  EntryBackend,
  LooseConfig,
} from './create-storage.ts';
import type { Platform, PlatformGlobals } from './detect-platform.ts';
import { type MoveLocks, moveUp } from './move-up.ts';
import type { BrowserStoreOptions } from './storage-config.ts';

/** What of a browser is looked at here. All of it may be missing, or throw. */
export interface BrowserGlobals extends PlatformGlobals {
  readonly indexedDB?: { databases?(): Promise<readonly { readonly name?: string }[]> };
  readonly localStorage?: { getItem(name: string): string | null } | null;
  readonly navigator?: {
    readonly userAgent?: string;
    readonly locks?: MoveLocks;
    readonly storage?: { getDirectory?(): Promise<FileSystemDirectoryHandle> };
  };
}

/** Options of `createStorage()` that are for IndexedDB alone. */
export const AUTOMATIC_OPTIONS: readonly (keyof BrowserStoreOptions)[] = [
  'version',
  'durability',
  'indexes',
  'blockedTimeoutMs',
  'onEvicted',
  'onQuota',
  'evictable',
  'largeObjects',
];

/** IndexedDB, in a page, a worker or Electron's window. */
export function indexedDBBackend(globals: BrowserGlobals): EntryBackend {
  return {
    needsFileSystem: false,
    provider: (options, app) =>
      whenOpen(createIndexedDB.provider(indexedDBOptions(options, app, globals)), () =>
        tellOfLargeObjects(options, app, globals),
      ),
    async holdsData({ dbName }, { appName }) {
      try {
        const databases = (await globals.indexedDB?.databases?.()) ?? [];
        return databases.some(({ name }) => name === (dbName ?? appName));
      } catch {
        // Who may not look has nothing there.
        return false;
      }
    },
  };
}

/** localStorage, in a page. */
export const localStorageBackend: EntryBackend = {
  needsFileSystem: false,
  provider: (options, { appName }) => {
    const own: LocalStorageOptions = options;
    return createLocalStorage.provider({ namespace: appName, ...own });
  },
};

/** What is used in a browser when nothing is said: what lasts and holds most, first. Errors: `invalid-config`. */
export function browserPlaces(
  { runtime }: Platform,
  config: LooseConfig,
  globals: BrowserGlobals,
): Automatic {
  checkAppName(config.appName);
  const own = AUTOMATIC_OPTIONS.flatMap((name) =>
    config[name] === undefined ? [] : [[name, config[name]]],
  );
  const indexedDB = { type: 'idb', ...Object.fromEntries(own) };
  const isWorker = runtime === 'worker';
  return {
    places: [indexedDB, ...(isWorker ? [] : ['localstorage']), 'memory'],
    reason: `This is a ${isWorker ? 'worker' : 'browser'}, and IndexedDB is the best that it has.`,
    moveUp: async (to, { appName }) => {
      if (to.name !== 'idb' || !mayHoldItems(globals, appName)) return undefined;
      const from = createLocalStorage.provider({ namespace: appName });
      try {
        await from.open?.({});
        const lock = `granary-move-up:${appName}`;
        return await moveUp({ from, to, locks: globals.navigator?.locks, lock });
      } finally {
        await from.close?.();
      }
    },
  };
}

/** The name of an application is one that a folder could have, in a browser too. */
function checkAppName(appName: string | undefined): void {
  if (appName === undefined || /^[^\\/:*?"<>|\p{Cc}]{1,100}$/u.test(appName)) return;
  throw new StorageError(
    'invalid-config',
    `appName ${JSON.stringify(appName)} cannot be the name of an application.`,
    { operation: 'createStorage', hint: 'Use letters, digits and dashes, such as "my-app".' },
  );
}

/** The same provider, which tells when it has been opened. */
function whenOpen(provider: StorageProvider, tell: () => void): StorageProvider {
  const open: StorageProvider['open'] = async (options) => {
    const capabilities = await provider.open?.(options);
    tell();
    return capabilities;
  };
  // It may get operations when it is opened, so they are looked up with each call.
  return Object.create(provider, { open: { value: open, enumerable: true } });
}

/** Whether localStorage was ever used for the application: then the store has left an item of this name. */
function mayHoldItems(globals: BrowserGlobals, appName: string): boolean {
  try {
    return (globals.localStorage?.getItem(`granary:${appName}`) ?? null) !== null;
  } catch {
    // Storage that the user forbids holds nothing that could be moved.
    return false;
  }
}

function indexedDBOptions(
  options: BackendOptions,
  app: App,
  globals: BrowserGlobals,
): IndexedDBOptions {
  const { largeObjects, onEvicted, ...own } = options as IndexedDBOptions;
  checkLargeObjects(options['largeObjects']);
  const told = evictionListener(onEvicted, app);
  const database: IndexedDBOptions = { dbName: app.appName, ...own, onEvicted: told };
  const directory = largeDirectory(options, globals);
  if (directory === undefined) return database;
  const onNotice = ({ message }: LargeObjectNotice) => warnOfLarge(app, message);
  return { ...database, largeObjects: { ...largeObjects, directory, onNotice } };
}

function tellOfLargeObjects(options: BackendOptions, app: App, globals: BrowserGlobals): void {
  if (options['largeObjects'] === false || largeDirectory(options, globals) !== undefined) return;
  warnOfLarge(
    app,
    'Large objects are kept in IndexedDB: this page has no file system of its own (OPFS), which needs https or localhost.',
  );
}

/** Warns, and tells the application's own listener. What is none goes on as it is: the backend refuses it. */
function evictionListener(
  own: IndexedDBOptions['onEvicted'],
  { onWarning }: App,
): (event: EvictedEvent) => void {
  if (own !== undefined && typeof own !== 'function') return own;
  return (event) => {
    const message = `What was stored in IndexedDB as "${event.dbName}" is gone: the browser has deleted it, or somebody has cleared it. The storage begins empty.`;
    onWarning({ code: 'evicted', message, chosen: 'idb', failed: [] });
    own?.(event);
  };
}

function warnOfLarge({ onWarning }: App, message: string): void {
  onWarning({ code: 'large-objects', message, chosen: 'idb', failed: [] });
}

/** Errors: `invalid-config` for what only plain JavaScript can pass. */
function checkLargeObjects(largeObjects: unknown): void {
  const isObject = typeof largeObjects === 'object' && largeObjects !== null;
  if (largeObjects === undefined || largeObjects === false || isObject) return;
  throw new StorageError(
    'invalid-config',
    'largeObjects is an object with `directory` or `fromBytes`, or `false` for none.',
    { operation: 'createStorage' },
  );
}

/** The directory of the options, else OPFS, which pages that are not secure do not have. */
function largeDirectory(
  options: BackendOptions,
  { navigator }: BrowserGlobals,
): (() => Promise<FileSystemDirectoryHandle>) | undefined {
  const { largeObjects = {} } = options as BrowserStoreOptions;
  if (largeObjects === false) return undefined;
  const storage = navigator?.storage;
  const getDirectory = storage?.getDirectory;
  const own = getDirectory && (() => getDirectory.call(storage));
  return largeObjects.directory ?? own;
}
