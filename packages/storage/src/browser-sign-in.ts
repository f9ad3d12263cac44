import { StorageError } from '@granary/storage-core/provider';
import {
  createSignIn,
  dropbox,
  type GoogleOAuth2Like,
  google,
  googleTokenClient,
  microsoft,
  popup,
  redirect,
  type SignInFlow,
  type SignInProvider,
} from '@granary/storage-oauth/browser';
import type { LooseOptions } from './drive-factory.ts';
import {
  type BrowserFlow,
  type DriveSignIn,
  type DriveSignInOptions,
  laterVault,
  ofAccount,
  providerOptions,
} from './drive-sign-in.ts';
import { tokenModelSignIn } from './token-model-sign-in.ts';

type PageOptions = DriveSignInOptions<BrowserFlow> & {
  readonly scopes?: readonly string[];
  readonly fetch?: typeof globalThis.fetch;
};

const HINT = 'Call storage.auth.signIn() when the person clicks, before anything is awaited.';

/** Signs in to Google from a page: by its token model where that is given, else by a code. */
export function googleInPage(options: LooseOptions): DriveSignIn {
  const { oauth2 } = options;
  if (oauth2 === undefined) return pageSignIn(google(providerOptions(options)), options);
  const unused = ['tokens', 'flow', 'redirectUri', 'exchange', 'signInEndpoints', 'account'];
  const given = unused.find((name) => options[name] !== undefined);
  if (given !== undefined) {
    throw refusal(
      `"oauth2" signs in to one account and keeps its tokens in memory; "${given}" is nothing to it.`,
      `Leave "${given}" or "oauth2" out.`,
    );
  }
  const { scopes = [], signInOnDemand = false, signInHint = HINT } = options as PageOptions;
  const client = googleTokenClient({
    ...providerOptions<{ readonly clientId: string }>(options),
    oauth2: oauth2 as GoogleOAuth2Like,
  });
  return tokenModelSignIn(client, { scopes, onDemand: signInOnDemand, hint: signInHint });
}

/** Signs in to Microsoft from a page. */
export function microsoftInPage(options: LooseOptions): DriveSignIn {
  return pageSignIn(microsoft(providerOptions(options)), options);
}

/** Signs in to Dropbox from a page. */
export function dropboxInPage(options: LooseOptions): DriveSignIn {
  return pageSignIn(dropbox(providerOptions(options)), options);
}

/** Nothing of it is loaded later but the vault: browsers open windows only while they handle a click. */
function pageSignIn(provider: SignInProvider, options: PageOptions): DriveSignIn {
  const { account, tokens = laterVault(loadVault), exchange, fetch } = options;
  const signIn = createSignIn({
    provider,
    store: tokens,
    flow: flowOf(options),
    onDemand: options.signInOnDemand ?? false,
    hint: options.signInHint ?? HINT,
    ...(exchange && { exchange }),
    ...(fetch && { fetch }),
  });
  return ofAccount(signIn, account);
}

async function loadVault() {
  return (await import('@granary/storage-credentials/browser')).createVault();
}

function flowOf({ flow = 'popup', redirectUri }: PageOptions): SignInFlow {
  if (typeof flow === 'object') {
    if (redirectUri === undefined) return flow;
    throw refusal(
      'a flow that is given brings its own redirect address.',
      'Leave "redirectUri" out.',
    );
  }
  const address = redirectUri === undefined ? {} : { redirectUri };
  if (flow === 'popup') return popup(address);
  if (flow === 'redirect') return redirect(address);
  throw refusal(`there is no flow "${flow}" in a browser.`, "Use 'popup' or 'redirect'.");
}

function refusal(reason: string, hint: string): StorageError {
  return new StorageError('invalid-config', reason, { hint });
}
