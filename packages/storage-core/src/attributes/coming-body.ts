import { toBody } from '../bodies/to-body.ts';
import type { Body } from '../contract/body.ts';
import { toStorageError } from '../errors/to-storage-error.ts';
import { raceAbort } from '../provider/race-abort.ts';

/** A body that can be looked at before it is written. */
export interface ComingBody {
  /** What tells it from others; `undefined` when nobody knows. Reads it whole. */
  fingerprint(): Promise<string | undefined>;
  body(): Body;
}

/** Reads a body at most once, and only when it has to be told before it is written. */
export function comingBody(
  body: Body,
  fingerprintOf: ((content: Uint8Array) => string | Promise<string>) | undefined,
  signal: AbortSignal | undefined,
): ComingBody {
  let held: Body | undefined;
  return {
    body: () => held ?? body,
    async fingerprint() {
      if (fingerprintOf === undefined) return undefined;
      let content: Uint8Array;
      try {
        content = body.buffered ?? (await raceAbort(body.bytes(), signal));
      } catch (error) {
        await body.cancel(error);
        throw toStorageError(error, { outcome: 'not-applied' }, signal);
      }
      if (body.buffered === undefined) held = toBody(content);
      return fingerprintOf(content);
    },
  };
}
