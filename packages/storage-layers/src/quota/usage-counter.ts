import { matchesPattern, StorageError, type Usage } from '@granary/storage-core/provider';

/** What may be held at most. */
export interface QuotaLimit {
  /** Units: bytes. Default: no limit. */
  readonly maxBytes?: number;
  /** Default: no limit. */
  readonly maxObjects?: number;
}

/** A limit that is near, or was passed by others. */
export interface QuotaNear {
  /** Which keys it is about: a pattern of `limits`, or `*` for all. */
  readonly pattern: string;
  /** What is in use, writes on their way included. Units: bytes. */
  readonly usedBytes: number;
  readonly objects: number;
  readonly maxBytes?: number;
  readonly maxObjects?: number;
}

/** Bytes and objects that are added or given back. */
export interface Amount {
  readonly bytes: number;
  readonly objects: number;
}

/** A limit on the keys of a pattern. */
export interface CountedLimit extends QuotaLimit {
  readonly pattern: string;
}

/** Settings of {@link usageCounter}. */
export interface UsageCounterSettings {
  /** The first one is about every key, with or without a limit. */
  readonly limits: readonly CountedLimit[];
  /** What to do about a full store. */
  readonly hint: string;
  /** Share of a limit from which on it is near. */
  readonly nearShare?: number;
  readonly onNear?: ((near: QuotaNear) => void) | undefined;
}

/** Options of a counter's `hold`. */
export interface HoldOptions {
  /** Limits that are also about this key, whose object goes away, are not looked at. */
  readonly leaving?: string | undefined;
  /**
   * The object that makes room may be smaller than it counts, so what takes its place must fit even
   * where it needs nothing more.
   */
  readonly isDoubted?: boolean | undefined;
}

/** Counts what is in use and what is on its way, and lets nothing pass a limit. It asks no provider. */
export interface UsageCounter {
  /** Makes room. Errors: `quota-exceeded`, with nothing held. */
  hold(key: string, more: Amount, options?: HoldOptions): void;
  /** Counts what is there already, whether it fits or not. */
  take(key: string, more: Amount): void;
  /** Gives back what was held with the same key and `leaving`. */
  release(key: string, less: Amount, leaving?: string): void;
  /** An object had the first size and has the second; `undefined`: there was, or is, none. */
  count(key: string, before: number | undefined, after: number | undefined): void;
  /** Begins to count everything anew beside what is known. */
  recount(): Recount;
  /** What all keys use, with what is on its way. */
  usage(): Usage;
}

/** A count of everything that takes the place of the one before when it is complete. */
export interface Recount {
  add(key: string, sizeBytes: number): void;
  /** Counts what no single key can be given for. */
  addTotal(amount: Amount): void;
  finish(): void;
}

interface Scope extends CountedLimit {
  readonly matches: (key: string) => boolean;
  used: Amount;
  held: Amount;
  isNear: boolean;
  isLookedAt: boolean;
}

const NONE: Amount = { bytes: 0, objects: 0 };

export function usageCounter(settings: UsageCounterSettings): UsageCounter {
  const { limits, hint, nearShare = 1, onNear } = settings;
  const scopes = limits.map(
    (limit): Scope => ({
      ...limit,
      matches: (key) => matchesPattern(limit.pattern, key),
      used: NONE,
      held: NONE,
      isNear: false,
      isLookedAt: false,
    }),
  );

  function about(key: string, leaving: string | undefined): Scope[] {
    return scopes.filter(
      ({ matches }) => matches(key) && (leaving === undefined || !matches(leaving)),
    );
  }

  function look(scope: Scope): void {
    if (onNear === undefined || scope.isLookedAt) return;
    scope.isLookedAt = true;
    // A write gives back what it held and counts what it wrote in one go, and is looked at after. What
    // the listener throws is its own trouble, and not that of the write.
    queueMicrotask(() => {
      scope.isLookedAt = false;
      const { maxBytes = Number.POSITIVE_INFINITY, maxObjects = Number.POSITIVE_INFINITY } = scope;
      const { bytes, objects } = inUse(scope);
      const wasNear = scope.isNear;
      scope.isNear = bytes >= maxBytes * nearShare || objects >= maxObjects * nearShare;
      if (!scope.isNear || wasNear) return;
      onNear({
        pattern: scope.pattern,
        usedBytes: bytes,
        objects,
        ...(scope.maxBytes !== undefined && { maxBytes }),
        ...(scope.maxObjects !== undefined && { maxObjects }),
      });
    });
  }

  return {
    hold(key, more, { leaving, isDoubted = false } = {}) {
      const held = about(key, leaving);
      for (const scope of held) checkRoom(scope, more, isDoubted, hint);
      for (const scope of held) {
        scope.held = sum(scope.held, more);
        look(scope);
      }
    },

    take(key, more) {
      for (const scope of about(key, undefined)) {
        scope.held = sum(scope.held, more);
        look(scope);
      }
    },

    release(key, less, leaving) {
      for (const scope of about(key, leaving)) {
        scope.held = sum(scope.held, less, -1);
        look(scope);
      }
    },

    count(key, before, after) {
      const bytes = (after ?? 0) - (before ?? 0);
      const objects = Number(after !== undefined) - Number(before !== undefined);
      if (bytes === 0 && objects === 0) return;
      for (const scope of about(key, undefined)) {
        scope.used = sum(scope.used, { bytes, objects });
        look(scope);
      }
    },

    recount() {
      const counts = scopes.map(() => NONE);
      const addTo = (index: number, amount: Amount) => {
        counts[index] = sum(counts[index] ?? NONE, amount);
      };
      return {
        add(key, bytes) {
          for (const [index, { matches }] of scopes.entries()) {
            if (matches(key)) addTo(index, { bytes, objects: 1 });
          }
        },
        addTotal: (amount) => addTo(0, amount),
        finish() {
          for (const [index, scope] of scopes.entries()) {
            scope.used = counts[index] ?? NONE;
            look(scope);
          }
        },
      };
    },

    usage: () => (scopes[0] === undefined ? {} : usageOf(scopes[0])),
  };
}

function checkRoom(scope: Scope, more: Amount, isDoubted: boolean, hint: string): void {
  const { maxBytes = Number.POSITIVE_INFINITY, maxObjects = Number.POSITIVE_INFINITY } = scope;
  const { bytes, objects } = inUse(scope);
  const where = scope.pattern === '*' ? '' : ` under ${JSON.stringify(scope.pattern)}`;
  const refused =
    ((isDoubted || more.bytes > 0) &&
      bytes + more.bytes > maxBytes &&
      `${more.bytes} bytes more do not fit${where}: ${bytes} of ${maxBytes} are in use.`) ||
    ((isDoubted || more.objects > 0) &&
      objects + more.objects > maxObjects &&
      `no further object fits${where}: ${objects} of ${maxObjects} are there.`);
  if (!refused) return;
  throw new StorageError('quota-exceeded', refused, {
    outcome: 'not-applied',
    usage: usageOf(scope),
    hint,
  });
}

function inUse({ used, held }: Scope): Amount {
  return sum(used, held);
}

function usageOf(scope: Scope): Usage {
  const { bytes, objects } = inUse(scope);
  return {
    usedBytes: bytes,
    ...(scope.maxBytes !== undefined && { totalBytes: scope.maxBytes }),
    objects,
  };
}

/** Never below nothing: what another process deleted may be given back twice. */
function sum(one: Amount, other: Amount, factor: 1 | -1 = 1): Amount {
  return {
    bytes: Math.max(0, one.bytes + factor * other.bytes),
    objects: Math.max(0, one.objects + factor * other.objects),
  };
}
