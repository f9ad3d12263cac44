import { StorageError } from '@granary/storage-core/provider';
import type { LoopbackOptions, SignInFlow, SignInProvider } from '@granary/storage-oauth/node';
import type { LooseOptions } from './drive-factory.ts';
import {
  type DesktopFlow,
  type DriveSignIn,
  type DriveSignInOptions,
  laterSignIn,
  laterVault,
  ofAccount,
  providerOptions,
} from './drive-sign-in.ts';

type OAuth = typeof import('@granary/storage-oauth/node');
type DesktopOptions = DriveSignInOptions<DesktopFlow> & {
  readonly scopes?: readonly string[];
  readonly fetch?: typeof globalThis.fetch;
};

const HOSTS = ['localhost', '127.0.0.1'] as const;
const HINT =
  'Call storage.auth.signIn(), which opens the browser of the system; signInOnDemand: true has the first operation do that.';

/** Signs in to Google, through the browser of the system. */
export function googleOnDesktop(options: LooseOptions): DriveSignIn {
  return desktopSignIn(options, ({ google }) => google(providerOptions(options)));
}

/** Signs in to Microsoft, through the browser of the system. */
export function microsoftOnDesktop(options: LooseOptions): DriveSignIn {
  return desktopSignIn(options, ({ microsoft }) => microsoft(providerOptions(options)));
}

/** Signs in to Dropbox, through the browser of the system. */
export function dropboxOnDesktop(options: LooseOptions): DriveSignIn {
  return desktopSignIn(options, ({ dropbox }) => dropbox(providerOptions(options)));
}

function desktopSignIn(
  options: DesktopOptions,
  providerOf: (oauth: OAuth) => SignInProvider,
): DriveSignIn {
  const { account, signInOnDemand: onDemand = true, signInHint: hint = HINT, fetch } = options;
  const { tokens = laterVault(loadVault), exchange } = options;
  const { own, listener, loopbackHost } = flowOf(options);
  const signIn = laterSignIn(async () => {
    const oauth = await import('@granary/storage-oauth/node');
    return oauth.createSignIn({
      provider: Object.assign(providerOf(oauth), loopbackHost && { loopbackHost }),
      store: tokens,
      flow: own ?? oauth.loopback(listener),
      ...{ onDemand, hint },
      ...(exchange && { exchange }),
      ...(fetch && { fetch }),
    });
  });
  return ofAccount(signIn, account);
}

async function loadVault() {
  return (await import('@granary/storage-credentials/node')).createVault();
}

/** A flow that was given, or where the listener of this machine is. */
interface Flow {
  readonly own?: SignInFlow;
  readonly listener?: LoopbackOptions;
  readonly loopbackHost?: SignInProvider['loopbackHost'];
}

/** Errors: `invalid-config` for a redirect address that is not of this machine. */
function flowOf({ flow = 'loopback', redirectUri }: DesktopOptions): Flow {
  if (typeof flow === 'object') {
    if (redirectUri === undefined) return { own: flow };
    throw refusal(
      'a flow that is given brings its own redirect address.',
      'Leave "redirectUri" out.',
    );
  }
  if (flow !== 'loopback') {
    throw refusal(`there is no flow "${flow}" on a desktop.`, "Use 'loopback', or give a flow.");
  }
  if (redirectUri === undefined) return {};
  const url = URL.canParse(redirectUri) ? new URL(redirectUri) : undefined;
  const loopbackHost = HOSTS.find((host) => host === url?.hostname);
  const isPlain = url?.protocol === 'http:' && url.search + url.hash === '';
  if (url === undefined || loopbackHost === undefined || !isPlain) {
    throw refusal(
      'the "redirectUri" of a desktop is an address of this machine.',
      'Give http://localhost or http://127.0.0.1 with the port and path that are registered, or a "flow" of your own.',
    );
  }
  const port = url.port === '' ? {} : { port: Number(url.port) };
  return { listener: { path: url.pathname, ...port }, loopbackHost };
}

function refusal(reason: string, hint: string): StorageError {
  return new StorageError('invalid-config', reason, { hint });
}
