import { StorageError } from '@granary/storage-core';
import type { Grant } from './grant.ts';
import type { Exchange } from './provider-transport.ts';
import type { SignInProvider } from './providers/provider.ts';

/** What reaches a provider. */
export interface OAuthClientSettings {
  readonly provider: SignInProvider;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly exchange?: Exchange | undefined;
  /** Units: ms since 1970. */
  readonly now: () => number;
}

/** A sign-in that waits for its answer: plain data. `verifier` and `nonce` are secrets. */
export interface PendingSignIn {
  readonly url: string;
  readonly state: string;
  readonly verifier: string;
  readonly nonce?: string;
  readonly redirectUri: string;
  readonly scopes: readonly string[];
}

/** What a redirect begins with. */
export interface BeginOptions {
  readonly redirectUri: string;
  readonly scopes: readonly string[];
  /** The beginning of the state. Default: none. */
  readonly mark?: string;
  readonly loginHint?: string | undefined;
  readonly parameters?: Readonly<Record<string, string>> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A device code while a person signs in with it. */
export interface DeviceStart {
  readonly deviceCode: string;
  readonly userCode: string;
  readonly verificationUri: string;
  readonly verificationUriComplete?: string;
  /** Units: ms. */
  readonly expiresInMs: number;
  /** Units: ms. */
  readonly intervalMs: number;
}

/** The requests of OAuth to one provider. */
export interface OAuthRequests {
  begin(options: BeginOptions): Promise<PendingSignIn>;
  /** Checks the answer (state, issuer, nonce) and exchanges its code. */
  finish(pending: PendingSignIn, answer: URLSearchParams, signal?: AbortSignal): Promise<Grant>;
  startDevice(scopes: readonly string[], signal?: AbortSignal): Promise<DeviceStart>;
  /** Asks once. Errors besides: what the codes of RFC 8628 mean. */
  pollDevice(
    start: DeviceStart,
    scopes: readonly string[],
    signal?: AbortSignal,
  ): Promise<Grant | 'pending' | 'slow-down'>;
  refresh(refreshToken: string, scopes: readonly string[]): Promise<Grant>;
  /** Gives a grant back. Returns false where the provider has no way to. */
  revoke(tokens: {
    readonly accessToken: string;
    readonly refreshToken?: string;
  }): Promise<boolean>;
}

/** One provider, and the requests to it. */
export interface OAuthClient extends OAuthRequests {
  readonly provider: SignInProvider;
  /** Whether a code can be exchanged where nobody can keep a secret. */
  readonly exchangesInPages: boolean;
  now(): number;
}

/**
 * Makes the requests, whose code is loaded with the first of them: a page that is signed in already may
 * need none for an hour. Windows are opened before it, so that this waits for nothing that a click allows.
 */
export function oauthClient(settings: OAuthClientSettings): OAuthClient {
  const { provider, exchange, now } = settings;
  let loading: Promise<OAuthRequests> | undefined;

  function loaded(): Promise<OAuthRequests> {
    loading ??= import('./oauth-requests.ts').then(
      ({ oauthRequests }) => oauthRequests(settings),
      (error: unknown) => {
        loading = undefined;
        throw notLoaded(provider, error);
      },
    );
    return loading;
  }

  return {
    provider,
    exchangesInPages: provider.noExchangeInPages === undefined || exchange !== undefined,
    now,
    begin: async (options) => (await loaded()).begin(options),
    finish: async (...asked) => (await loaded()).finish(...asked),
    startDevice: async (...asked) => (await loaded()).startDevice(...asked),
    pollDevice: async (...asked) => (await loaded()).pollDevice(...asked),
    refresh: async (...asked) => (await loaded()).refresh(...asked),
    revoke: async (tokens) => (await loaded()).revoke(tokens),
  };
}

function notLoaded({ id }: SignInProvider, cause: unknown): StorageError {
  return new StorageError('unavailable', 'the code of the sign-in could not be loaded.', {
    provider: id,
    cause,
    outcome: 'not-applied',
    hint: 'Check the connection; after an update of the application, reload the page.',
  });
}
