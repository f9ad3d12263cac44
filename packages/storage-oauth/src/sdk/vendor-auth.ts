import { StorageError } from '@granary/storage-core';
import type { AccessToken, TokenSource } from '@granary/storage-core/provider';
import { hidden } from '../hidden.ts';

/** `OAuth2Client`, `JWT` or `GoogleAuth` of google-auth-library, which googleapis has as `google.auth`. */
export interface GoogleAuthLike {
  getAccessToken(): Promise<string | null | undefined | { readonly token?: string | null }>;
  /** Brings a new token, where the client has a refresh token. */
  refreshAccessToken?(): Promise<unknown>;
  readonly credentials?: {
    readonly refresh_token?: string | null;
    readonly expiry_date?: number | null;
  };
}

/** An `AuthenticationProvider` of @microsoft/microsoft-graph-client. */
export interface GraphAuthLike {
  getAccessToken(options?: { readonly scopes?: string[] }): Promise<string>;
}

/** A `TokenCredential` of @azure/identity. */
export interface AzureCredentialLike {
  getToken(
    scopes: string | string[],
    options?: { readonly abortSignal?: AbortSignal },
  ): Promise<{ readonly token: string; readonly expiresOnTimestamp: number } | null>;
}

/** `DropboxAuth` of the package dropbox. */
export interface DropboxAuthLike {
  checkAndRefreshAccessToken(): unknown;
  refreshAccessToken(): unknown;
  getAccessToken(): string;
  getAccessTokenExpiresAt(): Date | undefined;
  getRefreshToken(): string | undefined;
}

/** A source of tokens of an application that signs in with google-auth-library. */
export function fromGoogleAuth(auth: GoogleAuthLike): TokenSource {
  return remembering('google', async (refresh) => {
    const canRefresh = auth.refreshAccessToken !== undefined && auth.credentials?.refresh_token;
    if (refresh && canRefresh) await auth.refreshAccessToken?.();
    const answer = await auth.getAccessToken();
    const token = typeof answer === 'string' ? answer : answer?.token;
    const expiry = auth.credentials?.expiry_date;
    return { token, expiresAt: expiry ? new Date(expiry) : undefined };
  });
}

/** A source of tokens of an application that signs in for Microsoft Graph, with MSAL for example. */
export function fromGraphAuth(
  auth: GraphAuthLike,
  options: { readonly scopes?: readonly string[] } = {},
): TokenSource {
  const { scopes } = options;
  return remembering('microsoft', async () => ({
    token: await auth.getAccessToken(scopes && { scopes: [...scopes] }),
    expiresAt: undefined,
  }));
}

/** A source of tokens of a credential of @azure/identity. Default scopes: those that Graph is registered with. */
export function fromAzureCredential(
  credential: AzureCredentialLike,
  options: { readonly scopes?: readonly string[] } = {},
): TokenSource {
  const { scopes = ['https://graph.microsoft.com/.default'] } = options;
  return remembering('microsoft', async (_refresh, signal) => {
    const answer = await credential.getToken([...scopes], signal && { abortSignal: signal });
    return {
      token: answer?.token,
      expiresAt: answer ? new Date(answer.expiresOnTimestamp) : undefined,
    };
  });
}

/** A source of tokens of an application that signs in with `DropboxAuth`. */
export function fromDropboxAuth(auth: DropboxAuthLike): TokenSource {
  return remembering('dropbox', async (refresh) => {
    const isForced = refresh && Boolean(auth.getRefreshToken());
    await (isForced ? auth.refreshAccessToken() : auth.checkAndRefreshAccessToken());
    return { token: auth.getAccessToken(), expiresAt: auth.getAccessTokenExpiresAt() };
  });
}

/** Asks the sign-in of a vendor, and says clearly when it brings the refused token again. */
function remembering(
  provider: string,
  ask: (
    refresh: boolean,
    signal: AbortSignal | undefined,
  ) => Promise<{ readonly token: string | null | undefined; readonly expiresAt: Date | undefined }>,
): TokenSource {
  let last: string | undefined;
  return {
    async getToken({ signal, refresh = false }): Promise<AccessToken> {
      signal?.throwIfAborted();
      const { token, expiresAt } = await ask(refresh, signal);
      if (!token) throw noToken(provider, 'the sign-in of the application gave no access token.');
      if (refresh && token === last) {
        throw noToken(provider, 'the service refused the token, and the sign-in has no other.');
      }
      last = token;
      return hidden({ token, ...(expiresAt && { expiresAt }) }, ['token']);
    },
  };
}

function noToken(provider: string, reason: string): StorageError {
  return new StorageError('unauthenticated', reason, {
    provider,
    operation: 'getToken',
    outcome: 'not-applied',
    hint: 'Sign in again in the application.',
  });
}
