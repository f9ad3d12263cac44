/*
 * What browsers have and TypeScript's library for workers does not say, by shape. Pages and workers
 * have different globals, so what only pages have is looked up here.
 */

/** `move` is in no standard yet: https://github.com/whatwg/fs/pull/10 (read 2026-11-21). */
export interface MovableFileHandle extends FileSystemFileHandle {
  move?(parent: FileSystemDirectoryHandle, name: string): Promise<void>;
}

/** How a folder may be used. */
export type AccessMode = 'read' | 'readwrite';

interface PermissionDescriptor {
  readonly mode: AccessMode;
}

/** https://wicg.github.io/file-system-access/#api-filesystemhandle (read 2026-11-21). */
export interface PermissionHandle {
  queryPermission?(descriptor: PermissionDescriptor): Promise<PermissionState>;
  requestPermission?(descriptor: PermissionDescriptor): Promise<PermissionState>;
}

/** One change that the browser saw: https://github.com/whatwg/fs/pull/165 (read 2026-11-21). */
export interface ChangeRecord {
  readonly type: 'appeared' | 'disappeared' | 'modified' | 'moved' | 'unknown' | 'errored';
  readonly relativePathComponents?: readonly string[] | null;
  readonly relativePathMovedFrom?: readonly string[] | null;
}

/** Tells of changes below a folder, whoever makes them. */
export interface FolderObserver {
  observe(handle: FileSystemDirectoryHandle, options: { recursive: boolean }): Promise<void>;
  disconnect(): void;
}

export type FolderObserverConstructor = new (
  callback: (records: readonly ChangeRecord[]) => void,
) => FolderObserver;

interface DirectoryPickerOptions {
  readonly id?: string;
  readonly mode?: AccessMode;
  readonly startIn?: string | FileSystemHandle;
}

interface PageGlobals {
  readonly FileSystemObserver?: FolderObserverConstructor;
  showDirectoryPicker?(options?: DirectoryPickerOptions): Promise<FileSystemDirectoryHandle>;
}

/** The parts of a browser that the provider works with. Tests hand over others. */
export interface Platform {
  /** The origin's own folder. Missing in insecure contexts and in old browsers. */
  readonly getDirectory: (() => Promise<FileSystemDirectoryHandle>) | undefined;
  readonly estimate: (() => Promise<StorageEstimate>) | undefined;
  readonly locks: LockManager | undefined;
  readonly observer: FolderObserverConstructor | undefined;
  /** Dedicated workers have synchronous access handles, pages have not. */
  readonly hasSyncHandles: boolean;
  readonly hasWritables: boolean;
  readonly now: () => number;
}

export function thisPlatform(): Platform {
  const { storage, locks } = (globalThis.navigator ?? {}) as Partial<WorkerNavigator>;
  const files = (globalThis.FileSystemFileHandle?.prototype ?? {}) as object;
  return {
    getDirectory: storage?.getDirectory?.bind(storage),
    estimate: storage?.estimate?.bind(storage),
    locks: globalThis.isSecureContext === false ? undefined : locks,
    observer: pageGlobals().FileSystemObserver,
    hasSyncHandles: 'createSyncAccessHandle' in files,
    hasWritables: 'createWritable' in files,
    now: () => Date.now(),
  };
}

export function pageGlobals(): PageGlobals {
  return globalThis as PageGlobals;
}
