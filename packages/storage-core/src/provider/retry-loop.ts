import type { Capabilities } from '../contract/capabilities.ts';
import type { RetryOptions } from '../contract/factory.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { StorageError } from '../errors/storage-error.ts';
import { abortedError, toStorageError } from '../errors/to-storage-error.ts';
import { checkRetry } from './check-retry.ts';
import { outcomeOf } from './outcome-of.ts';
import { raceAbort } from './race-abort.ts';
import { type TimeLimits, timeLimits } from './time-limits.ts';

/** The slowest line that a transfer is given time for. Units: bytes per ms. */
const SLOWEST_LINE = 50;

/** One thing to do, as often as it takes. */
export interface Work<Result> {
  readonly operation: string;
  readonly key?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Its errors tell the outcome over all tries. */
  readonly writes?: boolean;
  /** Content that goes over the line before the answer begins. Units: bytes. */
  readonly contentBytes?: number | undefined;
  /** Whether a retryable error may be followed by another try. Default: yes. */
  again?(error: StorageError): boolean;
  /** Lets go of a result that came when nobody waited for it any more. */
  discard?(result: Result): void;
}

/** What one try is given. */
export interface Try {
  /** Ends with the caller's signal, and when the try takes too long. */
  readonly signal: AbortSignal;
  /** Whether an earlier try may have been applied. */
  readonly unsure: boolean;
  /** Tells that content moves: the time of the try starts again. */
  touch(): void;
}

/** The loop that every operation of `withRetry` goes through. */
export interface RetryLoop {
  readonly idleTimeoutMs: number;
  /** Of everything that the loop waits for. */
  readonly limits: TimeLimits;
  run<Result>(work: Work<Result>, call: (one: Try) => Promise<Result>): Promise<Result>;
  /** Waits before the next of `failed + 1` tries; throws the error when there is none. */
  wait(about: Work<never>, error: StorageError, failed: number, deadline?: number): Promise<void>;
  /** Any error as one of this provider. */
  known(about: Work<never>, error: unknown): StorageError;
}

/** What the parts of `withRetry` work with. */
export interface Retried {
  readonly provider: StorageProvider;
  readonly can: () => Capabilities;
  readonly loop: RetryLoop;
}

export function retryLoop(provider: string, options: RetryOptions): RetryLoop {
  const {
    attempts = 4,
    backoff = 'exponential',
    baseDelayMs = 100,
    maxDelayMs = 20_000,
    maxRetryAfterMs = 60_000,
    attemptTimeoutMs = 60_000,
    idleTimeoutMs = 30_000,
    totalTimeoutMs = Number.POSITIVE_INFINITY,
    random = Math.random,
    sleep = sleepOnTimer,
    onRetry,
  } = options;
  checkRetry(options);
  const limits = timeLimits();

  function known({ operation, key, signal }: Work<never>, error: unknown): StorageError {
    return toStorageError(error, { provider, operation, key }, signal);
  }

  function delayOf(error: StorageError, failed: number): number {
    const ceiling = Math.min(maxDelayMs, baseDelayMs * 2 ** (failed - 1));
    const pauses = { exponential: random() * ceiling, constant: baseDelayMs, none: 0 };
    return Math.max(pauses[backoff], error.retryAfterMs ?? 0);
  }

  async function wait(
    { operation, key, signal }: Work<never>,
    error: StorageError,
    failed: number,
    deadline = Number.POSITIVE_INFINITY,
  ): Promise<void> {
    const delayMs = delayOf(error, failed);
    const tooLong = (error.retryAfterMs ?? 0) > maxRetryAfterMs || Date.now() + delayMs >= deadline;
    if (failed >= attempts || tooLong || signal?.aborted) {
      throw failed > 1 ? error.with({ hint: `It was tried ${failed} times.` }) : error;
    }
    onRetry?.({ operation, ...(key !== undefined && { key }), attempt: failed, delayMs, error });
    if (delayMs > 0) await raceAbort(sleep(delayMs, signal), signal);
  }

  /** One try that ends when the signal does, or when its time is over. */
  function once<Result>(
    work: Work<Result>,
    unsure: boolean,
    deadline: number,
    call: (one: Try) => Promise<Result>,
  ): Promise<Result> {
    const { signal, contentBytes = 0 } = work;
    if (signal?.aborted) return Promise.reject(known(work, abortedError(signal)));
    const tryMs = attemptTimeoutMs === 0 ? Number.POSITIVE_INFINITY : attemptTimeoutMs;
    const longestMs = tryMs + contentBytes / SLOWEST_LINE;
    // The clock is asked only where the whole operation has a limit.
    const limitMs = () =>
      deadline === Number.POSITIVE_INFINITY
        ? longestMs
        : Math.min(longestMs, deadline - Date.now());
    const controller = new AbortController();
    return new Promise<Result>((resolve, reject) => {
      let over = false;
      const limit = limits.start(limitMs(), (ms) => {
        end(new StorageError('timeout', `there was no answer within ${ms} ms.`));
      });
      const onAbort = signal && (() => end(abortedError(signal)));
      const touch = () => {
        if (!over) limits.set(limit, limitMs());
      };
      /** Nothing stays behind, also when the provider never answers. */
      const settle = () => {
        over = true;
        limits.stop(limit);
        if (onAbort !== undefined) signal?.removeEventListener('abort', onAbort);
      };
      const end = (reason: StorageError) => {
        const error = known(work, reason);
        settle();
        controller.abort(error);
        reject(error);
      };
      const fail = (error: unknown) => {
        settle();
        reject(error);
      };

      if (onAbort !== undefined) signal?.addEventListener('abort', onAbort, { once: true });
      let answer: Promise<Result>;
      try {
        answer = call({ signal: controller.signal, unsure, touch });
      } catch (error) {
        fail(error);
        return;
      }
      answer.then((result) => {
        if (over) {
          work.discard?.(result);
          return;
        }
        settle();
        resolve(result);
      }, fail);
    });
  }

  function run<Result>(work: Work<Result>, call: (one: Try) => Promise<Result>): Promise<Result> {
    const isEndless = totalTimeoutMs === Number.POSITIVE_INFINITY;
    const deadline = isEndless ? totalTimeoutMs : Date.now() + totalTimeoutMs;
    return once(work, false, deadline, call).catch((thrown: unknown) =>
      more(work, deadline, call, thrown),
    );
  }

  /** What follows a first try that failed. */
  async function more<Result>(
    work: Work<Result>,
    deadline: number,
    call: (one: Try) => Promise<Result>,
    first: unknown,
  ): Promise<Result> {
    let thrown = first;
    let unsure = false;
    const told = (error: StorageError) =>
      work.writes ? error.with({ outcome: unsure ? 'unknown' : 'not-applied' }) : error;
    for (let failed = 1; ; failed += 1) {
      const failure = known(work, thrown);
      unsure ||= outcomeOf(failure) === 'unknown';
      const error = told(failure);
      if (!error.retryable || work.again?.(error) === false) throw error;
      await wait(work, error, failed, deadline).catch((ended: unknown) => {
        throw told(known(work, ended));
      });
      try {
        return await once(work, unsure, deadline, call);
      } catch (again) {
        thrown = again;
      }
    }
  }

  return { idleTimeoutMs, limits, run, wait, known };
}

function sleepOnTimer(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end, { once: true });
  });
}
