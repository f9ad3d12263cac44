import { abortedError } from '@granary/storage-core/provider';

/** Waits for something until the signal ends the waiting, which ends nothing else. */
export function waitFor<Value>(
  pending: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (signal === undefined) return pending;
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(abortedError(signal, { outcome: 'not-applied' }));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    const forget = () => signal.removeEventListener('abort', giveUp);
    pending.then(resolve, reject).finally(forget);
  });
}
