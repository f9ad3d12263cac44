import type { Body, StorageError } from '@granary/storage-core/provider';
import { countedBody } from './counted-body.ts';
import type { UsageCounter } from './usage-counter.ts';

/** Room for one write. */
export interface WriteTicket {
  /** What to write. It breaks off as soon as it does not fit. */
  readonly body: Body;
  /** How large the object may be by what has come. Units: bytes. */
  heldSize(): number;
  /** Why the body broke off. */
  refusal(): StorageError | undefined;
  /** Gives back what was held. What was written is counted by whoever knows it. */
  end(): void;
}

/**
 * Makes room for a body; for one of unknown size while it flows. `sizeOf` tells how large the object
 * is that it replaces, `undefined` where there is none, and `isDoubted` whether that is sure.
 * Errors: `quota-exceeded`.
 */
export function writeTicket(
  counter: UsageCounter,
  key: string,
  body: Body,
  sizeOf: () => number | undefined,
  isDoubted: () => boolean = () => false,
): WriteTicket {
  let heldBytes = 0;
  let cameBytes = 0;
  let refusal: StorageError | undefined;
  const objects = sizeOf() === undefined ? 1 : 0;

  function grow(sizeBytes: number, more: number): void {
    cameBytes = Math.max(cameBytes, sizeBytes);
    const bytes = Math.max(0, sizeBytes - (sizeOf() ?? 0) - heldBytes);
    try {
      counter.hold(key, { bytes, objects: more }, { isDoubted: isDoubted() });
    } catch (error) {
      refusal = error as StorageError;
      throw error;
    }
    heldBytes += bytes;
  }

  grow(body.size ?? 0, objects);
  return {
    body: body.size === undefined ? countedBody(body, (sizeBytes) => grow(sizeBytes, 0)) : body,
    heldSize: () => cameBytes,
    refusal: () => refusal,
    end: () => counter.release(key, { bytes: heldBytes, objects }),
  };
}
