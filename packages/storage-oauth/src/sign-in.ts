import type { AccessToken, TokenSource } from '@granary/storage-core/provider';
import type { Grant } from './grant.ts';
import type { OAuthClient } from './oauth-client.ts';
import type { Exchange } from './provider-transport.ts';
import type { SignInProvider } from './providers/provider.ts';
import type { TokenStoreInput } from './stores/to-token-store.ts';
import type { TabLocks } from './token-keeper.ts';

/** One person's account with a provider. */
export interface Account {
  /** What the application calls it by. */
  readonly id: string;
  /** How the person is called, where the provider tells: with the scopes `openid` and `email`. */
  readonly label?: string;
  readonly scopes: readonly string[];
  /** Asked for, and not granted. */
  readonly missingScopes: readonly string[];
  readonly signedInAt: Date;
  readonly isDefault: boolean;
  /** The provider has ended it; only signing in again helps. */
  readonly needsSignIn: boolean;
}

/** What one sign-in asks for. */
export interface SignInRequest {
  /** The account that it is kept as. Default: the person that the provider names, else `default`. */
  readonly account?: string;
  /** Default: those of the provider. */
  readonly scopes?: readonly string[];
  /** The address or name that the page of the provider is filled in with. */
  readonly loginHint?: string;
  /** Further parameters of the authorization request, such as `{ prompt: 'select_account' }`. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Keeps a sign-in to which the person did not grant all scopes. Default: false, it fails. */
  readonly allowMissingScopes?: boolean;
  readonly signal?: AbortSignal;
}

/** What signing out did. The tokens are forgotten here in every case. */
export interface SignOutResult {
  readonly account: string;
  /** `failed`: see `error`. `unsupported`: the provider has no way to; the person can, at `consentUrl`. */
  readonly revoked: 'yes' | 'failed' | 'unsupported';
  readonly error?: Error;
  readonly consentUrl?: string;
}

/** A request as flows get it. */
export interface FlowRequest extends SignInRequest {
  readonly scopes: readonly string[];
}

/** What a flow that left the page brings back. */
export interface Resumed {
  readonly grant: Grant;
  readonly request: FlowRequest;
}

/** How a person gets to the page of the provider, and the answer back. */
export interface SignInFlow {
  readonly name: string;
  /** Called at once, inside the click. */
  signIn(client: OAuthClient, request: FlowRequest): Promise<Grant>;
  /** Goes on with an answer that this page was opened with. Returns nothing where there is none. */
  resume?(client: OAuthClient): Promise<Resumed | undefined>;
}

/**
 * People's sign-in to one provider. It is a source of tokens by itself: give it as `auth`.
 * Nothing is asked or read before the first call. No error holds a token, code or secret.
 */
export interface SignIn extends TokenSource {
  readonly provider: SignInProvider;
  /**
   * Has a person sign in; call it in a click where a window is opened. The account becomes the default.
   * Errors: `permission-denied` when the person says no, or does not grant a scope; `aborted`,
   * `timeout`, `unavailable`, `invalid-config`, `unauthenticated`.
   */
  signIn(request?: SignInRequest): Promise<Account>;
  /**
   * Goes on with a sign-in that left this page: call it whenever a page loads that is a redirect address.
   * Returns the account, or nothing where the page was not opened by a provider.
   */
  resume(): Promise<Account | undefined>;
  /** Revokes where the provider can, and forgets in any case. Default: the default account. */
  signOut(account?: string): Promise<SignOutResult>;
  /** All accounts, by id. */
  accounts(): Promise<readonly Account[]>;
  /** Errors: `unauthenticated` where nobody is signed in as it. */
  setDefault(account: string): Promise<void>;
  /**
   * A token of the default account that is good now; a new one well before it ends.
   * Errors: `unauthenticated` where someone has to sign in; `permission-denied` where a scope is missing.
   */
  getToken(options?: {
    readonly signal?: AbortSignal;
    readonly refresh?: boolean;
  }): Promise<AccessToken>;
  /** Tokens of one account. */
  tokenSource(account: string): TokenSource;
}

/** Time, as a sign-in measures it. */
export interface SignInClock {
  /** Units: ms since 1970. */
  now(): number;
  /** Units: ms. */
  sleep(ms: number): Promise<void>;
}

/** Options of a sign-in with the flow of its platform. */
export interface CommonSignInOptions {
  readonly provider: SignInProvider;
  /** Where tokens are kept: a vault, or an encrypted storage. Default: memory, until the program ends. */
  readonly store?: TokenStoreInput;
  /** Has the person sign in when a token is needed and nobody is. Default: false, that is an error. */
  readonly onDemand?: boolean;
  /** What errors say to do when somebody has to sign in. Default: that `signIn()` is to be called. */
  readonly hint?: string;
  /** Exchanges codes by the application's own server, which holds the client secret. Default: none, the provider is asked. */
  readonly exchange?: Exchange;
  /** A token is replaced so long before its end. Default: 60,000. Units: ms. */
  readonly skewMs?: number;
  /** Default: `fetch` of the platform. */
  readonly fetch?: typeof globalThis.fetch;
  /** Default: the system's. */
  readonly clock?: SignInClock;
  /** What tabs stand in line with. Default: Web Locks, where the platform has them. */
  readonly locks?: TabLocks;
}

/** Options of a sign-in with a flow of its own. */
export interface SignInOptions extends CommonSignInOptions {
  readonly flow: SignInFlow;
}
