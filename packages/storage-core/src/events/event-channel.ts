import { asyncDispose } from '../bodies/async-dispose.ts';
import type { WatchEvent, Watcher } from '../contract/events.ts';
import { abortedError } from '../errors/to-storage-error.ts';

/** Options of {@link eventChannel}. */
export interface EventChannelOptions {
  /** Events kept for a slow reader; when more come, all of them turn into one `lost`. Default: 1,024. */
  readonly maxBuffered?: number;
  /** Lets go of what feeds the channel. Called once, however the channel ends. */
  readonly onClose?: () => void | Promise<void>;
  /** Ends the watcher with `aborted`. */
  readonly signal?: AbortSignal | undefined;
}

/** A {@link Watcher} and the two ends that feed it. */
export interface EventChannel {
  readonly watcher: Watcher;
  /** Hands an event to the reader. Does nothing after the end. */
  push(event: WatchEvent): void;
  /** Ends the iteration with this error, behind the events that came before it. */
  fail(error: unknown): void;
}

interface Reader {
  resolve(result: IteratorResult<WatchEvent, undefined>): void;
  reject(error: unknown): void;
}

/**
 * Makes a watcher for events that come at their own pace. A reader that is too slow is told so
 * with `lost` in the place of what it missed (SPEC WATCH-3). Nothing stays on the signal after
 * the end.
 */
export function eventChannel(options: EventChannelOptions = {}): EventChannel {
  const { maxBuffered = 1024, onClose, signal } = options;
  let events: WatchEvent[] = [];
  let readers: Reader[] = [];
  let failure: { readonly error: unknown } | undefined;
  let closing: Promise<void> | undefined;
  let isEnded = false;

  const abort = () => {
    events = [];
    if (signal !== undefined) fail(abortedError(signal));
  };

  async function end(): Promise<void> {
    isEnded = true;
    signal?.removeEventListener('abort', abort);
    const left = readers;
    readers = [];
    for (const reader of left) answer(reader);
    await onClose?.();
  }

  function answer(reader: Reader): void {
    const event = events.shift();
    if (event !== undefined) {
      reader.resolve({ done: false, value: event });
    } else if (failure !== undefined) {
      reader.reject(failure.error);
      failure = undefined;
    } else if (isEnded) {
      reader.resolve({ done: true, value: undefined });
    } else {
      readers.push(reader);
    }
  }

  function push(event: WatchEvent): void {
    if (isEnded) return;
    if (events.length >= maxBuffered) events = [{ type: 'lost' }];
    events.push(event);
    const reader = readers.shift();
    if (reader !== undefined) answer(reader);
  }

  function fail(error: unknown): void {
    if (isEnded) return;
    failure = { error };
    closing = end();
    closing.catch(() => {});
  }

  function close(): Promise<void> {
    events = [];
    failure = undefined;
    closing ??= end();
    return closing;
  }

  if (signal?.aborted) abort();
  else signal?.addEventListener('abort', abort, { once: true });
  return {
    watcher: {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise((resolve, reject) => answer({ resolve, reject })),
        async return() {
          await close();
          return { done: true, value: undefined };
        },
      }),
      close,
      [asyncDispose]: close,
    },
    push,
    fail,
  };
}
