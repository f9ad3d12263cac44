import {
  type ErrorCode,
  isStorageError,
  StorageError,
  type Usage,
} from '@granary/storage-core/provider';

interface Translation {
  readonly code: ErrorCode;
  readonly reason: string;
  readonly hint: string;
}

const FULL: Translation = {
  code: 'quota-exceeded',
  reason: 'the browser gives this origin no more room in localStorage.',
  hint: 'Delete items; everything on this origin shares the room. What was stored before is still there.',
};

/**
 * What the browser says, and what we say. Names are those of DOMException
 * (https://webidl.spec.whatwg.org/#idl-DOMException-error-names); Firefox has had a name of its own
 * (https://developer.mozilla.org/en-US/docs/Web/API/Storage/setItem). Read 2026-11-21.
 */
const TRANSLATIONS: Readonly<Record<string, Translation>> = {
  QuotaExceededError: FULL,
  NS_ERROR_DOM_QUOTA_REACHED: FULL,
  SecurityError: {
    code: 'permission-denied',
    reason: 'the browser forbids this page to use localStorage.',
    hint: 'Storage may be switched off for this site, or the page is a sandboxed or third-party frame.',
  },
  InvalidStateError: {
    code: 'unavailable',
    reason: 'the page is not active.',
    hint: 'It is being closed or is hidden behind another one: try again when it is shown.',
  },
  AbortError: {
    code: 'unavailable',
    reason: 'the browser took the lock away.',
    hint: 'The page is being closed, or another script stole the lock: try again.',
  },
};

/** Makes a `StorageError` of what localStorage and Web Locks throw. */
export function fromFailure(thrown: unknown, usage?: Usage): StorageError {
  if (isStorageError(thrown)) return thrown;
  const { name = '' } = (thrown ?? {}) as { readonly name?: string };
  const known = TRANSLATIONS[name];
  if (known === undefined) {
    return new StorageError('unknown', 'localStorage failed.', { cause: thrown });
  }
  const { code, reason, hint } = known;
  return new StorageError(code, reason, {
    outcome: 'not-applied',
    hint,
    cause: thrown,
    ...(code === 'quota-exceeded' && usage !== undefined && { usage }),
  });
}

/** Whether the browser says that nothing more fits. */
export function isFull(thrown: unknown): boolean {
  const { name = '' } = (thrown ?? {}) as { readonly name?: string };
  return TRANSLATIONS[name]?.code === 'quota-exceeded';
}
