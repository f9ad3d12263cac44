import { type AnyEngine, createStorage, isStorageError, StorageError } from '@granary/storage-core';
import type { StorageProvider } from '@granary/storage-core/provider';
import type { TokenName, TokenStore } from './token-store.ts';

/** A storage, or the provider of one. */
export type StorageLike = AnyEngine | StorageProvider;

/** A storage that may keep tokens as they are. */
export interface PlainStorage {
  readonly storage: StorageLike;
  /** Tokens are stored in clear: whoever reads the storage is signed in. */
  readonly allowPlain: boolean;
}

/** How tokens are kept in a storage. */
export interface StorageTokenStoreOptions {
  /** Default: false, the storage must encrypt. */
  readonly allowPlain?: boolean;
  /** Units: ms since 1970. */
  readonly now?: () => number;
  /** Waits. Units: ms. */
  readonly sleep?: (ms: number) => Promise<void>;
}

/** An object with what tells this write of it from others. */
interface Seen {
  readonly text: string;
  readonly etag: string | undefined;
}

const FOLDER = 'oauth';
const ENDING = '.json';
/** A lock that is so old is nobody's: what is done under it takes a read and a write. Units: ms. */
const STALE_LOCK_MS = 15_000;
const LOCK_WAIT_MS = 30_000;
const LOCK_PAUSE_MS = 50;

/**
 * Keeps tokens in a storage: one object for each account. A change is a conditional write, or is
 * made under a lock object where the storage can only create what is not there.
 * Errors: `invalid-config` for a storage that does not encrypt, unless that is allowed, and for one
 * with neither kind of write.
 */
export function storageTokenStore(
  storage: StorageLike,
  options: StorageTokenStoreOptions = {},
): TokenStore {
  const { allowPlain = false, now = Date.now, sleep = defaultSleep } = options;
  const engine: AnyEngine = 'getCapabilities' in storage ? storage : createStorage(storage);
  let checked: Promise<void> | undefined;

  async function check(): Promise<void> {
    await engine.ready();
    const { encrypt, replaceIfMatch, createIfAbsent } = engine.getCapabilities();
    if (!encrypt && !allowPlain) throw plainRefused();
    if (!replaceIfMatch && !createIfAbsent) throw unguarded();
  }

  function opened(): Promise<void> {
    checked ??= check();
    const mine = checked;
    mine.catch(() => {
      if (checked === mine) checked = undefined;
    });
    return mine;
  }

  /** What every write says: the encryption layer may ask for it. */
  const sealed = (): { readonly encrypt?: true } =>
    engine.getCapabilities().encrypt ? { encrypt: true } : {};

  async function look(key: string): Promise<Seen | undefined> {
    try {
      const object = await engine.get(key);
      return { text: await object.text(), etag: object.info.etag };
    } catch (error) {
      if (isStorageError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  async function swapIfMatch(key: string, before: string, text: string): Promise<boolean> {
    const seen = await look(key);
    if (seen?.text !== before || seen.etag === undefined) return false;
    try {
      await engine.put(key, text, { ...sealed(), ifMatch: seen.etag });
      return true;
    } catch (error) {
      if (isStorageError(error, 'precondition-failed') || isStorageError(error, 'conflict')) {
        return false;
      }
      throw error;
    }
  }

  const canCompare = (): boolean => engine.getCapabilities().replaceIfMatch === true;

  function swapUnderLock(key: string, before: string, text: string): Promise<boolean> {
    return guarded(key, async () => {
      if ((await look(key))?.text !== before) return false;
      await engine.put(key, text, sealed());
      return true;
    });
  }

  /** Runs a change while no other one runs, where the storage itself cannot compare. */
  async function guarded<Result>(key: string, change: () => Promise<Result>): Promise<Result> {
    if (canCompare()) return change();
    const lock = `${key}.lock`;
    const mine = await acquire(lock);
    try {
      return await change();
    } finally {
      if ((await look(lock))?.text === mine) await engine.delete(lock);
    }
  }

  /** Returns what stands in the lock while it is held here. */
  async function acquire(lock: string): Promise<string> {
    const begun = now();
    for (;;) {
      const mine = `${now()} ${crypto.randomUUID()}`;
      try {
        await engine.put(lock, mine, { ...sealed(), ifNoneMatch: '*' });
        return mine;
      } catch (error) {
        const isHeld =
          isStorageError(error, 'precondition-failed') || isStorageError(error, 'conflict');
        if (!isHeld) throw error;
      }
      const held = await look(lock);
      if (held !== undefined && now() - Number.parseInt(held.text, 10) > STALE_LOCK_MS) {
        await engine.delete(lock);
        continue;
      }
      if (now() - begun > LOCK_WAIT_MS) throw busy(lock);
      await sleep(LOCK_PAUSE_MS * (0.5 + Math.random()));
    }
  }

  return {
    place: 'the storage',
    isShared: true,
    async read(name) {
      await opened();
      return (await look(keyOf(name)))?.text;
    },
    async write(name, text) {
      await opened();
      const key = keyOf(name);
      await guarded(key, () => engine.put(key, text, sealed()));
    },
    async swap(name, before, text) {
      await opened();
      return (canCompare() ? swapIfMatch : swapUnderLock)(keyOf(name), before, text);
    },
    async remove(name) {
      await opened();
      const key = keyOf(name);
      await guarded(key, () => engine.delete(key));
    },
    async list(space) {
      await opened();
      const prefix = `${FOLDER}/${escaped(space)}/`;
      const accounts: string[] = [];
      for await (const { key } of engine.list(prefix)) {
        if (!key.endsWith(ENDING)) continue;
        accounts.push(decodeURIComponent(key.slice(prefix.length, -ENDING.length)));
      }
      return accounts;
    },
  };
}

function keyOf({ space, account }: TokenName): string {
  return `${FOLDER}/${escaped(space)}/${escaped(account)}${ENDING}`;
}

/** A name that is the same in every storage, also where case or dots count for nothing. */
function escaped(name: string): string {
  return encodeURIComponent(name).replace(/%..|[A-Z.~!*'()]/g, (found) =>
    found.length > 1 ? found : `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function defaultSleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function plainRefused(): StorageError {
  return new StorageError('invalid-config', 'the storage for the tokens does not encrypt.', {
    outcome: 'not-applied',
    hint: 'Put createEncrypted over it, give a vault, or say { storage, allowPlain: true }.',
  });
}

function unguarded(): StorageError {
  return new StorageError('invalid-config', 'the storage for the tokens has no guarded writes.', {
    outcome: 'not-applied',
    hint: 'Two refreshes at once could end the sign-in. Use one with replaceIfMatch or createIfAbsent, or a vault.',
  });
}

function busy(lock: string): StorageError {
  return new StorageError('conflict', 'something else holds the lock of the tokens.', {
    key: lock,
    outcome: 'not-applied',
    hint: 'Try again.',
  });
}
