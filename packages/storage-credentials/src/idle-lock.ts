import type { VaultClock } from './vault.ts';

/** Locks what nobody uses. */
export interface IdleLock {
  /** Locks at once when the time was over while timers stood still, as in a sleeping laptop. */
  check(): void;
  /** Starts the time anew. */
  touch(): void;
  stop(): void;
}

/** The system's clock. Its timers keep no program running. */
export const systemClock: VaultClock = {
  now: () => Date.now(),
  setTimeout(work, delayMs) {
    const timer: unknown = setTimeout(work, delayMs);
    (timer as { readonly unref?: () => void }).unref?.();
    return timer;
  },
  clearTimeout: (timer) => clearTimeout(timer as number),
};

export function idleLock(
  idleMs: number | undefined,
  clock: VaultClock,
  lock: () => void,
): IdleLock {
  if (idleMs === undefined) {
    return { check: () => undefined, touch: () => undefined, stop: () => undefined };
  }
  let usedAt: number | undefined;
  let timer: unknown;

  function stop(): void {
    if (timer !== undefined) clock.clearTimeout(timer);
    timer = undefined;
    usedAt = undefined;
  }
  function lockNow(): void {
    stop();
    lock();
  }
  return {
    check() {
      if (usedAt !== undefined && clock.now() - usedAt >= idleMs) lockNow();
    },
    touch() {
      stop();
      usedAt = clock.now();
      timer = clock.setTimeout(lockNow, idleMs);
    },
    stop,
  };
}
