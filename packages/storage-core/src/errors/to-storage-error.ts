import { redactText } from './redact-text.ts';
import { isStorageError, StorageError, type StorageErrorFields } from './storage-error.ts';

/**
 * Makes a `StorageError` of anything that was thrown. One that is a `StorageError` already, of any
 * copy of this package, keeps what it says and learns the fields it lacks. Everything else becomes
 * the `cause`: of `aborted` when the signal's reason or an `AbortError` was thrown, of `timeout`
 * for a `TimeoutError`, else of `unknown`.
 */
export function toStorageError(
  error: unknown,
  fields: StorageErrorFields = {},
  signal?: AbortSignal,
): StorageError {
  if (isStorageError(error)) return labelled(error, fields);
  if (signal?.aborted && (error === signal.reason || nameOf(error) === 'AbortError')) {
    return abortedError(signal, fields);
  }
  switch (nameOf(error)) {
    case 'AbortError':
      return new StorageError('aborted', 'the operation was aborted.', { ...fields, cause: error });
    case 'TimeoutError':
      return new StorageError('timeout', 'the operation took too long.', {
        ...fields,
        cause: error,
      });
    default:
      return new StorageError('unknown', reasonOf(error), { ...fields, cause: error });
  }
}

/** What an operation fails with when its signal is aborted: the reason is the cause. */
export function abortedError(signal: AbortSignal, fields: StorageErrorFields = {}): StorageError {
  return new StorageError('aborted', 'the operation was aborted by its signal.', {
    ...fields,
    cause: signal.reason,
  });
}

/** What an operation or option that a provider does not declare fails with. */
export function unsupported(provider: string | undefined, what: string): StorageError {
  const place = provider === undefined ? 'this storage' : `"${provider}"`;
  const { isSecureContext } = globalThis as { readonly isSecureContext?: boolean };
  return new StorageError(
    'unsupported',
    `${what} is not supported by ${place}; getCapabilities() tells what is.`,
    {
      provider,
      outcome: 'not-applied',
      ...(isSecureContext === false && {
        hint: 'Browsers offer this page less than others: serve it over https, or from localhost.',
      }),
    },
  );
}

const LABELS = ['provider', 'operation', 'key', 'outcome'] as const;

function labelled(error: StorageError, fields: StorageErrorFields): StorageError {
  const known = LABELS.every((name) => error[name] !== undefined || fields[name] === undefined);
  if (known) return error;
  if (typeof error.with === 'function') {
    return error.with({ ...fields, outcome: error.outcome ?? fields.outcome });
  }
  // A copy of this package that has no `with`.
  const { name: _name, ...said } = { ...fields, ...present(error) };
  return new StorageError(error.code, error.message, said);
}

function present(error: StorageError): StorageErrorFields & { readonly name?: string } {
  return Object.fromEntries(Object.entries(error).filter(([, value]) => value !== undefined));
}

function nameOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'name' in error ? error.name : undefined;
}

function reasonOf(error: unknown): string {
  const message = hasMessage(error) ? error.message : Object(error) === error ? '' : String(error);
  return message === '' ? 'failed for a reason that was not given.' : redactText(message);
}

function hasMessage(error: unknown): error is { readonly message: string } {
  return typeof (error as { readonly message?: unknown } | undefined)?.message === 'string';
}
