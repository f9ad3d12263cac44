import type { TokenSource } from '@granary/storage-core/provider';
import type { Vault } from '@granary/storage-credentials';
import type {
  Exchange,
  SignIn,
  SignInEndpoints,
  SignInFlow,
  TokenStoreInput,
  VaultLike,
} from '@granary/storage-oauth';

/** The sign-in of a storage: the `SignIn` of `@granary/storage-oauth`. */
export interface DriveSignIn extends Omit<SignIn, 'provider'> {}

/** What can be said about any sign-in that a drive brings. */
export interface DriveSignInOptions<Flow extends string> {
  /** The account that is used and signed in, of several. Default: the one that signed in last. */
  readonly account?: string;
  /** Where tokens are kept: a vault, an encrypted storage, `memoryTokenStore()`. Default: the vault of this platform. */
  readonly tokens?: TokenStoreInput;
  /** How a person gets to the page of the provider: by name, or a flow of `@granary/storage-oauth`. */
  readonly flow?: Flow | SignInFlow;
  /** The address that the provider comes back to, as it is registered. Default: that of the flow. */
  readonly redirectUri?: string;
  /** Exchanges codes by the application's own server, which holds the client secret. Default: none, the provider is asked. */
  readonly exchange?: Exchange;
  /** Has the person sign in when the storage is opened and nobody is. Default: `true` on desktops, `false` in browsers. */
  readonly signInOnDemand?: boolean;
  /** What errors say to do when somebody has to sign in. Default: that `storage.auth.signIn()` is to be called. */
  readonly signInHint?: string;
  /** Other addresses of the provider, for tests. Default: its own. */
  readonly signInEndpoints?: SignInEndpoints;
}

/** How a person signs in on a desktop: `loopback` is the browser of the system. */
export type DesktopFlow = 'loopback';
/** How a person signs in in a page: in a window, or by leaving the page. */
export type BrowserFlow = 'popup' | 'redirect';

const PROVIDER_OPTIONS: readonly string[] = [
  'clientId',
  'appKey',
  'clientSecret',
  'tenant',
  'scopes',
];

/** The vault of a platform, loaded when tokens are first read or kept. */
export function laterVault(load: () => Promise<Vault>): VaultLike {
  const opened = later(load);
  return {
    get: async (name) => (await opened()).get(name),
    set: async (name, secret) => (await opened()).set(name, secret),
    delete: async (name) => (await opened()).delete(name),
    list: async () => (await opened()).list(),
    rotate: async (name, makeNew) => (await opened()).rotate(name, makeNew),
  };
}

/** A sign-in whose code is loaded with its first call. */
export function laterSignIn(load: () => Promise<DriveSignIn>): DriveSignIn {
  const opened = later(load);

  function source(find: () => Promise<TokenSource>): TokenSource {
    const found = later(find);
    return { getToken: async (wanted) => (await found()).getToken(wanted) };
  }

  return {
    signIn: async (request) => (await opened()).signIn(request),
    resume: async () => (await opened()).resume(),
    signOut: async (account) => (await opened()).signOut(account),
    accounts: async () => (await opened()).accounts(),
    setDefault: async (account) => (await opened()).setDefault(account),
    getToken: source(opened).getToken,
    tokenSource: (account) => source(async () => (await opened()).tokenSource(account)),
  };
}

/** The same sign-in, of one account where one is named. The others stay within reach by name. */
export function ofAccount(signIn: DriveSignIn, account: string | undefined): DriveSignIn {
  if (account === undefined) return signIn;
  const tokens = signIn.tokenSource(account);
  return {
    signIn: (request) => signIn.signIn({ account, ...request }),
    resume: () => signIn.resume(),
    signOut: (which = account) => signIn.signOut(which),
    accounts: () => signIn.accounts(),
    setDefault: (which) => signIn.setDefault(which),
    getToken: (wanted = {}) => tokens.getToken(wanted),
    tokenSource: (which) => signIn.tokenSource(which),
  };
}

/** What a provider is made with: the options that say which client it is, and what it asks for. */
export function providerOptions<Options>(options: Readonly<Record<string, unknown>>): Options {
  const own = Object.entries(options).filter(([name]) => PROVIDER_OPTIONS.includes(name));
  const { signInEndpoints: endpoints } = options;
  return { ...Object.fromEntries(own), ...(endpoints !== undefined && { endpoints }) } as Options;
}

/** Does it once for all who ask; what fails is tried again with the next call. */
function later<Result>(load: () => Promise<Result>): () => Promise<Result> {
  let loading: Promise<Result> | undefined;
  return () => {
    if (loading === undefined) {
      loading = load();
      loading.catch(() => {
        loading = undefined;
      });
    }
    return loading;
  };
}
