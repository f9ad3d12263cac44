import { isStorageError, StorageError, type StorageErrorFields } from '@granary/storage-core';

/** Where something went wrong, and what must not be told about it. */
export interface ErrorPlace {
  readonly provider: string;
  readonly operation: string;
  readonly key?: string | undefined;
  /** Secrets that the operation was about. */
  readonly secrets?: readonly string[];
}

/** What names and codes of errors look like. */
const PLAIN_WORD = /^[A-Za-z_]{1,40}$/;
const MIN_QUOTED = 4;
const HIDDEN = 'the reason is not told, because it quotes the secret.';

/**
 * What a vault fails with: a `StorageError` without cause that quotes no secret. Of other errors only
 * the kind is told, since their texts, stacks and causes may hold what was read.
 */
export function toVaultError(error: unknown, place: ErrorPlace): StorageError {
  const { secrets = [], ...fields } = place;
  if (isStorageError(error)) {
    if (quotes(error.message, secrets)) {
      // A secret of a letter or two stands in every text.
      const isPlain = !quotes(
        error.hint ?? '',
        secrets.filter(({ length }) => length >= MIN_QUOTED),
      );
      const hint = isPlain ? error.hint : undefined;
      return new StorageError(error.code, HIDDEN, { ...fields, outcome: error.outcome, hint });
    }
    if (error.cause === undefined) return error.with(fields);
    return new StorageError(error.code, error.message, { ...fields, outcome: error.outcome });
  }
  const { name, code } = (error ?? {}) as { readonly name?: unknown; readonly code?: unknown };
  const kind = [name, code].filter((word) => typeof word === 'string' && PLAIN_WORD.test(word));
  return new StorageError(
    'unknown',
    `the place of the secrets failed with ${kind.join(' ') || 'an error'}, whose text is not told.`,
    fields,
  );
}

/** The text of a native error; the error itself is not kept. */
export function nativeText(error: unknown): string {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  const text = typeof message === 'string' ? message : typeof error === 'string' ? error : '';
  const line = text.trim().split('\n', 1)[0] ?? '';
  return line === '' ? 'it failed for a reason that was not given.' : ended(line);
}

export function lockedError(): StorageError {
  return new StorageError('permission-denied', 'the vault is locked.', {
    outcome: 'not-applied',
    hint: 'Call unlock() first, with its passphrase where it has one.',
  });
}

export function closedError(): StorageError {
  return new StorageError('closed', 'the vault was closed.', {
    outcome: 'not-applied',
    hint: 'Open another one with createVault.',
  });
}

export function readOnlyError(fields: StorageErrorFields = {}): StorageError {
  return new StorageError('permission-denied', 'secrets in this place can only be read.', {
    outcome: 'not-applied',
    ...fields,
  });
}

function quotes(text: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => secret !== '' && text.includes(secret));
}

function ended(line: string): string {
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
