import { StorageError } from '@granary/storage-core/provider';
import { Dexie } from 'dexie';
import { dexieSchema, FORMAT_VERSION, META, type MetaRow } from './idb-schema.ts';

/** The names of Dexie's own way to count: a database of its version 1 has 10 in IndexedDB. */
const DEXIE_STEPS = 10;
/** Another tab may change the database between the look at it and the opening; so often we look again. */
const MAX_LOOKS = 5;

export interface OpenSettings {
  readonly dbName: string;
  readonly appVersion: number;
  readonly durability: 'strict' | 'relaxed';
  /** Metadata fields with an index. */
  readonly fields: readonly string[];
  readonly indexedDB: IDBFactory;
  readonly keyRange: typeof IDBKeyRange;
  /** Makes the id of a new store. */
  readonly newStoreId: () => string;
  /** Another tab holds the database open and does not let go of it. */
  readonly onBlocked: () => void;
}

/** A database that is open. */
export interface Opening {
  readonly dexie: Dexie;
  readonly storeId: string;
  /** It was made just now. */
  readonly isNew: boolean;
  /** Metadata fields that have an index, those that others asked for included. */
  readonly fields: readonly string[];
}

/** What is there before it is opened for use. */
interface Look {
  /** 0: there is no database. */
  readonly version: number;
  readonly hasTables: boolean;
  readonly isForeign: boolean;
  readonly fields: readonly string[];
  readonly meta: ReadonlyMap<string, unknown>;
}

/**
 * Looks at the database first, and changes nothing when later code has made it; then opens it with
 * Dexie, which makes the tables and indexes that are missing. The native version goes up by one with
 * each such change, and when the app's version rises, so that tabs with older code are told to let go.
 * Errors: `invalid-data` for a database of a later format; `unsupported` for a later version of the
 * app; `invalid-config` for a database that is something else.
 */
export async function openDatabase(settings: OpenSettings): Promise<Opening> {
  for (let looks = 1; ; looks += 1) {
    const look = await lookAt(settings);
    checkLook(look, settings);
    const opening = await openAs(look, settings);
    if (opening !== undefined) return opening;
    if (looks === MAX_LOOKS) {
      throw new StorageError('conflict', 'other tabs keep on upgrading the database.', {
        outcome: 'not-applied',
        hint: 'Try again, or close the other tabs of this site.',
      });
    }
  }
}

/** Errors: those of {@link openDatabase}. */
function checkLook(look: Look, { dbName, appVersion }: OpenSettings): void {
  if (look.isForeign) {
    throw new StorageError(
      'invalid-config',
      `the database "${dbName}" is there already and was made by something else.`,
      { outcome: 'not-applied', hint: 'Choose another dbName.' },
    );
  }
  const format = numberIn(look, META.format);
  if (format > FORMAT_VERSION) {
    throw new StorageError(
      'invalid-data',
      `the database has format ${format}, and this code knows formats up to ${FORMAT_VERSION}.`,
      {
        outcome: 'not-applied',
        hint: 'Reload the page to get its newest version; nothing in the database was changed.',
      },
    );
  }
  const version = numberIn(look, META.appVersion);
  if (version > appVersion) {
    throw new StorageError(
      'unsupported',
      `version ${version} of the app has opened the database, and this is version ${appVersion}.`,
      {
        outcome: 'not-applied',
        hint: 'Reload the page to get its newest version; nothing in the database was changed.',
      },
    );
  }
}

/** `undefined`: the database is no longer what the look saw. */
async function openAs(look: Look, settings: OpenSettings): Promise<Opening | undefined> {
  const { dbName, appVersion, durability, indexedDB, keyRange } = settings;
  const fields = [...new Set([...look.fields, ...settings.fields])];
  const isCurrent =
    look.hasTables &&
    fields.length === look.fields.length &&
    numberIn(look, META.format) === FORMAT_VERSION &&
    numberIn(look, META.appVersion) === appVersion;
  const version = look.version === 0 ? DEXIE_STEPS : look.version + (isCurrent ? 0 : 1);
  const kept = look.meta.get(META.storeId);
  const storeId = typeof kept === 'string' ? kept : settings.newStoreId();
  const meta: readonly MetaRow[] = [
    { name: META.format, value: FORMAT_VERSION },
    { name: META.storeId, value: storeId },
    { name: META.appVersion, value: appVersion },
  ];

  const dexie = new Dexie(dbName, {
    autoOpen: false,
    cache: 'disabled',
    chromeTransactionDurability: durability,
    indexedDB,
    IDBKeyRange: keyRange,
  });
  // What Dexie's live queries want to know of each write, and tell all tabs of the site. Ours have `watch`.
  dexie.unuse({ stack: 'dbcore', name: 'Observability' });
  let isNew = false;
  let hasUpgraded = false;
  silence(dexie);
  dexie.on('versionchange', () => dexie.close());
  dexie.on('blocked', settings.onBlocked);
  dexie.on('populate', (tx) => {
    isNew = true;
    return tx.table<MetaRow>('meta').bulkPut(meta);
  });
  dexie
    .version(version / DEXIE_STEPS)
    .stores(dexieSchema(fields))
    .upgrade((tx) => {
      hasUpgraded = true;
      return tx.table<MetaRow>('meta').bulkPut(meta);
    });

  await dexie.open();
  // Dexie would open a lost connection again by itself, without a look at what is there by then.
  dexie.open = () => Dexie.Promise.reject(new Dexie.DatabaseClosedError('the connection was lost'));
  const wasExpected = isNew ? look.version === 0 : isCurrent || hasUpgraded;
  if (wasExpected && dexie.backendDB().version === version) {
    return { dexie, storeId, isNew: isNew || typeof kept !== 'string', fields };
  }
  dexie.close();
  return undefined;
}

/** Takes away Dexie's own listeners, which write to the console; ours stand in for them. */
function silence(dexie: Dexie): void {
  const events: readonly { unsubscribe(listener: unknown): void; subscribers?: unknown }[] = [
    dexie.on.versionchange,
    dexie.on.blocked,
  ];
  for (const event of events) {
    const { subscribers = [] } = event;
    for (const listener of Array.isArray(subscribers) ? [...subscribers] : []) {
      event.unsubscribe(listener);
    }
  }
}

/** Opens without a version, which changes nothing, reads what is there, and closes again. */
function lookAt({ dbName, indexedDB }: OpenSettings): Promise<Look> {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(dbName);
    request.onupgradeneeded = () => {
      // There is none. Aborting leaves none, https://www.w3.org/TR/IndexedDB/#abort-an-upgrade-transaction
      request.onerror = (event) => {
        event.preventDefault();
        resolve({ version: 0, hasTables: false, isForeign: false, fields: [], meta: new Map() });
      };
      request.transaction?.abort();
    };
    request.onerror = () => reject(request.error);
    request.onsuccess = () => {
      const database = request.result;
      database.onversionchange = () => database.close();
      readLook(database)
        .then(resolve, reject)
        .finally(() => database.close());
    };
  });
}

function readLook(database: IDBDatabase): Promise<Look> {
  const { version, objectStoreNames } = database;
  const names = Array.from(objectStoreNames);
  const expected = Object.keys(dexieSchema([]));
  const base = { version, hasTables: expected.every((name) => names.includes(name)) };
  if (!names.includes('meta')) {
    const isForeign = names.length > 0;
    return Promise.resolve({ ...base, isForeign, fields: [], meta: new Map() });
  }
  return new Promise((resolve, reject) => {
    const tx = database.transaction(
      names.filter((name) => name === 'meta' || name === 'infos'),
      'readonly',
    );
    const indexes = names.includes('infos') ? Array.from(tx.objectStore('infos').indexNames) : [];
    const request: IDBRequest<unknown[]> = tx.objectStore('meta').getAll();
    tx.onabort = () => reject(tx.error);
    tx.oncomplete = () => {
      const meta = new Map(
        request.result.filter(isMetaRow).map(({ name, value }) => [name, value]),
      );
      resolve({
        ...base,
        isForeign: !meta.has(META.format),
        fields: indexes.flatMap((name) =>
          name.startsWith(FIELD) ? [name.slice(FIELD.length)] : [],
        ),
        meta,
      });
    };
  });
}

const FIELD = 'metadata.';

function isMetaRow(row: unknown): row is MetaRow {
  return typeof row === 'object' && row !== null && 'name' in row && 'value' in row;
}

function numberIn({ meta }: Look, name: string): number {
  const value = meta.get(name);
  return typeof value === 'number' ? value : 0;
}
