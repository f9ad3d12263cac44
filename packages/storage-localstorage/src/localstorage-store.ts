import {
  type Checksums,
  meetWriteConditions,
  type ObjectAttributes,
  type ObjectInfo,
  StorageError,
  sortKeys,
  type Usage,
  type WriteConditions,
} from '@granary/storage-core/provider';
import { fromFailure, isFull } from './localstorage-errors.ts';
import type { LocalChange } from './localstorage-events.ts';
import type { WebStorage } from './localstorage-globals.ts';
import { type Content, formatItem, type Item, parseItem } from './localstorage-item.ts';
import type { ItemNames } from './localstorage-keys.ts';
import { randomId, readState, type StoreState, writeState } from './localstorage-state.ts';

/** Browsers count two bytes for each UTF-16 unit of names and values. */
const UNIT_BYTES = 2;

/** What a write stores. */
export interface LocalWrite {
  readonly content: Content;
  readonly attributes: ObjectAttributes;
  readonly checksums?: Checksums | undefined;
  readonly writeId?: string | undefined;
  /** The key that the content moves away from. */
  readonly movedFrom?: string | undefined;
}

export interface LocalStoreSettings {
  readonly storage: WebStorage;
  readonly names: ItemNames;
  readonly maxTotalBytes: number;
  readonly now: () => number;
  readonly publish: (event: LocalChange) => void;
}

/** Objects in localStorage. Each function runs to its end at once; those that write are called in a turn. */
export interface LocalStore {
  readonly id: string | undefined;
  readonly seenChange: () => number | undefined;
  /** Runs changes and counts them, above `least`. Returns the number of the last one, if there was one. */
  inTurn(run: () => void, least: number): number | undefined;
  /** Gives the store its id. Errors: `quota-exceeded` where nothing at all can be stored. */
  create(): void;
  /** Keys with the prefix, in UTF-8 order. */
  keys(prefix: string): readonly string[];
  /** Errors: `not-found`; `corrupted`. */
  find(key: string): Item;
  /** As `find`, without errors: `damaged` stands for an item that cannot be read. */
  look(key: string): Item | 'damaged' | undefined;
  /** Errors: `precondition-failed`; `quota-exceeded`. */
  write(key: string, write: LocalWrite, conditions: WriteConditions): ObjectInfo;
  /** Whether there was something to remove. Errors: `precondition-failed`. */
  remove(key: string, conditions: WriteConditions): boolean;
  usage(): Usage;
  /** Somebody else may have changed something. */
  recount(): void;
}

export function localStore(settings: LocalStoreSettings): LocalStore {
  const { storage, names, maxTotalBytes, now, publish } = settings;
  let state: StoreState | undefined;
  let hasChanged = false;
  let leastChange = 0;
  /** What our items take, while nobody else changed anything. */
  let counted: { units: number; readonly length: number } | undefined;

  function ownNames(): string[] {
    const found: string[] = [];
    for (let index = 0; index < storage.length; index += 1) {
      const name = storage.key(index);
      if (name !== null && names.keyOf(name) !== undefined) found.push(name);
    }
    return found;
  }

  function usedUnits(): number {
    if (counted?.length !== storage.length) {
      let units = 0;
      for (const name of ownNames()) units += sizeOf(name);
      counted = { units, length: storage.length };
    }
    return counted.units;
  }

  function sizeOf(name: string): number {
    const value = storage.getItem(name);
    return value === null ? 0 : name.length + value.length;
  }

  /** Changes one item and what is counted. */
  function change(name: string, value: string | undefined): void {
    const before = usedUnits() - sizeOf(name);
    ensureState();
    if (value === undefined) storage.removeItem(name);
    else storage.setItem(name, value);
    hasChanged = true;
    counted = {
      units: before + (value === undefined ? 0 : name.length + value.length),
      length: storage.length,
    };
  }

  /** The state is gone when the page or the user cleared localStorage. */
  function ensureState(): void {
    const found = readState(storage, names.state);
    if (found !== undefined) {
      state = found;
      return;
    }
    const next = { id: randomId(), change: Math.max(leastChange, state?.change ?? 0) };
    writeState(storage, names.state, next);
    state = next;
    hasChanged = true;
  }

  /** Deletes what has expired, to make room. */
  function sweep(keep: string | undefined): void {
    const nowMs = now();
    for (const name of ownNames()) {
      const key = names.keyOf(name);
      const item = key === undefined || key === keep ? undefined : look(key);
      if (key === undefined || item === undefined || item === 'damaged') continue;
      const { expiresAt } = item.info;
      if (expiresAt === undefined || expiresAt.getTime() > nowMs) continue;
      removeItem(key);
    }
  }

  function removeItem(key: string): void {
    const name = names.of(key);
    try {
      change(name, undefined);
    } catch (error) {
      if (!isFull(error)) throw error;
      // There is no room for the state; removing makes some.
      storage.removeItem(name);
      counted = undefined;
      ensureState();
      hasChanged = true;
    }
    publish({ type: 'delete', key });
  }

  function setItem(key: string, value: string, movedFrom: string | undefined): void {
    const name = names.of(key);
    const freed = movedFrom === undefined || movedFrom === key ? 0 : sizeOf(names.of(movedFrom));
    const fits = () => {
      const more = name.length + value.length - sizeOf(name);
      return more <= 0 || (usedUnits() + more - freed) * UNIT_BYTES <= maxTotalBytes;
    };
    if (!fits()) sweep(movedFrom);
    if (!fits()) throw full(key, name.length + value.length);
    try {
      change(name, value);
    } catch (error) {
      if (!isFull(error)) throw fromFailure(error);
      sweep(movedFrom);
      try {
        change(name, value);
      } catch (again) {
        throw fromFailure(again, usage());
      }
    }
  }

  function full(key: string, units: number): StorageError {
    return new StorageError(
      'quota-exceeded',
      `its ${units * UNIT_BYTES} bytes do not fit: ${usedUnits() * UNIT_BYTES} of ${maxTotalBytes} are in use.`,
      {
        key,
        outcome: 'not-applied',
        usage: usage(),
        hint: 'Delete items, or keep large ones in IndexedDB (createIndexedDB).',
      },
    );
  }

  function look(key: string): Item | 'damaged' | undefined {
    const value = storage.getItem(names.of(key));
    if (value === null) return undefined;
    try {
      return parseItem(key, value);
    } catch {
      return 'damaged';
    }
  }

  function usage(): Usage {
    return {
      usedBytes: usedUnits() * UNIT_BYTES,
      totalBytes: maxTotalBytes,
      objects: ownNames().length,
    };
  }

  return {
    get id() {
      state ??= readState(storage, names.state);
      return state?.id;
    },
    seenChange: () => readState(storage, names.state)?.change,

    inTurn(run, least) {
      leastChange = least;
      hasChanged = false;
      run();
      if (!hasChanged || state === undefined) return undefined;
      state = { id: state.id, change: Math.max(least, state.change) + 1 };
      writeState(storage, names.state, state);
      return state.change;
    },

    create() {
      try {
        ensureState();
      } catch (error) {
        if (!isFull(error)) throw fromFailure(error);
        // A browser that gives no room at all, as Safari's private mode once did:
        // https://developer.mozilla.org/en-US/docs/Web/API/Web_Storage_API/Using_the_Web_Storage_API, read 2026-11-21.
        if (storage.length === 0) {
          throw new StorageError('quota-exceeded', 'localStorage takes nothing here.', {
            outcome: 'not-applied',
            usage: { usedBytes: 0, totalBytes: 0, objects: 0 },
            hint: 'This may be a private window: use createMemory, or ask for an ordinary window.',
            cause: error,
          });
        }
        // Others on this origin have filled it. What is stored can still be read and deleted.
        sweep(undefined);
      }
    },

    keys: (prefix) =>
      sortKeys(
        ownNames().flatMap((name) => {
          const key = names.keyOf(name);
          return key?.startsWith(prefix) ? [key] : [];
        }),
      ),

    find(key) {
      const value = storage.getItem(names.of(key));
      if (value !== null) return parseItem(key, value);
      throw new StorageError('not-found', 'there is no such object.', { key });
    },

    look,

    write(key, { content, attributes, checksums, writeId, movedFrom }, conditions) {
      const found = look(key);
      meetWriteConditions(etagOf(found), conditions, key);
      const before = found === 'damaged' ? undefined : found?.info;
      const modifiedAt = new Date(Math.max(now(), before?.modifiedAt.getTime() ?? 0));
      const info: ObjectInfo = {
        key,
        size: content.size,
        etag: randomId(),
        modifiedAt,
        createdAt: before?.createdAt ?? modifiedAt,
        ...attributes,
        ...(checksums !== undefined && { checksums }),
        ...(writeId !== undefined && { writeId }),
      };
      setItem(key, formatItem({ info, content }), movedFrom);
      publish({ type: 'put', key, etag: info.etag });
      if (movedFrom !== undefined) removeItem(movedFrom);
      return info;
    },

    remove(key, conditions) {
      const found = look(key);
      meetWriteConditions(etagOf(found), conditions, key);
      if (found === undefined) return false;
      removeItem(key);
      return true;
    },

    usage,
    recount() {
      counted = undefined;
    },
  };
}

/** A damaged item is there, with an etag that no condition names. */
function etagOf(found: Item | 'damaged' | undefined): string | undefined {
  return found === 'damaged' ? '' : found?.info.etag;
}
