import { abortedError, StorageError } from '@granary/storage-core/provider';
import { fromFailure } from './localstorage-errors.ts';
import type { WebLocks } from './localstorage-globals.ts';

/**
 * How long the number of the last change is shown to other tabs: longer than a busy one needs to
 * follow, shorter than Chromium waits before it freezes a tab that holds no lock. Units: ms.
 */
const SHOWN_MS = 60_000;
/** The longest single wait for what another tab wrote; each is twice the one before. Units: ms. */
const LONGEST_WAIT_MS = 1024;

/** Changes of one store, one after another. */
export interface Turns {
  /**
   * Runs a change to its end at once, while no other tab changes the store.
   * Errors: `aborted`; `unavailable`; what `run` throws.
   */
  take<Result>(run: () => Result, signal?: AbortSignal): Promise<Result>;
  /** Holds nothing any more until the next change. */
  letGo(): void;
}

export interface TurnsSettings {
  /** Missing where the browser has none: then a change is alone in its own tab only. */
  readonly locks: WebLocks | undefined;
  readonly lock: string;
  /** Number of the last change that this tab sees. `undefined`: the store has none. */
  readonly seenChange: () => number | undefined;
  /** Runs changes and counts them, above `least`. Returns the number of the last one, if there was one. */
  readonly inTurn: (run: () => void, least: number) => number | undefined;
}

interface Job {
  run(): void;
  fail(error: unknown): void;
}

/**
 * A Web Lock keeps writers of other tabs out, but does not bring what they wrote: each process has
 * a copy of localStorage that follows the others a little later, and the next holder of the lock
 * can still read what was there before (https://github.com/whatwg/html/issues/403, read 2026-11-21;
 * of 900 counts of three tabs in Chromium 109 were lost). So a tab shows the number of its last
 * change in the name of a second lock, which all tabs see at once, and who comes next waits until
 * its copy has that change.
 */
export function changeTurns(settings: TurnsSettings): Turns {
  const { locks, lock, seenChange, inTurn } = settings;
  const shownStart = `${lock}#`;
  let jobs: Job[] = [];
  let isRunning = false;
  let hide: (() => void) | undefined;
  let hideLater: ReturnType<typeof setTimeout> | undefined;

  function runJobs(least: number): number | undefined {
    const current = jobs;
    jobs = [];
    return inTurn(() => {
      for (const { run } of current) run();
    }, least);
  }

  async function runAll(manager: WebLocks): Promise<void> {
    isRunning = true;
    try {
      while (jobs.length > 0) {
        await manager.request(lock, { mode: 'exclusive' }, async () => {
          const change = runJobs(await catchUp(manager));
          if (change !== undefined) await show(manager, change);
        });
      }
    } catch (error) {
      const failed = jobs;
      jobs = [];
      for (const { fail } of failed) fail(fromFailure(error));
    } finally {
      isRunning = false;
    }
  }

  /** Waits until this tab sees the last change of every other one. Returns its number. */
  async function catchUp(manager: WebLocks): Promise<number> {
    const { held = [] } = await manager.query();
    const me = held.find(({ name }) => name === lock)?.clientId;
    const shown = held
      .filter(({ name, clientId }) => clientId !== me && name?.startsWith(shownStart))
      .map(({ name = '' }) => Number(name.slice(shownStart.length)));
    const last = Math.max(0, ...shown);
    for (let waitMs = 1; (seenChange() ?? 0) < last; waitMs *= 2) {
      if (waitMs > LONGEST_WAIT_MS) {
        // Cleared from outside, as by the user: there is nothing left to wait for.
        if (seenChange() === undefined) break;
        throw new StorageError('unavailable', 'a change of another tab does not arrive here.', {
          outcome: 'not-applied',
          hint: 'Try again.',
        });
      }
      await new Promise((resolve) => setTimeout(resolve, waitMs));
    }
    return last;
  }

  /** Not for good, because a tab that holds a lock is not frozen in the background. */
  async function show(manager: WebLocks, change: number): Promise<void> {
    const before = hide;
    await new Promise<void>((resolve) => {
      const asked = manager.request(`${shownStart}${change}`, { mode: 'shared' }, () => {
        resolve();
        return new Promise((release) => {
          hide = release;
        });
      });
      // The page is going away, and its changes are on their way.
      asked.catch(() => resolve());
    });
    before?.();
    clearTimeout(hideLater);
    hideLater = setTimeout(stopShowing, SHOWN_MS);
  }

  function stopShowing(): void {
    clearTimeout(hideLater);
    hide?.();
    hide = undefined;
  }

  return {
    take: (run, signal) =>
      new Promise((resolve, reject) => {
        const giveUp = () => {
          jobs = jobs.filter((waiting) => waiting !== job);
          if (signal !== undefined) reject(abortedError(signal, { outcome: 'not-applied' }));
        };
        const job: Job = {
          run() {
            signal?.removeEventListener('abort', giveUp);
            try {
              resolve(run());
            } catch (error) {
              reject(error);
            }
          },
          fail(error) {
            signal?.removeEventListener('abort', giveUp);
            reject(error);
          },
        };
        if (signal?.aborted) return giveUp();
        signal?.addEventListener('abort', giveUp, { once: true });
        jobs.push(job);
        if (locks === undefined) runJobs(0);
        else if (!isRunning) void runAll(locks);
      }),
    letGo: stopShowing,
  };
}
