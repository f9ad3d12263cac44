import { StorageError } from '@granary/storage-core/provider';
import { fromFailure } from './localstorage-errors.ts';

/** As much of the browser's `Storage` as is used. */
export interface WebStorage {
  readonly length: number;
  key(index: number): string | null;
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

/** As much of the browser's lock manager as is used. */
export interface WebLocks {
  request(
    name: string,
    options: { readonly mode: 'exclusive' | 'shared' },
    run: () => Promise<void>,
  ): Promise<unknown>;
  query(): Promise<{ readonly held?: readonly HeldLock[] }>;
}

/** A lock that some tab holds. */
export interface HeldLock {
  readonly name?: string;
  readonly clientId?: string;
}

/** What this backend takes from the page. All of it may be missing in a worker or in Node. */
export interface PageGlobals {
  /** Reading it throws where the user or an embedding page forbids storage. */
  readonly localStorage?: WebStorage | null;
  readonly navigator?: { readonly locks?: WebLocks };
  addEventListener?(type: string, listener: (event: Event) => void): void;
  removeEventListener?(type: string, listener: (event: Event) => void): void;
  dispatchEvent?(event: Event): boolean;
}

/**
 * The page's localStorage. Errors: `unsupported` where there is none; `permission-denied` where it
 * is forbidden.
 */
export function pageStorage(globals: PageGlobals): WebStorage {
  let storage: WebStorage | null | undefined;
  try {
    storage = globals.localStorage;
  } catch (error) {
    throw fromFailure(error);
  }
  // null in a WebView without DOM storage.
  if (storage !== undefined && storage !== null) return storage;
  throw new StorageError('unsupported', 'there is no localStorage here.', {
    outcome: 'not-applied',
    hint: 'Only pages have it, not workers and not Node: use IndexedDB (createIndexedDB) in a worker.',
  });
}
