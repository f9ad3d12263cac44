import type { UploadSession } from '../contract/upload.ts';
import { abortedError } from '../errors/to-storage-error.ts';
import type { PartReader } from './part-reader.ts';

/** Parts in flight: a bounded number, of which the first failure stops the others. */
export interface PartFlight {
  /** Waits for room, then sends. */
  send(offset: number, bytes: Uint8Array, sent: () => void): Promise<void>;
  /** Throws what a part failed with. */
  check(): void;
  /** Waits for all parts. */
  settle(): Promise<void>;
  /** Ends what is still running and waits for its end. */
  stop(): Promise<void>;
}

export function partFlight(
  session: UploadSession,
  limit: number,
  signal: AbortSignal | undefined,
  reader: PartReader,
): PartFlight {
  const running = new Set<Promise<void>>();
  const stopper = new AbortController();
  let failure: { readonly error: unknown } | undefined;

  function fail(error: unknown): void {
    failure ??= { error };
    stopper.abort(error);
    // A read of the source that hangs ends with this.
    reader.cancel(error).catch(() => {});
  }
  const onAbort = () => {
    if (signal !== undefined) fail(abortedError(signal, { operation: 'put', key: session.key }));
  };
  if (signal?.aborted) onAbort();
  signal?.addEventListener('abort', onAbort, { once: true });

  function check(): void {
    if (failure !== undefined) throw failure.error;
  }

  return {
    check,
    async send(offset, bytes, sent) {
      while (running.size >= limit) await Promise.race(running);
      check();
      const write = session
        .write(offset, bytes, { signal: stopper.signal })
        .then(sent)
        .catch(fail)
        .finally(() => running.delete(write));
      running.add(write);
    },
    async settle() {
      while (running.size > 0) await Promise.race(running);
      check();
    },
    async stop() {
      signal?.removeEventListener('abort', onAbort);
      if (running.size > 0) stopper.abort();
      await Promise.all(running);
    },
  };
}
