import {
  type ChangeEvent,
  type ChangesOptions,
  type ChangesPage,
  StorageError,
  type Watcher,
  type WatchOptions,
} from '@granary/storage-core/provider';
import { Dexie, type Table, type Transaction } from 'dexie';
import { isConnectionLost, toIdbError } from './idb-errors.ts';
import { type Opening, openDatabase } from './idb-open.ts';
import type { TableName, Tables } from './idb-schema.ts';

/** A transaction over the tables that were asked for. It ends when anything else is awaited in it. */
export interface IdbTransaction {
  table<Name extends TableName>(name: Name): Table<Tables[Name], unknown>;
  readonly dexie: Transaction;
}

/** Reads one row by its key, in a transaction that ends when anything else is awaited. */
export type RowReader = <Name extends TableName>(
  name: Name,
  key: string,
) => Promise<Tables[Name] | undefined>;

/** What is told each time when the database has been opened. */
export interface OpenedDatabase {
  readonly storeId: string;
  /** The database was made by this opening. */
  readonly isNew: boolean;
  /** Of the last opening by this provider: another one when the store was deleted meanwhile. */
  readonly previousStoreId: string | undefined;
}

/** The open database. It opens itself with the first operation, and again when the connection was lost. */
export interface IdbStore {
  readonly dbName: string;
  /** Random: tells this provider from others, in this tab and in others. */
  readonly writer: string;
  /** Known from the first opening on. */
  readonly storeId: string | undefined;
  /** Known while it is open. */
  readonly dexie: Dexie | undefined;
  /** Metadata fields that have an index. Known from the first opening on. */
  readonly fields: readonly string[];
  /** Opens, unless it is open. Errors: `unsupported`; `invalid-data` for a database of later code; `conflict` when other tabs block. */
  open(): Promise<Dexie>;
  /**
   * Runs `work` in one transaction that reads. When the connection is lost, it opens again and runs
   * `work` once more. Errors of the database come as `StorageError`.
   */
  read<Result>(
    tables: readonly TableName[],
    work: (tx: IdbTransaction) => PromiseLike<Result>,
  ): Promise<Result>;
  /** As `read` for a row or two, by the bare calls: a transaction of Dexie's would take half as long again. */
  readRows<Result>(
    tables: readonly TableName[],
    work: (get: RowReader) => PromiseLike<Result>,
  ): Promise<Result>;
  /**
   * As `read`, in a transaction that writes; what `work` throws undoes all of it. `isReplay`: an earlier
   * run was interrupted, and it may have been committed all the same.
   */
  write<Result>(
    tables: readonly TableName[],
    work: (tx: IdbTransaction, isReplay: boolean) => PromiseLike<Result>,
  ): Promise<Result>;
  /** Tells of every opening, before the operation goes on. Returns what ends it. */
  onOpened(listener: (opened: OpenedDatabase) => void): () => void;
  /** Errors afterwards: `closed`. */
  close(): Promise<void>;
}

/** The feed of changes: the truth is the table `changes`. */
export interface ChangeLog {
  /** Within a transaction that writes and that includes `changes`. */
  record(tx: IdbTransaction, events: readonly ChangeEvent[]): PromiseLike<unknown>;
  /** Tells other tabs and own watchers to look, after a commit that recorded something. */
  announce(): void;
  watch(options: WatchOptions): Promise<Watcher>;
  changes(options: ChangesOptions): AsyncIterable<ChangesPage>;
  close(): Promise<void>;
}

/** Makes room when the quota is used up. */
export interface QuotaGuard {
  /** Runs an operation that writes; on a full store sweeps and runs it once more. Errors: `quota-exceeded`, with `usage`. */
  guard<Result>(operation: () => Promise<Result>): Promise<Result>;
}

export interface StoreSettings {
  readonly dbName: string;
  readonly appVersion: number;
  readonly durability: 'strict' | 'relaxed';
  /** Metadata fields with an index. */
  readonly fields: readonly string[];
  readonly writer: string;
  readonly newStoreId: () => string;
  /** Default: those of the runtime. */
  readonly indexedDB?: IDBFactory | undefined;
  readonly keyRange?: typeof IDBKeyRange | undefined;
  /** How long an opening waits for other tabs that block it. Units: ms. */
  readonly blockedTimeoutMs: number;
}

export function idbStore(settings: StoreSettings): IdbStore {
  const { dbName, writer, blockedTimeoutMs } = settings;
  const listeners = new Set<(opened: OpenedDatabase) => void>();
  let current: Opening | undefined;
  let opening: Promise<Opening> | undefined;
  let isBlocked = false;
  const waiting = new Set<() => void>();
  let storeId: string | undefined;
  let fields: readonly string[] = settings.fields;
  let isClosed = false;

  async function start(): Promise<Opening> {
    const { indexedDB, keyRange } = platformOf(settings);
    const opened = await openDatabase({
      ...settings,
      indexedDB,
      keyRange,
      onBlocked() {
        isBlocked = true;
        for (const begin of waiting) begin();
      },
    });
    const { dexie } = opened;
    if (isClosed) {
      dexie.close();
      throw closedError();
    }
    dexie.on('close', () => {
      if (current?.dexie === dexie) current = undefined;
    });
    current = opened;
    const previousStoreId = storeId;
    storeId = opened.storeId;
    fields = opened.fields;
    for (const listener of listeners) {
      listener({ storeId: opened.storeId, isNew: opened.isNew, previousStoreId });
    }
    return opened;
  }

  /** One opening at a time, which goes on when somebody stops waiting for it. */
  function openOnce(): Promise<Opening> {
    opening ??= start().finally(() => {
      opening = undefined;
      isBlocked = false;
    });
    return opening;
  }

  async function openUnlessBlocked(): Promise<Opening> {
    const pending = openOnce();
    pending.catch(() => {});
    let timer: ReturnType<typeof setTimeout> | undefined;
    let begin = () => {};
    const blocked = new Promise<never>((_, reject) => {
      begin = () => {
        timer ??= setTimeout(() => reject(blockedError(dbName)), blockedTimeoutMs);
      };
    });
    waiting.add(begin);
    if (isBlocked) begin();
    try {
      return await Promise.race([pending, blocked]);
    } finally {
      waiting.delete(begin);
      clearTimeout(timer);
    }
  }

  async function open(): Promise<Dexie> {
    if (isClosed) throw closedError();
    if (current !== undefined) return current.dexie;
    try {
      return (await openUnlessBlocked()).dexie;
    } catch (error) {
      throw toIdbError(error);
    }
  }

  async function run<Result>(
    attempt: (dexie: Dexie, isReplay: boolean) => PromiseLike<Result>,
  ): Promise<Result> {
    for (let isReplay = false; ; isReplay = true) {
      const dexie = await open();
      try {
        return await attempt(dexie, isReplay);
      } catch (error) {
        const canReplay = !isReplay && !isClosed && isConnectionLost(error);
        if (!canReplay) throw toIdbError(error);
        if (current?.dexie === dexie) current = undefined;
        dexie.close();
      }
    }
  }

  return {
    dbName,
    writer,
    get storeId() {
      return storeId;
    },
    get dexie() {
      return current?.dexie;
    },
    get fields() {
      return fields;
    },
    open,
    read: (tables, work) => run((dexie) => transact(dexie, 'r!', tables, work)),
    readRows: (tables, work) => run(async (dexie) => work(rowReader(dexie, tables))),
    write: (tables, work) =>
      run((dexie, isReplay) => transact(dexie, 'rw!', tables, (tx) => work(tx, isReplay))),
    onOpened(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    async close() {
      isClosed = true;
      current?.dexie.close();
      current = undefined;
      listeners.clear();
    },
  };
}

function transact<Result>(
  dexie: Dexie,
  mode: 'r!' | 'rw!',
  tables: readonly TableName[],
  work: (tx: IdbTransaction) => PromiseLike<Result>,
): PromiseLike<Result> {
  return dexie.transaction(mode, [...tables], (dexieTx) =>
    work({ table: (name) => dexieTx.table(name), dexie: dexieTx }),
  );
}

function rowReader(dexie: Dexie, tables: readonly TableName[]): RowReader {
  if (!dexie.isOpen()) throw new Dexie.DatabaseClosedError('the connection was lost');
  const tx = dexie.backendDB().transaction([...tables], 'readonly');
  return (name, key) =>
    new Promise((resolve, reject) => {
      const request = tx.objectStore(name).get(key);
      request.onsuccess = () => resolve(request.result);
      request.onerror = (event) => {
        // Firefox would report it to the page as well.
        event.preventDefault();
        reject(request.error);
      };
    });
}

/** Errors: `unsupported` without IndexedDB; `permission-denied` where the browser does not let the page at it. */
function platformOf(settings: StoreSettings): {
  readonly indexedDB: IDBFactory;
  readonly keyRange: typeof IDBKeyRange;
} {
  try {
    const indexedDB: IDBFactory | undefined = settings.indexedDB ?? globalThis.indexedDB;
    const keyRange: typeof IDBKeyRange | undefined = settings.keyRange ?? globalThis.IDBKeyRange;
    if (indexedDB !== undefined && indexedDB !== null && keyRange !== undefined) {
      return { indexedDB, keyRange };
    }
  } catch (error) {
    throw toIdbError(error);
  }
  throw new StorageError('unsupported', 'there is no IndexedDB here.', {
    outcome: 'not-applied',
    hint: 'Use a browser that has it, or another storage such as createMemory().',
  });
}

function closedError(): StorageError {
  return new StorageError('closed', 'the storage was closed.', { outcome: 'not-applied' });
}

function blockedError(dbName: string): StorageError {
  return new StorageError(
    'conflict',
    `another tab keeps the database "${dbName}" open in an older version.`,
    {
      retryable: true,
      outcome: 'not-applied',
      hint: 'Close or reload the other tabs of this site, then try again.',
    },
  );
}
