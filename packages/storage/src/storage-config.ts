import type { IStorageEngine, RetryOptions, StorageEngine } from '@granary/storage-core';
import type { CommonBackendOptions } from '@granary/storage-core/provider';
import type { FileSystemOptions } from '@granary/storage-fs';
import type { IndexedDBOptions, LargeObjectOptions } from '@granary/storage-idb';
import type { LocalStorageOptions } from '@granary/storage-localstorage';
import type { MemoryOptions } from '@granary/storage-memory';
import type { BackendName, FileSystemName } from './backend-names.ts';
import type { StorageWarning } from './fallback-provider.ts';

/** What can be said about any choice of a storage. */
export interface ChoiceOptions {
  /** Fails to open rather than use what does not outlive the program. Default: false. */
  readonly requireDurable?: boolean;
  /** Hears when another place than the first one is used, or one that is not durable. Default: nobody does; `getInfo()` tells too. */
  readonly onWarning?: (warning: StorageWarning) => void;
}

/** The place of an application. */
export interface AppFolderOptions {
  /**
   * Name of the application: for its folder among those where the operating system keeps
   * application data, and for what a browser keeps for it. One segment of a path. Default:
   * `granary`; applications that leave it out share one place.
   */
  readonly appName?: string;
}

/** The best there is on the platform. */
export interface AutoConfig extends ChoiceOptions, AppFolderOptions {
  readonly platform?: 'auto';
  readonly type?: never;
  readonly primary?: never;
  readonly engine?: undefined;
}

/** Where a browser keeps large objects. */
export interface LargeObjectsConfig extends Partial<Omit<LargeObjectOptions, 'onNotice'>> {}

/** What a browser's IndexedDB can be told by `createStorage()`. Other places go without. */
export interface BrowserStoreOptions
  extends Pick<
    IndexedDBOptions,
    | 'version'
    | 'durability'
    | 'indexes'
    | 'blockedTimeoutMs'
    | 'onEvicted'
    | 'onQuota'
    | 'evictable'
  > {
  /**
   * Where content of 8 MiB and more goes: a directory that the person chose, or `false` for
   * IndexedDB. Default: the origin's own file system (OPFS), and IndexedDB where there is none.
   */
  readonly largeObjects?: LargeObjectsConfig | false;
}

/** The best there is in a browser. */
export interface BrowserAutoConfig extends AutoConfig, BrowserStoreOptions {}

/** Keeps objects in IndexedDB: in the database `dbName`, else in the one of the application. */
export interface IndexedDBConfig
  extends Omit<IndexedDBOptions, 'largeObjects'>,
    BrowserStoreOptions,
    AppFolderOptions,
    CommonBackendOptions,
    ChoiceOptions {
  readonly type: 'idb' | 'indexeddb';
  readonly platform?: never;
  readonly primary?: never;
  readonly engine?: never;
}

/** Keeps objects in localStorage: in `namespace`, else in the one of the application. */
export interface LocalStorageConfig
  extends LocalStorageOptions,
    AppFolderOptions,
    CommonBackendOptions,
    ChoiceOptions {
  readonly type: 'localstorage';
  readonly platform?: never;
  readonly primary?: never;
  readonly engine?: never;
}

/** A storage that exists already. */
export interface EngineConfig<Engine extends IStorageEngine = IStorageEngine> {
  readonly engine: Engine;
  readonly platform?: never;
  readonly type?: never;
  readonly primary?: never;
}

/** Keeps objects in memory. */
export interface MemoryConfig extends MemoryOptions, CommonBackendOptions, ChoiceOptions {
  readonly type: 'memory';
  readonly platform?: never;
  readonly primary?: never;
  readonly engine?: never;
}

/** Keeps objects in a folder: `baseDir`, else the one of the application. */
export interface FileSystemConfig
  extends Partial<FileSystemOptions>,
    AppFolderOptions,
    CommonBackendOptions,
    ChoiceOptions {
  readonly type: FileSystemName;
  readonly platform?: never;
  readonly primary?: never;
  readonly engine?: never;
}

/** A backend that this package does not bring yet: fails with the line that installs it. */
export interface MissingConfig {
  readonly type: Exclude<BackendName, FileSystemName | 'memory' | 'idb' | 'indexeddb'>;
  readonly platform?: never;
  readonly primary?: never;
  readonly engine?: never;
  readonly [option: string]: unknown;
}

/** One place in a chain: a name, a name with options, or a storage. */
export type FallbackEntry<Config> = BackendName | Config | StorageEngine;

/** Several places, the first that opens is used. */
export interface FallbackConfig<Config> extends ChoiceOptions, AppFolderOptions {
  readonly primary: FallbackEntry<Config>;
  /** Tried in this order. What the platform does not have is passed over. Default: none. */
  readonly fallbacks?: readonly FallbackEntry<Config>[];
  /**
   * Around each place that is named here; a storage that is passed keeps its own. Default: what
   * each backend does by itself.
   */
  readonly retryPolicy?: RetryOptions;
  readonly platform?: never;
  readonly type?: never;
  readonly engine?: never;
}

type BrowserTypes =
  | MemoryConfig
  | IndexedDBConfig
  | LocalStorageConfig
  | (MissingConfig & { readonly type: Exclude<MissingConfig['type'], 'localstorage'> });
type DesktopTypes = MemoryConfig | IndexedDBConfig | FileSystemConfig | MissingConfig;

/** What `createStorage` of `/browser` takes. */
export type BrowserConfig = BrowserAutoConfig | BrowserTypes | FallbackConfig<BrowserTypes>;

/** What `createStorage` of `/desktop` takes. */
export type DesktopConfig = AutoConfig | DesktopTypes | FallbackConfig<DesktopTypes>;
