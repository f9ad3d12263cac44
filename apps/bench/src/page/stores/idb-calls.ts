/** Opens a database, made by `upgrade` when it is new. */
export function openDatabase(
  name: string,
  upgrade: (database: IDBDatabase) => void,
): Promise<IDBDatabase> {
  const request = indexedDB.open(name, 1);
  request.onupgradeneeded = () => upgrade(request.result);
  return resultOf(request);
}

/** What still has a database open has so long to let go of it. Units: ms. */
const RELEASE_TIMEOUT_MS = 5000;

/** Deletes a database. Rejects when something goes on to have it open. */
export function deleteDatabase(name: string): Promise<unknown> {
  const request = indexedDB.deleteDatabase(name);
  const blocked = new Promise<never>((_, reject) => {
    // Also told of a connection that is about to close.
    request.onblocked = () =>
      setTimeout(
        () => reject(new Error(`The database "${name}" is still open.`)),
        RELEASE_TIMEOUT_MS,
      );
  });
  return Promise.race([resultOf(request), blocked]);
}

/** Waits for a request. */
export function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** Waits for the end of a transaction. */
export function doneOf(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
}
