import { readBody } from '../bodies/read-body.ts';
import { toBody } from '../bodies/to-body.ts';
import type { Body } from '../contract/body.ts';

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
  let told: Promise<string | undefined> | undefined;

  async function tell(): Promise<string | undefined> {
    if (fingerprintOf === undefined) return undefined;
    const content = await readBody(body, signal);
    if (body.buffered === undefined) held = toBody(content);
    return fingerprintOf(content);
  }

  return {
    body: () => held ?? body,
    fingerprint() {
      told ??= tell();
      return told;
    },
  };
}
