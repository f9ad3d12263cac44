import { StorageError, type TokenSource } from '@granary/storage-core/provider';
import type { Account, GoogleTokenClient } from '@granary/storage-oauth/browser';
import type { DriveSignIn } from './drive-sign-in.ts';

interface TokenModelSettings {
  readonly scopes: readonly string[];
  /** Opens Google's window when a token is needed and nobody has signed in. */
  readonly onDemand: boolean;
  /** What errors say to do then. */
  readonly hint: string;
  readonly now?: () => number;
}

/** Google's token model knows one account at a time, and not who it is. */
const ACCOUNT = 'default';

/** A sign-in over Google's token model. It lasts as long as the page. */
export function tokenModelSignIn(
  client: GoogleTokenClient,
  { scopes, onDemand, hint, now = Date.now }: TokenModelSettings,
): DriveSignIn {
  let account: Account | undefined;

  function signedOut(reason: string): StorageError {
    return new StorageError('unauthenticated', reason, {
      provider: 'google',
      operation: 'getToken',
      outcome: 'not-applied',
      hint,
    });
  }

  const tokens: TokenSource = {
    async getToken(wanted) {
      if (account === undefined && !onDemand) throw signedOut('nobody is signed in to Google.');
      const token = await client.getToken(wanted);
      account ??= signedInNow();
      return token;
    },
  };

  function signedInNow(): Account {
    return {
      id: ACCOUNT,
      scopes,
      missingScopes: [],
      signedInAt: new Date(now()),
      isDefault: true,
      needsSignIn: false,
    };
  }

  return {
    async signIn(request = {}) {
      const { account: _, ...asked } = request;
      const [option] = Object.keys(asked);
      if (option !== undefined) {
        throw new StorageError('unsupported', `Google's token model takes no "${option}" here.`, {
          provider: 'google',
          operation: 'signIn',
          hint: 'Give scopes to createGoogleDrive; the rest needs a sign-in by a code.',
        });
      }
      await client.signIn();
      account = signedInNow();
      return account;
    },
    resume: async () => undefined,
    async signOut() {
      account = undefined;
      const { revoked } = await client.signOut();
      return { account: ACCOUNT, revoked };
    },
    accounts: async () => (account === undefined ? [] : [account]),
    async setDefault(wanted) {
      if (account === undefined || wanted !== ACCOUNT) {
        throw signedOut(`nobody is signed in as ${wanted}.`);
      }
    },
    getToken: (wanted = {}) => tokens.getToken(wanted),
    tokenSource: () => tokens,
  };
}
