import { StorageError } from '@granary/storage-core';

/** The longest secret. Units: bytes of UTF-8. */
const MAX_SECRET_BYTES = 65_536;

/** Errors: `invalid-argument` for what is no text; `too-large`. */
export function checkSecret(secret: unknown): asserts secret is string {
  if (typeof secret !== 'string' || !secret.isWellFormed()) {
    throw new StorageError(
      'invalid-argument',
      'the secret is no text, or holds half a character.',
      {
        outcome: 'not-applied',
        hint: 'Give bytes as base64.',
      },
    );
  }
  if (new TextEncoder().encode(secret).byteLength > MAX_SECRET_BYTES) {
    throw new StorageError('too-large', `the secret has more than ${MAX_SECRET_BYTES} bytes.`, {
      outcome: 'not-applied',
      hint: 'Encrypt it with a data key of the vault, key(name), and store it elsewhere.',
    });
  }
}
