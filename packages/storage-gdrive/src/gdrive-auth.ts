import {
  StorageError,
  type TokenInput,
  type TokenSource,
  toTokenSource,
} from '@granary/storage-core/provider';

/** What `OAuth2Client`, `GoogleAuth` and `JWT` of google-auth-library have in common. */
export interface GoogleAuthLike {
  getAccessToken(): Promise<string | null | undefined | { readonly token?: string | null }>;
}

/** A `drive_v3.Drive` of googleapis, by shape: what it signs in with is used, nothing else. */
export interface GoogleDriveClientLike {
  readonly files: object;
  readonly context: { readonly _options: { readonly auth?: unknown } };
}

/** What makes tokens: a source, a function, or the sign-in of Google's library. */
export type GdriveAuth = TokenInput | GoogleAuthLike;

/** How the backend signs in. */
export interface GdriveSignIn {
  readonly auth?: GdriveAuth | undefined;
  readonly client?: GoogleDriveClientLike | GoogleAuthLike | undefined;
}

interface Refreshing {
  refreshAccessToken(): Promise<unknown>;
}

/** The source of tokens that options name. Errors: `invalid-config` for none, two, and what is no sign-in. */
export function tokensOf({ auth, client }: GdriveSignIn): TokenSource {
  if (auth !== undefined && client !== undefined) {
    throw refusal('the option "client" brings its own sign-in; give it or "auth".');
  }
  if (client !== undefined) return fromClient(client);
  if (auth === undefined) {
    throw refusal('the option "auth" is missing.', {
      hint: 'In code, give a function that answers with an access token, the sign-in of google-auth-library, or createGoogleDrive({ clientId }) of @granary/storage, which signs in; on the command line, run: granary login gdrive; in a configuration, "token" is an access token, good for an hour.',
    });
  }
  return isGoogleAuth(auth) ? fromGoogleAuth(auth) : toTokenSource(auth);
}

/** Refuses what only the umbrella, which has a sign-in, can do something with. */
export function checkNoSignInOptions(options: object): void {
  const given = ['clientId', 'clientSecret', 'scopes'].find((name) => name in options);
  if (given === undefined) return;
  throw refusal(`the option "${given}" needs a sign-in, which this package has not.`, {
    hint: 'Sign in with createSignIn of @granary/storage-oauth and pass what it gives as "auth", or use createGoogleDrive of @granary/storage, which does both.',
  });
}

function fromClient(client: GoogleDriveClientLike | GoogleAuthLike): TokenSource {
  if (isGoogleAuth(client)) return fromGoogleAuth(client);
  const auth = (client as Partial<GoogleDriveClientLike>).context?._options?.auth;
  if (isGoogleAuth(auth)) return fromGoogleAuth(auth);
  throw refusal('the option "client" is no client of googleapis that is signed in.', {
    hint: "Make it with google.drive({ version: 'v3', auth }), where auth is an OAuth2Client or a GoogleAuth.",
  });
}

function fromGoogleAuth(auth: GoogleAuthLike): TokenSource {
  return {
    async getToken({ refresh = false }) {
      try {
        if (refresh && isRefreshing(auth)) await auth.refreshAccessToken();
        const answer = await auth.getAccessToken();
        const token = typeof answer === 'string' ? answer : answer?.token;
        if (token) return { token };
      } catch (cause) {
        throw signedOut(cause);
      }
      throw signedOut();
    },
  };
}

function isGoogleAuth(value: unknown): value is GoogleAuthLike {
  return (
    typeof (value as Partial<GoogleAuthLike> | null | undefined)?.getAccessToken === 'function'
  );
}

function isRefreshing(auth: object): auth is Refreshing {
  return typeof (auth as Partial<Refreshing>).refreshAccessToken === 'function';
}

/** What the library says may hold tokens, so it is the cause alone. */
function signedOut(cause?: unknown): StorageError {
  return new StorageError('unauthenticated', 'the sign-in gave no access token.', {
    cause,
    outcome: 'not-applied',
    hint: 'Sign in again: consent may have been withdrawn, or the refresh token has expired.',
  });
}

function refusal(reason: string, fields: { readonly hint?: string } = {}): StorageError {
  return new StorageError('invalid-config', reason, fields);
}
