import {
  StorageError,
  type TokenInput,
  type TokenSource,
  toTokenSource,
} from '@granary/storage-core/provider';

/** The SDK's sign-in: `DropboxAuth` of `dropbox`, by shape. */
export interface DropboxAuthLike {
  getAccessToken(): string;
  checkAndRefreshAccessToken(): unknown;
  refreshAccessToken(): unknown;
}

/** The SDK's client: `Dropbox` of `dropbox`, by shape. */
export interface DropboxClientLike {
  usersGetCurrentAccount(): unknown;
}

/** What the SDK's client keeps for itself, and has no other way to. */
export interface InsideClient {
  readonly auth?: DropboxAuthLike;
  readonly pathRoot?: string;
  readonly selectUser?: string;
}

/** How the app signs in. */
export interface DropboxSignIn {
  readonly auth?: TokenInput | DropboxAuthLike | undefined;
  readonly client?: DropboxClientLike | DropboxAuthLike | undefined;
  readonly appKey?: string | undefined;
}

/**
 * The tokens of a sign-in, whatever its form.
 * Errors: `invalid-config` for none, and for what is no sign-in.
 */
export function tokensOf({ auth, client, appKey }: DropboxSignIn): TokenSource {
  if (auth !== undefined) return isSdkAuth(auth) ? sdkTokens(auth) : toTokenSource(auth);
  if (client !== undefined) {
    const own = (client as InsideClient).auth ?? client;
    if (isSdkAuth(own)) return sdkTokens(own);
    throw new StorageError(
      'invalid-config',
      'the option "client" is no Dropbox and no DropboxAuth.',
    );
  }
  throw new StorageError('invalid-config', 'the option "auth" is missing.', {
    hint:
      appKey === undefined
        ? 'In code, give a function that answers with an access token, the SDK\'s client as "client", or createDropbox({ appKey }) of @granary/storage, which signs in; on the command line, run: granary login dropbox; in a configuration, "token" is an access token, good for four hours.'
        : 'An "appKey" alone signs nobody in: use createDropbox of @granary/storage, or give "auth".',
  });
}

function isSdkAuth(value: unknown): value is DropboxAuthLike {
  const { getAccessToken, checkAndRefreshAccessToken } = (value ?? {}) as Partial<DropboxAuthLike>;
  return typeof getAccessToken === 'function' && typeof checkAndRefreshAccessToken === 'function';
}

function sdkTokens(auth: DropboxAuthLike): TokenSource {
  return {
    async getToken({ refresh = false }) {
      try {
        await (refresh ? auth.refreshAccessToken() : auth.checkAndRefreshAccessToken());
      } catch (error) {
        throw signInFailed(error);
      }
      const token = auth.getAccessToken();
      if (typeof token === 'string' && token !== '') return { token };
      throw signInFailed(undefined);
    },
  };
}

/** The SDK's errors carry the status of the answer to a refresh; without one there was no answer. */
function signInFailed(cause: unknown): StorageError {
  const status = (cause as { readonly status?: unknown } | undefined)?.status;
  const isRefused = cause === undefined || (typeof status === 'number' && status < 500);
  if (!isRefused && !(cause instanceof TypeError) && typeof status !== 'number') {
    // Without a refresh token, the SDK says so in an error of its own.
    return new StorageError('unauthenticated', 'the SDK could not refresh the access token.', {
      cause,
      outcome: 'not-applied',
      hint: 'Sign in again.',
    });
  }
  return isRefused
    ? new StorageError('unauthenticated', 'the SDK has no access token that is good.', {
        outcome: 'not-applied',
        hint: 'Sign in again.',
      })
    : new StorageError('unavailable', 'the access token could not be refreshed.', {
        outcome: 'not-applied',
        hint: 'Check the network.',
      });
}
