import { StorageError } from '@granary/storage-core';
import type { AccessToken, TokenSource } from '@granary/storage-core/provider';
import { hidden } from '../hidden.ts';
import { googleScope } from '../providers/google.ts';
import { splitScopes } from '../scopes.ts';

/** What Google's library answers with. */
export interface GoogleTokenAnswer {
  readonly access_token?: string;
  /** Units: s. */
  readonly expires_in?: number | string;
  readonly scope?: string;
  readonly error?: string;
}

/** `google.accounts.oauth2` of Google Identity Services, https://accounts.google.com/gsi/client. */
export interface GoogleOAuth2Like {
  initTokenClient(config: {
    readonly client_id: string;
    readonly scope: string;
    readonly login_hint?: string;
    callback(answer: GoogleTokenAnswer): void;
    error_callback(error: { readonly type?: string }): void;
  }): { requestAccessToken(override?: { readonly prompt?: string }): void };
  revoke(token: string, done: (answer?: { readonly successful?: boolean }) => void): void;
}

/** Options of {@link googleTokenClient}. */
export interface GoogleTokenClientOptions {
  /** `google.accounts.oauth2`, which the script of Google brings. */
  readonly oauth2: GoogleOAuth2Like;
  readonly clientId: string;
  /** Full scopes, or their last part. Default: `['drive.file']`. */
  readonly scopes?: readonly string[];
  readonly loginHint?: string;
  /** A token is replaced so long before its end. Default: 60,000. Units: ms. */
  readonly skewMs?: number;
  /** Units: ms since 1970. Default: the system's. */
  readonly now?: () => number;
}

/** Google's token model: tokens of an hour for a page, and nothing that is kept. */
export interface GoogleTokenClient extends TokenSource {
  /** Has the person sign in; call it in a click. */
  signIn(): Promise<void>;
  /** Gives the grant back where that works, and forgets the token in any case. */
  signOut(): Promise<{ readonly revoked: 'yes' | 'failed' }>;
}

const DEFAULT_SKEW_MS = 60_000;
/** How long Google's library has to give a grant back. Units: ms. */
const REVOKE_MS = 10_000;

/**
 * Signs in to Google from a page without a server, with Google Identity Services. When a token ends,
 * the next one opens Google's window again, which needs a click where the browser blocks windows.
 * https://developers.google.com/identity/oauth2/web/guides/use-token-model and
 * https://developers.google.com/identity/oauth2/web/guides/error, read 2026-11-21.
 */
export function googleTokenClient(options: GoogleTokenClientOptions): GoogleTokenClient {
  const { oauth2, clientId, loginHint, now = Date.now, skewMs = DEFAULT_SKEW_MS } = options;
  const scopes = (options.scopes ?? ['drive.file']).map(googleScope);
  let token: AccessToken | undefined;
  let asking: Promise<AccessToken> | undefined;

  function ask(): Promise<AccessToken> {
    asking ??= new Promise<AccessToken>((resolve, reject) => {
      const client = oauth2.initTokenClient({
        client_id: clientId,
        scope: scopes.join(' '),
        ...(loginHint !== undefined && { login_hint: loginHint }),
        callback: (answer) => {
          try {
            resolve(toToken(answer));
          } catch (error) {
            reject(error);
          }
        },
        error_callback: ({ type }) => reject(windowError(type)),
      });
      // No `prompt`: the person is asked for consent the first time only.
      client.requestAccessToken({ prompt: '' });
    }).finally(() => {
      asking = undefined;
    });
    return asking;
  }

  function toToken({ access_token, expires_in, scope, error }: GoogleTokenAnswer): AccessToken {
    if (error !== undefined || !access_token) throw notGranted('the person said no.');
    const granted = splitScopes(scope ?? scopes.join(' '));
    const missing = scopes.filter((one) => one.includes('://') && !granted.includes(one));
    if (missing.length > 0) {
      throw notGranted(`the person did not grant everything: ${missing.join(', ')} is missing.`);
    }
    const expiresAt = new Date(now() + Number(expires_in ?? 0) * 1000);
    return hidden({ token: access_token, expiresAt }, ['token']);
  }

  async function getToken({ refresh = false } = {}): Promise<AccessToken> {
    const endsAt = token?.expiresAt?.getTime() ?? 0;
    if (token !== undefined && !refresh && endsAt - skewMs > now()) return token;
    token = await ask();
    return token;
  }

  return {
    getToken,
    async signIn() {
      await getToken();
    },
    async signOut() {
      const { token: text } = token ?? {};
      token = undefined;
      if (text === undefined) return { revoked: 'yes' };
      return new Promise((resolve) => {
        // Nothing is heard of a request that the browser stops.
        const limit = setTimeout(() => resolve({ revoked: 'failed' }), REVOKE_MS);
        oauth2.revoke(text, ({ successful = true } = {}) => {
          clearTimeout(limit);
          resolve({ revoked: successful ? 'yes' : 'failed' });
        });
      });
    },
  };
}

function notGranted(reason: string): StorageError {
  return new StorageError('permission-denied', reason, {
    provider: 'google',
    operation: 'signIn',
    outcome: 'not-applied',
    hint: 'Ask again when the person wants to: signIn().',
  });
}

function windowError(type: string | undefined): StorageError {
  const place = { provider: 'google', operation: 'signIn', outcome: 'not-applied' } as const;
  if (type === 'popup_closed') {
    return new StorageError('aborted', 'the window of the sign-in was closed.', {
      ...place,
      hint: 'Try again when the person wants to: signIn().',
    });
  }
  if (type === 'popup_failed_to_open') {
    return new StorageError('permission-denied', 'the browser did not open the window.', {
      ...place,
      hint: 'Call signIn() in a click.',
    });
  }
  return new StorageError(
    'unknown',
    "Google's window failed for a reason that it does not tell.",
    place,
  );
}
