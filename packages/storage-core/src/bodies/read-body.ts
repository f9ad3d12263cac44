import type { Body } from '../contract/body.ts';
import { toStorageError } from '../errors/to-storage-error.ts';
import { raceAbort } from '../provider/race-abort.ts';

/**
 * The whole content of a body that is to be written; the caller's own buffer where it is in memory.
 * When that fails, or the signal ends it, the source is let go of, and the error says that nothing
 * was applied.
 */
export async function readBody(
  body: Body,
  signal: AbortSignal | undefined,
): Promise<Uint8Array<ArrayBuffer>> {
  try {
    const content = body.buffered ?? (await raceAbort(body.bytes(), signal));
    // No body has shared memory: `toBody` refuses it.
    return content as Uint8Array<ArrayBuffer>;
  } catch (error) {
    await body.cancel(error);
    throw toStorageError(error, { outcome: 'not-applied' }, signal);
  }
}
