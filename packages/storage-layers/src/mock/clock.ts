import { abortedError } from '@granary/storage-core/provider';

/** Where a mock takes the time from. */
export interface MockClock {
  /** Units: ms since 1970. */
  now(): number;
  /** Waits. Errors: `aborted`. Units: ms. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** A clock that stands still until somebody moves it, so that a test waits for nothing. */
export interface FakeClock extends MockClock {
  /** Moves on, and wakes those whose time comes, in order, whatever they wait for next. Units: ms. */
  advance(ms: number): Promise<void>;
}

/** Options of {@link fakeClock}. */
export interface FakeClockOptions {
  /** What the clock shows first. Units: ms since 1970. Default: 2020-01-01T00:00:00Z. */
  readonly startMs?: number;
  /** Moves on by itself as soon as somebody sleeps, by as long as they sleep. Default: off. */
  readonly autoAdvance?: boolean;
}

interface Sleeper {
  readonly wakeMs: number;
  wake(): void;
}

/** Timers hold 31 bits; a longer one would fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const DEFAULT_START_MS = Date.UTC(2020, 0, 1);

/**
 * Makes a clock for tests. Its `now` and `sleep` fit the options of the same name in a backend, in
 * the engine and in the retry loop.
 */
export function fakeClock(options: FakeClockOptions = {}): FakeClock {
  const { startMs = DEFAULT_START_MS, autoAdvance = false } = options;
  const sleepers = new Set<Sleeper>();
  let nowMs = startMs;

  return {
    now: () => nowMs,

    sleep(ms, signal) {
      const wakeMs = nowMs + Math.max(0, ms);
      if (autoAdvance && !signal?.aborted) {
        nowMs = wakeMs;
        return Promise.resolve();
      }
      return interruptible(signal, (wake) => {
        const sleeper = { wakeMs, wake };
        sleepers.add(sleeper);
        return () => sleepers.delete(sleeper);
      });
    },

    async advance(ms) {
      const endMs = nowMs + ms;
      await nextTurn();
      for (;;) {
        const [first] = [...sleepers].sort((a, b) => a.wakeMs - b.wakeMs);
        if (first === undefined || first.wakeMs > endMs) break;
        sleepers.delete(first);
        nowMs = first.wakeMs;
        first.wake();
        await nextTurn();
      }
      nowMs = endMs;
    },
  };
}

/** The clock of the machine. */
export const systemClock: MockClock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    interruptible(signal, (wake) => {
      const timer = setTimeout(wake, Math.min(ms, MAX_TIMER_MS));
      return () => clearTimeout(timer);
    }),
};

/** Waits until `start` calls back, or the signal is aborted. Leaves no listener behind. */
export function interruptible(
  signal: AbortSignal | undefined,
  start: (wake: () => void) => () => void,
): Promise<void> {
  if (signal?.aborted) return Promise.reject(abortedError(signal));
  return new Promise((resolve, reject) => {
    const stop = start(() => {
      signal?.removeEventListener('abort', abort);
      resolve();
    });
    function abort(): void {
      stop();
      if (signal !== undefined) reject(abortedError(signal));
    }
    signal?.addEventListener('abort', abort, { once: true });
  });
}

/** Lets everything run that waits for no clock. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
