import { StorageError } from '@granary/storage-core';
import type { StoredDerivation } from '../key-derivation.ts';
import type { Sealed } from '../sealed-bytes.ts';

/** One credential, encrypted. */
export interface CredentialRow {
  /** The name of the entry: the key of the store. */
  readonly service: string;
  readonly sealed: Sealed;
}

/** How the vault's key is kept. */
export interface KeyRow {
  readonly id: 'key';
  /** Random: tells this vault from others. */
  readonly vault: string;
  /** The key itself, which cannot be exported; or it is sealed under a passphrase. */
  readonly key?: CryptoKey;
  readonly derivation?: StoredDerivation;
  readonly sealed?: Sealed;
}

interface Rows {
  readonly credentials: CredentialRow;
  readonly keys: KeyRow;
}
type StoreName = keyof Rows;

/** The database of a vault. */
export interface VaultDatabase {
  get<Name extends StoreName>(store: Name, key: string): Promise<Rows[Name] | undefined>;
  /** Resolves when it is on disk. */
  put<Name extends StoreName>(store: Name, row: Rows[Name]): Promise<void>;
  remove(store: StoreName, key: string): Promise<void>;
  names(store: StoreName): Promise<readonly string[]>;
  close(): void;
}

const VERSION = 1;
const KEY_PATHS: Readonly<Record<StoreName, string>> = { credentials: 'service', keys: 'id' };

/** Opens the database, and makes it where it is not there. Errors: `unavailable`, `conflict`. */
export async function openVaultDatabase(
  dbName: string,
  factory: IDBFactory,
): Promise<VaultDatabase> {
  const db = await openDatabase(dbName, factory);
  // Another tab deletes the database or has newer code: it must not wait for this one.
  db.onversionchange = () => db.close();

  async function run<Result>(
    store: StoreName,
    mode: IDBTransactionMode,
    work: (rows: IDBObjectStore) => IDBRequest<Result>,
  ): Promise<Result> {
    return new Promise((resolve, reject) => {
      try {
        const transaction = db.transaction(store, mode, { durability: 'strict' });
        const request = work(transaction.objectStore(store));
        transaction.oncomplete = () => resolve(request.result);
        transaction.onabort = () => reject(toDatabaseError(transaction.error ?? request.error));
      } catch (error) {
        reject(toDatabaseError(error));
      }
    });
  }

  return {
    get: (store, key) => run(store, 'readonly', (rows) => rows.get(key)),
    async put(store, row) {
      await run(store, 'readwrite', (rows) => rows.put(row));
    },
    async remove(store, key) {
      await run(store, 'readwrite', (rows) => rows.delete(key));
    },
    async names(store) {
      return (await run(store, 'readonly', (rows) => rows.getAllKeys())).map(String);
    },
    close: () => db.close(),
  };
}

function openDatabase(dbName: string, factory: IDBFactory): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const request = factory.open(dbName, VERSION);
    request.onupgradeneeded = () => {
      for (const [store, keyPath] of Object.entries(KEY_PATHS)) {
        if (!request.result.objectStoreNames.contains(store)) {
          request.result.createObjectStore(store, { keyPath });
        }
      }
    };
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(toDatabaseError(request.error));
  });
}

/** What IndexedDB fails with. https://w3c.github.io/IndexedDB/#exceptions (read 2026-11-21) */
export function toDatabaseError(error: unknown): StorageError {
  const { name } = (error ?? {}) as { readonly name?: unknown };
  switch (name) {
    case 'QuotaExceededError':
      return new StorageError('quota-exceeded', 'the browser has no room for it.');
    case 'VersionError':
      return new StorageError('invalid-data', 'newer code of this page made the database.', {
        hint: 'Reload the page.',
      });
    case 'InvalidStateError':
      return new StorageError('unavailable', 'the database was closed or deleted by another tab.', {
        hint: 'Open the vault anew.',
      });
    default:
      return new StorageError('unavailable', `IndexedDB failed: ${String(name ?? 'no reason')}.`, {
        hint: 'Private windows and blocked site data do without it.',
      });
  }
}
