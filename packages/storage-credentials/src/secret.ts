import { REDACTED } from '@granary/storage-core/provider';

/** A secret that shows itself to nobody but who calls `reveal`. */
export interface Secret {
  /** The secret. Do not keep what it returns longer than needed: no language of the web can wipe a string. */
  reveal(): string;
  /** Counts the changes of this credential, from 1; 0 for one that comes from `alsoRead`. */
  readonly version: number;
  /** When this version was stored, where that is known. */
  readonly createdAt: Date | undefined;
  toString(): string;
  toJSON(): string;
}

const INSPECT: unique symbol = Symbol.for('nodejs.util.inspect.custom');

/** What a secret is made of. */
export interface SecretParts {
  readonly value: string;
  readonly version: number;
  readonly at?: string | undefined;
}

/** Wraps a secret: texts, JSON, logs, `inspect` and templates show `***`. */
export function toSecret({ value, version, at }: SecretParts): Secret {
  const hidden = (): string => REDACTED;
  const secret: Secret = {
    reveal: () => value,
    version,
    createdAt: at === undefined ? undefined : new Date(at),
    toString: hidden,
    toJSON: hidden,
  };
  Object.defineProperty(secret, INSPECT, { value: () => `Secret(${REDACTED})` });
  return Object.freeze(secret);
}

/** The same bytes, which logs, `inspect` and JSON do not show. */
export function hideBytes(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  Object.defineProperty(bytes, INSPECT, { value: () => `Key(${REDACTED})` });
  return Object.defineProperty(bytes, 'toJSON', { value: () => REDACTED });
}
