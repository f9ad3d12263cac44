import { StorageError } from '@granary/storage-core/provider';

const DATABASE = 'granary-opfs-handles';
const HANDLES = 'handles';
const VERSION = 1;

/** A folder that a person chose, as it is remembered. */
export interface StoredHandle {
  readonly handleId: string;
  readonly handle: FileSystemDirectoryHandle;
  readonly mode: 'read' | 'readwrite';
  readonly chosenAt: Date;
}

export async function readHandle(handleId: string): Promise<FileSystemDirectoryHandle | undefined> {
  return (await readStoredHandle(handleId))?.handle;
}

export function readStoredHandle(handleId: string): Promise<StoredHandle | undefined> {
  return inStore('readonly', (store) => store.get(handleId)) as Promise<StoredHandle | undefined>;
}

export function readAllHandles(): Promise<readonly StoredHandle[]> {
  return inStore('readonly', (store) => store.getAll()) as Promise<readonly StoredHandle[]>;
}

export async function writeHandle(stored: StoredHandle): Promise<void> {
  await inStore('readwrite', (store) => store.put(stored));
}

export async function deleteHandle(handleId: string): Promise<void> {
  await inStore('readwrite', (store) => store.delete(handleId));
}

/** Runs one request in a transaction of its own. The database is open for no longer. */
async function inStore(
  mode: IDBTransactionMode,
  request: (store: IDBObjectStore) => IDBRequest,
): Promise<unknown> {
  const { indexedDB } = globalThis;
  if (indexedDB === undefined) {
    throw new StorageError('unsupported', 'there is no IndexedDB to remember folders in.', {
      hint: 'Pass the folder itself as `directory`.',
    });
  }
  const opening = indexedDB.open(DATABASE, VERSION);
  opening.onupgradeneeded = () => {
    opening.result.createObjectStore(HANDLES, { keyPath: 'handleId' });
  };
  const database = await new Promise<IDBDatabase>((resolve, reject) => {
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  try {
    const transaction = database.transaction(HANDLES, mode);
    return await new Promise((resolve, reject) => {
      const asked = request(transaction.objectStore(HANDLES));
      transaction.oncomplete = () => resolve(asked.result);
      // With no error where the browser itself ended it.
      transaction.onabort = () => reject(transaction.error ?? new DOMException('', 'AbortError'));
    });
  } finally {
    database.close();
  }
}
