import { StorageError } from '@granary/storage-core/provider';
import { type OpenWriter, openSync, openWritable } from './opfs-file-writer.ts';
import { fileWorker } from './opfs-worker.ts';

/**
 * From here on the way through a worker is quicker in Chromium 156: 1 MiB in 4.2 ms instead of 6.8,
 * 100 MiB in 196 ms instead of 393; 1 KiB takes 2.8 ms either way (medians, 2026-11-21). Units: bytes.
 */
const WORKER_FROM_BYTES = 1024 * 1024;

/** What decides how files are written. */
export interface WritersSettings {
  readonly hasSyncHandles: boolean;
  readonly hasWritables: boolean;
  /** `false`: none is to be started. */
  readonly worker: (() => Worker) | false | undefined;
  /** Synchronous handles are for the origin's own files. */
  readonly isUserFolder: boolean;
}

/** Chooses how a file is written. */
export interface Writers {
  /** Errors: `unsupported` where the browser has no way. */
  choose(expectedBytes: number | undefined): Promise<OpenWriter>;
  /** Ends the worker. */
  stop(): void;
}

export function openWriters(settings: WritersSettings): Writers {
  const { hasSyncHandles, hasWritables, worker, isUserFolder } = settings;
  const canHaveWorker =
    worker !== false && !isUserFolder && (worker !== undefined || typeof Worker === 'function');
  const own = canHaveWorker ? fileWorker(worker) : undefined;

  return {
    async choose(expectedBytes = Number.POSITIVE_INFINITY) {
      if (hasSyncHandles && !isUserFolder) return openSync;
      const isWorth = !hasWritables || expectedBytes >= WORKER_FROM_BYTES;
      if (own !== undefined && isWorth && (await own.start())) return own.open;
      if (hasWritables) return openWritable;
      throw new StorageError('unsupported', 'this browser writes these files in workers alone.', {
        outcome: 'not-applied',
        hint: 'Allow the worker with `worker-src blob:`, pass the option `worker`, or take storage-idb.',
      });
    },
    stop: () => own?.stop(),
  };
}
