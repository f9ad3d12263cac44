/** Watches over a body until it is stopped: for an abort, and for nothing being read. */
export interface Watch {
  /** A read is running; the time does not count. */
  pause(): void;
  /** The read is over; the time counts from now. */
  resume(): void;
  stop(): void;
}

export interface WatchSettings {
  readonly signal: AbortSignal | undefined;
  /** Units: ms; 0 means for ever. */
  readonly idleMs: number;
  readonly onAbort: (signal: AbortSignal) => void;
  readonly onIdle: (idleMs: number) => void;
}

/** One listener on the signal, and one timer that a process does not stay alive for. */
export function watchUnread({ signal, idleMs, onAbort, onIdle }: WatchSettings): Watch {
  let lastReadAt = Date.now();
  let reading = false;
  let timer: ReturnType<typeof setTimeout> | undefined;

  const abort = () => {
    if (signal !== undefined) onAbort(signal);
  };
  // Set again only when it fires, not with every chunk.
  const wait = (ms: number) => {
    timer = setTimeout(check, ms);
    (timer as { unref?(): void }).unref?.();
  };
  const check = () => {
    const left = reading ? idleMs : lastReadAt + idleMs - Date.now();
    if (left > 0) wait(left);
    else onIdle(idleMs);
  };

  if (signal?.aborted) queueMicrotask(abort);
  else signal?.addEventListener('abort', abort, { once: true });
  if (idleMs > 0) wait(idleMs);
  return {
    pause() {
      reading = true;
    },
    resume() {
      reading = false;
      lastReadAt = Date.now();
    },
    stop() {
      signal?.removeEventListener('abort', abort);
      clearTimeout(timer);
    },
  };
}
