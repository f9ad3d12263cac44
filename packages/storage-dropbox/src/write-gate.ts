import { StorageError } from '@granary/storage-core/provider';

/** Runs work when few enough other work is running; until then it waits, or ends with the signal. */
export type WriteGate = <Result>(
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
) => Promise<Result>;

/**
 * Lets so many through at once, in the order they came.
 * Errors: `invalid-config` for a number that lets nothing through.
 */
export function writeGate(most: number): WriteGate {
  if (!Number.isInteger(most) || most < 1) {
    throw new StorageError(
      'invalid-config',
      'the option "concurrentWrites" is a whole number from 1.',
    );
  }
  const waiting = new Set<() => void>();
  let running = 0;

  function enter(signal: AbortSignal | undefined): Promise<void> | undefined {
    if (running < most) {
      running += 1;
      return undefined;
    }
    return new Promise((resolve, reject) => {
      const go = () => {
        signal?.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        waiting.delete(go);
        reject(signal?.reason);
      };
      waiting.add(go);
      signal?.addEventListener('abort', leave, { once: true });
    });
  }

  function exit(): void {
    const [next] = waiting;
    if (next === undefined) {
      running -= 1;
      return;
    }
    waiting.delete(next);
    next();
  }

  return async (signal, work) => {
    await enter(signal);
    try {
      return await work();
    } finally {
      exit();
    }
  };
}
