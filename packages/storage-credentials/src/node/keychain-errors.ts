import { type ErrorCode, StorageError } from '@granary/storage-core';
import { nativeText } from '../vault-errors.ts';

/** What the texts of keychains mean; they have no codes. The first that fits counts. */
const MEANINGS: readonly {
  readonly pattern: RegExp;
  readonly code: ErrorCode;
  readonly hint: string;
}[] = [
  {
    // Windows: CRED_MAX_CREDENTIAL_BLOB_SIZE and the names' limits, as both packages word them.
    pattern: /too long|longer than|exceeds|TooLong/i,
    code: 'too-large',
    hint: 'Shorten it.',
  },
  {
    // The Secret Service's IsLocked and a dismissed prompt; macOS' errSecAuthFailed (-25293),
    // errSecInteractionNotAllowed (-25308) and errSecUserCanceled (-128), in words.
    // https://developer.apple.com/documentation/security/security-framework-result-codes (read 2026-11-21)
    pattern:
      /\blocked|IsLocked|dismissed|cancell?ed|denied|not permitted|not allowed|user interaction|passphrase you entered|-25293|-25308|-128\b/i,
    code: 'permission-denied',
    hint: 'Unlock the keychain, and allow this program to use it.',
  },
  {
    pattern:
      /d-?bus|zbus|secret service|org\.freedesktop|autolaunch|platform failure|platform storage|no keychain|logon session|-25291|-25307/i,
    code: 'unavailable',
    hint:
      'There is no keychain that this program can reach, as on servers, in containers and in WSL: use the encrypted file, ' +
      "driver 'file' with a passphrase or a key file.",
  },
];

/** What a keychain fails with. Its own error is not kept: some quote what they read. */
export function toKeychainError(error: unknown): StorageError {
  if (error instanceof StorageError) return error;
  const text = nativeText(error);
  const meaning = MEANINGS.find(({ pattern }) => pattern.test(text));
  if (meaning === undefined) {
    return new StorageError(
      'unknown',
      'the keychain failed for a reason that it does not name safely.',
    );
  }
  const { code, hint } = meaning;
  const retryable = false;
  return new StorageError(code, `the keychain says: ${text}`, { hint, retryable });
}
