import {
  type ObjectInfo,
  StorageError,
  type StorageProvider,
  type Usage,
} from '@granary/storage-core/provider';
import { toIdbError } from './idb-errors.ts';
import type { QuotaGuard } from './idb-store.ts';

/** The least that one round of evicting frees, and it doubles: a small write does not empty a cache. */
const FIRST_ROUND_BYTES = 1024 * 1024;
const DELETES_AT_ONCE = 20;

const HINT =
  'Delete what is not needed, call requestPersistence(), which lets some browsers give more room, ' +
  'or keep large objects in a folder (largeObjects). What was stored before is still there.';

const SEND_AGAIN =
  'Send it again: it came from a stream, which gives its content only once, and what may go was deleted meanwhile.';

/** What {@link QuotaEvent.cleanup} did. */
export interface CleanupResult {
  readonly deletedItems: number;
  /** The sizes of what was deleted. A browser may give the room back later. Units: bytes. */
  readonly freedBytes: number;
}

/** A write found no room, also not after expired and evictable items were deleted. */
export interface QuotaEvent {
  /** What the browser says of the whole origin. */
  readonly usage: Usage;
  /** What was being written, where it is one object. */
  readonly key?: string;
  /** Size of what was being written, where it is known. Units: bytes. */
  readonly neededBytes?: number;
  /** What was deleted already to make room. Units: bytes. */
  readonly freedBytes: number;
  /** Deletes the items that the function chooses. One that was written anew meanwhile stays. */
  cleanup(choose: (item: ObjectInfo) => boolean): Promise<CleanupResult>;
}

/** Options of the backend that say what happens when the browser has no more room. */
export interface QuotaOptions {
  /** Whether an item may be deleted when a write needs its room: the oldest goes first. Default: none may. */
  readonly evictable?: (item: ObjectInfo) => boolean;
  /**
   * Told when a write finds no room. The write waits for it and is tried once more, so it may delete
   * something, with the event's `cleanup` or otherwise; writes that it makes itself are not helped.
   */
  readonly onQuota?: (event: QuotaEvent) => void | Promise<void>;
}

/** What {@link quotaGuard} works with. */
export interface QuotaSettings extends QuotaOptions {
  /** Lists with attributes and deletes; asked for when it is needed. */
  readonly provider: () => Pick<StorageProvider, 'list' | 'delete'>;
  /** {@link IdbChanges.withoutRecord} of the store's feed. */
  readonly withoutRecord: <Result>(operation: () => Promise<Result>) => Promise<Result>;
  /** Units: ms since 1970. Default: `Date.now`. */
  readonly now?: () => number;
  /** Default: {@link estimateUsage}. */
  readonly usage?: () => Promise<Usage>;
}

/** What is known of a guarded operation. */
export interface GuardedWrite {
  readonly key?: string | undefined;
  /** Units: bytes. */
  readonly neededBytes?: number | undefined;
  /** It deletes and adds nothing but its record in the feed, which it can do without. */
  readonly frees?: boolean;
  /**
   * What it has taken so far of a source that gives its content only once. From the first byte on it
   * cannot be run again: room is made for the next one, and it fails. Units: bytes.
   */
  readonly takenBytes?: () => number;
}

/** A {@link QuotaGuard} that can be told what it guards. */
export interface IdbQuota extends QuotaGuard {
  guard<Result>(operation: () => Promise<Result>, about?: GuardedWrite): Promise<Result>;
}

/**
 * Runs operations and, when one finds the store full, makes room step by step and tries it again
 * after each: expired items, then evictable ones from the oldest on, in rounds that double, then
 * whatever `onQuota` does. An operation that fails for want of room has changed nothing, so it can be
 * run again. Operations that fail at the same time wait for each other.
 * Errors: `quota-exceeded` with `usage`.
 */
export function quotaGuard(settings: QuotaSettings): IdbQuota {
  const { provider, withoutRecord, evictable, onQuota, now = Date.now } = settings;
  const { usage = estimateUsage } = settings;
  let turn: Promise<unknown> = Promise.resolve();
  /** How many operations have had their turn to make room, and for how many it was in vain. */
  let turns = 0;
  let defeats = 0;
  let isAsking = false;

  async function remove(items: readonly ObjectInfo[]): Promise<CleanupResult> {
    let deletedItems = 0;
    let freedBytes = 0;
    const left = items.values();
    const removeNext = async () => {
      for (const { key, etag, size } of left) {
        try {
          await provider().delete(key, { ifMatch: etag });
        } catch (error) {
          // It was written anew or is gone: somebody wants it, or its room is free.
          if (toIdbError(error).code === 'precondition-failed') continue;
          throw error;
        }
        deletedItems += 1;
        freedBytes += size;
      }
    };
    await Promise.all(Array.from({ length: DELETES_AT_ONCE }, removeNext));
    return { deletedItems, freedBytes };
  }

  async function find(choose: (item: ObjectInfo) => boolean): Promise<ObjectInfo[]> {
    const found: ObjectInfo[] = [];
    for await (const { entries } of provider().list({ include: ['attributes'] })) {
      for (const entry of entries) {
        // Listings of this backend have every field of an info.
        if (entry.kind === 'item' && choose(entry as ObjectInfo)) found.push(entry as ObjectInfo);
      }
    }
    return found;
  }

  /** Returns what the application's clean-up has freed. Units: bytes. */
  async function ask(
    tell: NonNullable<QuotaOptions['onQuota']>,
    { key, neededBytes }: GuardedWrite,
    freedBytes: number,
  ): Promise<number> {
    let cleanedBytes = 0;
    isAsking = true;
    try {
      await tell({
        usage: await usage(),
        ...(key !== undefined && { key }),
        ...(neededBytes !== undefined && { neededBytes }),
        freedBytes,
        async cleanup(choose) {
          const result = await remove(await find(choose));
          cleanedBytes += result.freedBytes;
          return result;
        },
      });
    } finally {
      isAsking = false;
    }
    return cleanedBytes;
  }

  /** Yields after each step that may have made room how much all of them have freed. Units: bytes. */
  async function* steps(about: GuardedWrite): AsyncGenerator<number> {
    const time = now();
    const isExpired = ({ expiresAt }: ObjectInfo) => expiresAt !== undefined && +expiresAt <= time;
    const found = await find((item) => isExpired(item) || evictable?.(item) === true);
    const expired = found.filter(isExpired);
    let freedBytes = 0;
    if (expired.length > 0) {
      freedBytes += (await remove(expired)).freedBytes;
      yield freedBytes;
    }
    const rest = found.filter((item) => !isExpired(item)).sort(olderFirst);
    let roundBytes = Math.max(neededBytes(about), FIRST_ROUND_BYTES);
    while (rest.length > 0) {
      const round: ObjectInfo[] = [];
      for (let bytes = 0; bytes < roundBytes && rest.length > 0; ) {
        const item = rest.shift();
        if (item !== undefined) round.push(item);
        bytes += item?.size ?? 0;
      }
      freedBytes += (await remove(round)).freedBytes;
      yield freedBytes;
      roundBytes *= 2;
    }
    if (onQuota === undefined) return;
    yield freedBytes + (await ask(onQuota, about, freedBytes));
  }

  async function runWithRoom<Result>(
    operation: () => Promise<Result>,
    about: GuardedWrite,
    before: { readonly turns: number; readonly defeats: number },
    failure: unknown,
  ): Promise<Result> {
    let last = failure;
    const attempt = async (): Promise<{ readonly result: Result } | undefined> => {
      if (isSpent(about)) return undefined;
      try {
        return { result: await operation() };
      } catch (error) {
        if (!isQuotaExceeded(error)) throw error;
        last = error;
        return undefined;
      }
    };
    // Another one has made room meanwhile, or has tried everything in vain.
    const done = turns === before.turns ? undefined : await attempt();
    if (done) return done.result;
    const othersMadeRoom = turns !== before.turns && isSpent(about);
    if (defeats !== before.defeats || othersMadeRoom) throw await quotaError(last, about);
    const walk = steps(about);
    for (;;) {
      let freedBytes: number;
      try {
        const step = await walk.next();
        if (step.done) break;
        freedBytes = step.value;
      } catch (error) {
        last = error;
        break;
      }
      const tried = await attempt();
      if (tried) return tried.result;
      // What cannot be run again cannot try whether that is enough.
      if (isSpent(about) && freedBytes >= neededBytes(about)) throw await quotaError(last, about);
    }
    defeats += 1;
    throw await quotaError(last, about);
  }

  async function quotaError(cause: unknown, about: GuardedWrite): Promise<StorageError> {
    return noRoom(cause, await usage(), about.key, isSpent(about) ? `${SEND_AGAIN} ${HINT}` : HINT);
  }

  return {
    async guard(operation, about = {}) {
      const before = { turns, defeats };
      let failure: unknown;
      try {
        return await operation();
      } catch (error) {
        if (!isQuotaExceeded(error)) throw error;
        failure = error;
      }
      if (about.frees) return withoutRecord(operation);
      // Waiting for `onQuota` here would wait forever when it is `onQuota` that writes.
      if (isAsking) throw await quotaError(failure, about);
      const mine = turn.then(() => runWithRoom(operation, about, before, failure));
      turn = mine
        .catch(() => {})
        .finally(() => {
          turns += 1;
        });
      return mine;
    },
  };
}

/** What a write fails with that found no room. */
export function noRoom(
  cause: unknown,
  usage: Usage,
  key?: string,
  hint: string = HINT,
): StorageError {
  return new StorageError('quota-exceeded', 'the browser has no more room for this site.', {
    key,
    outcome: 'not-applied',
    usage,
    hint,
    cause,
  });
}

/** Whether an error says that the browser has no more room, in whatever wrapping. */
export function isQuotaExceeded(error: unknown): boolean {
  return toIdbError(error).code === 'quota-exceeded';
}

/** `navigator.storage`, as far as it is used here. */
export interface StorageManagerLike {
  estimate?(): Promise<{ readonly usage?: number; readonly quota?: number }>;
  persist?(): Promise<boolean>;
  persisted?(): Promise<boolean>;
}

/**
 * What the browser says of the whole origin, not of one database. Empty where it says nothing.
 * Chromium tells `usage + 10 GiB`, or less on a small disk, in place of the real quota, so a store
 * can be full before: https://chromestatus.com/feature/4977371751645184 (read 2026-11-21).
 */
export async function estimateUsage(
  manager: StorageManagerLike | undefined = storageManager(),
): Promise<Usage> {
  try {
    const { usage, quota } = (await manager?.estimate?.()) ?? {};
    return {
      ...(usage !== undefined && { usedBytes: usage }),
      ...(quota !== undefined && { totalBytes: quota }),
    };
  } catch {
    // Refused in frames of an opaque origin.
    return {};
  }
}

/** Absent on insecure origins, in Safari before 15.2 and in Node. */
export function storageManager(): StorageManagerLike | undefined {
  const { navigator } = globalThis as { navigator?: { readonly storage?: StorageManagerLike } };
  return navigator?.storage;
}

/** It has begun to read a source that gives its content only once. */
function isSpent({ takenBytes }: GuardedWrite): boolean {
  return takenBytes !== undefined && takenBytes() > 0;
}

/** As much as is known of it. Units: bytes. */
function neededBytes(about: GuardedWrite): number {
  return about.neededBytes ?? about.takenBytes?.() ?? 0;
}

function olderFirst(one: ObjectInfo, other: ObjectInfo): number {
  return +one.modifiedAt - +other.modifiedAt;
}
