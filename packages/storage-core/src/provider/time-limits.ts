/** Something that has to be over in time. */
export interface TimeLimit {
  /** Units: ms from when it was set. */
  limitMs: number;
  /** Units: ms of the clock that does not jump. */
  dueAt: number;
  readonly end: (limitMs: number) => void;
}

/** Limits of many things at once, kept by one timer, since most of them are over long before. */
export interface TimeLimits {
  /** Calls `end` after so long, unless it is stopped or set again. Infinity means never. Units: ms. */
  start(limitMs: number, end: TimeLimit['end']): TimeLimit;
  /** Has the time start again. */
  set(limit: TimeLimit, limitMs: number): void;
  stop(limit: TimeLimit): void;
}

/** A timer that a process stays alive for or not, where the runtime has such. */
interface HeldTimer {
  ref(): void;
  unref(): void;
}

/** Timers cannot hold more, and so long is as good as never. Units: ms. */
const MOST_MS = 2 ** 31 - 1;

export function timeLimits(): TimeLimits {
  const limits = new Set<TimeLimit>();
  let timer: ReturnType<typeof setTimeout> | undefined;
  let firesAt = Number.POSITIVE_INFINITY;

  function arm(dueAt: number, now: number): void {
    if (dueAt >= firesAt) return;
    clearTimeout(timer);
    firesAt = dueAt;
    timer = setTimeout(fire, Math.min(Math.max(0, dueAt - now), MOST_MS));
  }

  function fire(): void {
    timer = undefined;
    firesAt = Number.POSITIVE_INFINITY;
    const now = performance.now();
    let next = Number.POSITIVE_INFINITY;
    for (const limit of limits) {
      // A timer may fire a fraction of a millisecond too soon.
      if (limit.dueAt - now >= 1) next = Math.min(next, limit.dueAt);
      else {
        limits.delete(limit);
        limit.end(Math.round(limit.limitMs));
      }
    }
    if (limits.size > 0) arm(next, now);
  }

  /** A timer for nothing is left to the next limit where no process stays alive for it. */
  function rest(): void {
    if (isHeld(timer)) timer.unref();
    else {
      clearTimeout(timer);
      timer = undefined;
      firesAt = Number.POSITIVE_INFINITY;
    }
  }

  function set(limit: TimeLimit, limitMs: number): void {
    if (limitMs > MOST_MS) {
      stop(limit);
      return;
    }
    const now = performance.now();
    limit.limitMs = limitMs;
    limit.dueAt = now + limitMs;
    if (limits.size === 0 && isHeld(timer)) timer.ref();
    limits.add(limit);
    arm(limit.dueAt, now);
  }

  function stop(limit: TimeLimit): void {
    if (limits.delete(limit) && limits.size === 0) rest();
  }

  return {
    start(limitMs, end) {
      const limit: TimeLimit = { limitMs, dueAt: 0, end };
      set(limit, limitMs);
      return limit;
    },
    set,
    stop,
  };
}

function isHeld(timer: unknown): timer is HeldTimer {
  return typeof timer === 'object' && timer !== null && 'ref' in timer && 'unref' in timer;
}
