import { createStorage } from '@granary/storage-core';
import {
  type Capabilities,
  type ClearResult,
  StorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';

/** What one sweep did. */
export interface SweepReport {
  readonly startedAt: Date;
  /** Keys of the items that it deleted. */
  readonly deleted: readonly string[];
  readonly failed: ClearResult['failed'];
}

/**
 * Runs a sweep when nobody else sweeps the same store, and tells whether it did. It is for several
 * processes: a lock file, a lease in a database.
 */
export type SweepLock = (sweep: () => Promise<void>) => Promise<boolean>;

/** Options of the sweeper. */
export interface SweepSettings {
  /** Time between two sweeps. The first one comes within it, at random. Units: ms. */
  readonly intervalMs: number;
  /** Share of the interval by which it is longer or shorter, at random, 0 to 1. Default: 0.1. */
  readonly jitter?: number;
  /** Sweeps only keys that start so. Default: all. */
  readonly prefix?: string;
  /** Allows a request per key where a listing does not tell when items expire. Default: off. */
  readonly scan?: boolean;
  /** Deletes in flight. Default: 16. */
  readonly concurrency?: number;
  /**
   * Lets one of several sweep at a time; `false` for none. Default: the Web Locks of this origin, which
   * tabs share (in Node threads do), where they are there; stores of one backend that have no `storeId`
   * share one lock.
   */
  readonly lock?: SweepLock | false;
  /** Told after each sweep that was made here. */
  readonly onSweep?: (report: SweepReport) => void;
  /** Told when a sweep failed as a whole; the next one comes at its time. */
  readonly onError?: (error: unknown) => void;
  /** Between 0 and 1. Default: `Math.random`. */
  readonly random?: () => number;
  /** Waits, and rejects when the signal is aborted. Default: a timer that keeps no process alive. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export interface Sweeper {
  /** Begins to sweep. Errors: `invalid-config` where nothing can be swept. */
  start(): void;
  /** Ends it, a sweep that is running included. */
  stop(): Promise<void>;
}

/** Timers hold 31 bits. */
const MAX_TIMER_MS = 2 ** 31 - 1;
const DEFAULT_JITTER = 0.1;

/** Deletes what has expired in a store, again and again. The engine's `sweep` does the work. */
export function sweeper(
  below: StorageProvider,
  settings: SweepSettings,
  now: () => number,
): Sweeper {
  const { intervalMs, jitter = DEFAULT_JITTER, prefix = '', scan = false } = settings;
  const { random = Math.random, sleep = sleepOnTimer, onSweep, onError, concurrency } = settings;
  checkSettings(intervalMs, jitter);
  const lock = settings.lock === false ? freely : (settings.lock ?? webLock(below));
  const ending = new AbortController();
  let running: Promise<void> | undefined;

  async function sweep(): Promise<void> {
    const startedAt = new Date(now());
    const deleted: string[] = [];
    const storage = createStorage(
      sweptView(below, (key) => deleted.push(key)),
      { now },
    );
    const { failed } = await storage.sweep(prefix, {
      signal: ending.signal,
      scan,
      ...(concurrency !== undefined && { concurrency }),
    });
    onSweep?.({ startedAt, deleted, failed });
  }

  async function run({ signal }: AbortController): Promise<void> {
    let waitMs = intervalMs * random();
    for (;;) {
      await sleep(Math.min(waitMs, MAX_TIMER_MS), signal).catch(() => {});
      if (signal.aborted) return;
      try {
        await lock(sweep);
      } catch (error) {
        if (signal.aborted) return;
        onError?.(error);
      }
      waitMs = intervalMs * (1 + jitter * (2 * random() - 1));
    }
  }

  return {
    start() {
      checkCan(below.capabilities, scan);
      running ??= run(ending);
      // What `onError` throws ends it.
      running.catch(() => {});
    },
    async stop() {
      ending.abort();
      await running?.catch(() => {});
    },
  };
}

/** The store as far as a sweep needs it, telling of what it deletes. */
function sweptView(below: StorageProvider, onDelete: (key: string) => void): StorageProvider {
  return {
    specVersion: 1,
    name: below.name,
    get capabilities() {
      const { attributes, listFields, listAttributes, listOrder, etagCovers, deleteIfMatch } =
        below.capabilities;
      const seen = { attributes, listFields, listAttributes, listOrder, etagCovers, deleteIfMatch };
      return Object.fromEntries(
        Object.entries(seen).filter(([, value]) => value !== undefined),
      ) as Capabilities;
    },
    get: (key, options) => below.get(key, options),
    put: (key, body, options) => below.put(key, body, options),
    stat: (key, options) => below.stat(key, options),
    async delete(key, options) {
      const result = await below.delete(key, options);
      onDelete(key);
      return result;
    },
    list: (options) => below.list(options),
  };
}

function checkSettings(intervalMs: number, jitter: number): void {
  const problem =
    (!(intervalMs > 0 && intervalMs <= MAX_TIMER_MS / 2) &&
      `intervalMs of a sweep is a number of ms above 0 and below 12 days, not ${intervalMs}`) ||
    (!(jitter >= 0 && jitter <= 1) && `jitter of a sweep is 0 to 1, not ${jitter}`);
  if (problem) throw new StorageError('invalid-config', `${problem}.`);
}

function checkCan(
  { attributes = 'none', listFields = [], listAttributes }: Capabilities,
  scan: boolean,
): void {
  if (attributes === 'none') {
    throw new StorageError('invalid-config', 'items do not expire here: it keeps no attributes.', {
      hint: 'Leave `sweep` out, or use a storage with attributes.',
    });
  }
  if (scan || listAttributes || listFields.includes('expiresAt')) return;
  throw new StorageError('invalid-config', 'its listings do not tell when items expire.', {
    hint: 'Allow the sweeper a request per key: sweep: { scan: true, … }.',
  });
}

const freely: SweepLock = async (sweep) => {
  await sweep();
  return true;
};

// https://www.w3.org/TR/web-locks/#api-lock-manager-request (read 2026-11-21): with `ifAvailable`, a lock
// that another holds is given as `null` at once.
function webLock({ name, storeId }: StorageProvider): SweepLock {
  const { navigator } = globalThis as {
    readonly navigator?: { readonly locks?: LockManager };
  };
  const locks = navigator?.locks;
  if (locks === undefined) return freely;
  return (sweep) =>
    locks.request(
      `@granary/sweep/${name}/${storeId ?? ''}`,
      { ifAvailable: true },
      async (lock) => lock !== null && freely(sweep),
    ) as Promise<boolean>;
}

function sleepOnTimer(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
    // In Node a timer keeps the process running.
    (timer as unknown as { unref?(): void }).unref?.();
  });
}
