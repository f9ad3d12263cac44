import {
  type ErrorCode,
  isStorageError,
  StorageError,
  type StorageErrorFields,
} from '@granary/storage-core';
import { retryAfterMs } from '@granary/storage-core/provider';
import type { SignInProvider } from './providers/provider.ts';

/** What was tried when something went wrong, and what must not be told about it. */
export interface ErrorPlace {
  readonly provider: SignInProvider;
  readonly operation: string;
  /** Codes, tokens and verifiers that were sent. */
  readonly secrets: readonly string[];
  readonly signal?: AbortSignal | undefined;
}

interface Meaning {
  readonly code: ErrorCode;
  readonly reason: string;
  /** Default: what the registration has to be like. */
  readonly hint?: string;
}

const AGAIN = 'Sign in again: signIn().';
const LATER = 'Try again later.';

/**
 * What the codes of OAuth mean here. https://www.rfc-editor.org/rfc/rfc6749#section-5.2 and 4.1.2.1,
 * https://www.rfc-editor.org/rfc/rfc8628#section-3.5, https://openid.net/specs/openid-connect-core-1_0.html#AuthError;
 * `authorization_declined` and `bad_verification_code` are Microsoft's, read 2026-11-21:
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-device-code#expected-errors.
 */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  access_denied: denied(),
  authorization_declined: denied(),
  invalid_grant: {
    code: 'unauthenticated',
    reason: 'the sign-in has ended: it was taken back, or is too old.',
    hint: AGAIN,
  },
  login_required: interaction(),
  interaction_required: interaction(),
  consent_required: interaction(),
  account_selection_required: interaction(),
  expired_token: expired(),
  bad_verification_code: expired(),
  invalid_client: config('does not know the client, or its secret'),
  unauthorized_client: config('does not let this client sign in so'),
  unsupported_grant_type: config('does not let this client sign in so'),
  unsupported_response_type: config('does not let this client sign in so'),
  redirect_uri_mismatch: config('does not know the redirect address'),
  invalid_request: config('refuses the request'),
  invalid_scope: config('does not know a scope, or does not give it to this client'),
  server_error: { code: 'unavailable', reason: 'the sign-in service failed.', hint: LATER },
  temporarily_unavailable: {
    code: 'unavailable',
    reason: 'the sign-in service is busy.',
    hint: LATER,
  },
};

/** What a code of OAuth looks like. */
const WORD = /^[\w-]{1,60}$/;
const MAX_TOLD = 200;
const MIN_QUOTED = 4;

/** Fields of errors of `oauth4webapi`, and of what `fetch` throws. */
interface NativeError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly error?: unknown;
  readonly error_description?: unknown;
  readonly response?: unknown;
  readonly cause?: unknown;
}

/**
 * What a sign-in fails with. The native error is not kept, since it holds the answer with its tokens;
 * of the service's own words only those are told that quote nothing that was sent.
 */
export function toSignInError(error: unknown, place: ErrorPlace): StorageError {
  const { provider, operation, signal } = place;
  const fields: StorageErrorFields = { provider: provider.id, operation, outcome: 'not-applied' };
  if (isStorageError(error)) return error.with(fields);
  if (signal?.aborted) {
    return new StorageError('aborted', 'it was aborted.', { ...fields, cause: signal.reason });
  }
  const native = (typeof error === 'object' && error !== null ? error : {}) as NativeError;
  const response = responseOf(native);
  if (typeof native.error === 'string') return refused(native.error, native, place, response);
  if (response !== undefined) return unreadable(response, place);
  if (typeof native.code === 'string' && native.code.startsWith('OAUTH_')) {
    return new StorageError(
      'invalid-data',
      'the answer of the sign-in service is not one to this sign-in, and was not used.',
      { ...fields, hint: 'Sign in again. If it stays so, something changes answers on their way.' },
    );
  }
  if (native.name === 'TypeError' || native.name === 'TimeoutError') {
    return new StorageError('unavailable', `${provider.title} could not be reached.`, {
      ...fields,
      hint: 'Look at the connection. In a page, the provider must allow its origin (CORS).',
    });
  }
  return new StorageError('unknown', 'the sign-in failed for a reason that is not told.', fields);
}

/** The error of a code of OAuth, with what the service says of it. */
export function refused(
  error: string,
  said: { readonly error_description?: unknown },
  place: ErrorPlace,
  response?: Response,
): StorageError {
  const { provider, operation, secrets } = place;
  const status = response?.status;
  const fields = { provider: provider.id, operation, outcome: 'not-applied', status } as const;
  if (!WORD.test(error)) return new StorageError('unknown', 'the sign-in was refused.', fields);
  const meaning = Object.hasOwn(MEANINGS, error) ? MEANINGS[error] : undefined;
  const { code, reason, hint } = meaning ?? {
    code: 'unknown',
    reason: 'the sign-in was refused.',
    hint: '',
  };
  const told = toldText(said.error_description, secrets);
  return new StorageError(code, `${reason} ${provider.title} says: ${error}${told}.`, {
    ...fields,
    hint: hint ?? provider.clientHint,
  });
}

/** An answer that is no answer of OAuth: of a proxy, or a service in trouble. */
function unreadable(response: Response, { provider, operation }: ErrorPlace): StorageError {
  const { status, headers } = response;
  const place = { provider: provider.id, operation, status, outcome: 'not-applied' } as const;
  const after = retryAfterMs(headers.get('retry-after'));
  if (status === 429) {
    return new StorageError('rate-limited', `${provider.title} asks to wait.`, {
      ...place,
      retryAfterMs: after,
    });
  }
  return new StorageError(
    status === 200 || (status >= 400 && status < 500) ? 'unknown' : 'unavailable',
    `${provider.title} answered with something that is no answer to a sign-in (status ${status}).`,
    place,
  );
}

function responseOf({ response, cause }: NativeError): Response | undefined {
  if (response instanceof Response) return response;
  return cause instanceof Response ? cause : undefined;
}

function toldText(description: unknown, secrets: readonly string[]): string {
  if (typeof description !== 'string' || description === '') return '';
  const quotes = secrets.some((one) => one.length >= MIN_QUOTED && description.includes(one));
  if (quotes) return '';
  const line = description.replace(/[^\x20-\x7e].*/s, '').slice(0, MAX_TOLD);
  return line === '' ? '' : `, ${JSON.stringify(line)}`;
}

function denied(): Meaning {
  return {
    code: 'permission-denied',
    reason: 'the person said no.',
    hint: 'Nothing was changed. Ask again when the person wants to.',
  };
}

function interaction(): Meaning {
  return { code: 'unauthenticated', reason: 'the person has to sign in.', hint: AGAIN };
}

function expired(): Meaning {
  return {
    code: 'timeout',
    reason: 'nobody has signed in while the code was good.',
    hint: 'Ask for another code: signIn().',
  };
}

function config(what: string): Meaning {
  return { code: 'invalid-config', reason: `the provider ${what}.` };
}
