import { isStorageError, StorageError } from '@granary/storage-core';
import { type AccessToken, abortedError, type TokenSource } from '@granary/storage-core/provider';
import type { Grant } from './grant.ts';
import { hidden } from './hidden.ts';
import { oauthClient } from './oauth-client.ts';
import { missingScopes } from './scopes.ts';
import type {
  Account,
  FlowRequest,
  SignIn,
  SignInClock,
  SignInOptions,
  SignInRequest,
  SignOutResult,
} from './sign-in.ts';
import { toTokenStore } from './stores/to-token-store.ts';
import type { TokenName } from './stores/token-store.ts';
import { type TabLocks, tokenKeeper } from './token-keeper.ts';
import { newRecord, type TokenRecord, writeRecord } from './token-record.ts';

const DEFAULT_SKEW_MS = 60_000;
const DEFAULT_ACCOUNT = 'default';
const MAX_ACCOUNT = 200;

/** The clock of the system. */
const systemClock: SignInClock = {
  now: () => Date.now(),
  sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
};

/**
 * Sign-in to one provider, by one flow. Asks and reads nothing before its first call.
 * Errors: `invalid-config` for options that cannot be.
 */
export function createSignIn(options: SignInOptions): SignIn {
  const { provider, flow, onDemand = false, skewMs = DEFAULT_SKEW_MS, hint } = options;
  const { clock = systemClock, locks = webLocks() } = options;
  checkOptions(options);
  const { now, sleep } = clock;
  const { fetch, exchange } = options;
  const client = oauthClient({ provider, fetch, exchange, now });
  const store = toTokenStore(options.store);
  const keeper = tokenKeeper({ client, store, skewMs, locks, sleep });
  const space = `${provider.id}/${provider.clientId}`;
  /** Counts what was changed here about who is signed in. */
  let changes = 0;
  /** The sign-in that goes on because a token was needed. */
  let asking: Promise<Account> | undefined;

  const nameOf = (account: string): TokenName => ({ space, account });
  const missingOf = ({ asked, granted }: TokenRecord): readonly string[] =>
    missingScopes(provider, asked, granted);

  async function records(): Promise<readonly TokenRecord[]> {
    const found: TokenRecord[] = [];
    for (const account of [...(await store.list(space))].toSorted()) {
      const held = await keeper.read(nameOf(account));
      if (held !== undefined) found.push(held.record);
    }
    return found;
  }

  function chosen(all: readonly TokenRecord[]): TokenRecord | undefined {
    return all.toSorted((one, other) => other.chosenAt - one.chosenAt)[0];
  }

  function toAccount(record: TokenRecord, isDefault: boolean): Account {
    const { account, label, granted, signedInAt, accessToken } = record;
    return {
      id: account,
      ...(label !== undefined && { label }),
      scopes: granted,
      missingScopes: missingOf(record),
      signedInAt: new Date(signedInAt),
      isDefault,
      needsSignIn: accessToken === undefined,
    };
  }

  /** Stores what a person granted. */
  async function keep(grant: Grant, request: FlowRequest): Promise<Account> {
    const { scopes, allowMissingScopes = false } = request;
    const account = request.account ?? grant.person ?? DEFAULT_ACCOUNT;
    const missing = missingScopes(provider, scopes, grant.scopes);
    if (missing.length > 0 && !allowMissingScopes) throw narrowed(missing);
    // Narrower on purpose: what is missing is not asked for again with each token.
    const asked = scopes.filter((scope) => !missing.includes(scope));
    const record = newRecord(account, grant, asked, now());
    await store.write(nameOf(account), writeRecord(record));
    changes += 1;
    return { ...toAccount(record, true), missingScopes: missing };
  }

  function narrowed(missing: readonly string[]): StorageError {
    return new StorageError(
      'permission-denied',
      `the person did not grant everything that was asked for: ${missing.join(', ')} is missing.`,
      {
        provider: provider.id,
        operation: 'signIn',
        outcome: 'not-applied',
        hint: hint ?? 'Sign in again and grant it: signIn().',
      },
    );
  }

  function signedOut(reason: string): StorageError {
    return new StorageError('unauthenticated', reason, {
      provider: provider.id,
      operation: 'getToken',
      outcome: 'not-applied',
      hint: hint ?? 'Have the person sign in first: signIn().',
    });
  }

  async function accountOrDefault(account: string | undefined): Promise<string> {
    if (account !== undefined) return account;
    const record = chosen(await records());
    if (record === undefined) throw signedOut(`nobody is signed in to ${provider.title}.`);
    return record.account;
  }

  /** Signs in because a token is needed: once, for all who need one. */
  async function ask(account: string | undefined): Promise<string> {
    asking ??= signIn.signIn(account === undefined ? {} : { account }).finally(() => {
      asking = undefined;
    });
    return (await asking).id;
  }

  async function goodToken(
    account: string | undefined,
    refused: string | undefined,
  ): Promise<TokenRecord> {
    try {
      return await keeper.good(nameOf(await accountOrDefault(account)), refused);
    } catch (error) {
      if (!isStorageError(error, 'unauthenticated')) throw error;
      if (!onDemand) throw hint === undefined ? error : withHint(error, hint);
      return keeper.good(nameOf(await ask(account)));
    }
  }

  function source(account: string | undefined): TokenSource {
    /** What was handed out last. A keychain is not read for each request. */
    let last: { readonly record: TokenRecord; readonly changes: number } | undefined;

    async function current(refresh: boolean): Promise<TokenRecord> {
      const known = last?.changes === changes ? last.record : undefined;
      if (known !== undefined && !refresh && keeper.isGood(known)) return known;
      const before = changes;
      // A refused token is not handed out again, whatever comes of the refresh.
      if (refresh && last !== undefined) last = { ...last, changes: -1 };
      const record = await goodToken(account, refresh ? last?.record.accessToken : undefined);
      last = { record, changes: before };
      return record;
    }

    return {
      async getToken({ signal, refresh = false } = {}): Promise<AccessToken> {
        const record = await untilAborted(current(refresh), signal);
        const missing = missingOf(record);
        if (missing.length > 0) throw narrowed(missing);
        const { accessToken: token = '', expiresAt } = record;
        return hidden({ token, ...(expiresAt && { expiresAt: new Date(expiresAt) }) }, ['token']);
      },
    };
  }

  const ofDefault = source(undefined);

  const signIn: SignIn = {
    provider,

    signIn(request: SignInRequest = {}) {
      const { account, scopes = provider.scopes, signal } = request;
      try {
        if (signal?.aborted) throw abortedError(signal, { operation: 'signIn' });
        if (account !== undefined) checkAccount(account);
      } catch (error) {
        return Promise.reject(error);
      }
      const stop = new AbortController();
      const both = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
      const full = { ...request, scopes, signal: both };
      // At once, since browsers open windows only in a click.
      const granting = flow.signIn(client, full);
      let unusable: { readonly error: unknown } | undefined;
      // Nobody shall sign in for tokens that cannot be kept.
      store.list(space).catch((error: unknown) => {
        unusable = { error };
        stop.abort();
      });
      return granting.then(
        (grant) => keep(grant, full),
        (error: unknown) => {
          if (unusable !== undefined) throw unusable.error;
          const isOurs = isStorageError(error) || !signal?.aborted;
          throw isOurs
            ? error
            : abortedError(signal, { provider: provider.id, operation: 'signIn' });
        },
      );
    },

    async resume() {
      const resumed = await flow.resume?.(client);
      return resumed && keep(resumed.grant, resumed.request);
    },

    async signOut(account) {
      const id = await accountOrDefault(account);
      const name = nameOf(id);
      const result = {
        account: id,
        ...(provider.consentUrl && { consentUrl: provider.consentUrl }),
      };
      let revoked: Omit<SignOutResult, 'account' | 'consentUrl'>;
      try {
        revoked = { revoked: await revoke(name) };
      } catch (error) {
        revoked = { revoked: 'failed', error: error as Error };
      }
      changes += 1;
      await store.remove(name);
      return { ...result, ...revoked };
    },

    async accounts() {
      const all = await records();
      const first = chosen(all);
      return all.map((record) => toAccount(record, record === first));
    },

    async setDefault(account) {
      const name = nameOf(account);
      for (;;) {
        const held = await keeper.read(name);
        if (held === undefined) throw signedOut(`nobody is signed in as ${account}.`);
        const latest = Math.max(now(), (chosen(await records())?.chosenAt ?? 0) + 1);
        const text = writeRecord({ ...held.record, chosenAt: latest });
        if (!(await store.swap(name, held.text, text))) continue;
        changes += 1;
        return;
      }
    },

    getToken: (wanted) => ofDefault.getToken(wanted ?? {}),
    tokenSource: source,
  };

  async function revoke(name: TokenName): Promise<SignOutResult['revoked']> {
    const held = await keeper.read(name);
    if (held?.record.accessToken === undefined) return 'yes';
    // A call with the access token needs one that is good.
    const isCall = provider.revocation === 'bearer';
    const record = isCall ? await keeper.good(name) : held.record;
    const { accessToken = '', refreshToken } = record;
    const tokens = { accessToken, ...(refreshToken !== undefined && { refreshToken }) };
    return (await client.revoke(tokens)) ? 'yes' : 'unsupported';
  }

  return signIn;
}

function checkOptions({ provider, skewMs = DEFAULT_SKEW_MS }: SignInOptions): void {
  if (typeof provider?.clientId !== 'string' || provider.clientId === '') {
    throw new StorageError('invalid-config', 'the provider of a sign-in needs a client id.', {
      hint: 'Give what google(), microsoft(), dropbox() or openId() return, with the id of your registration.',
    });
  }
  if (!(skewMs >= 0)) {
    throw new StorageError('invalid-config', 'skewMs must be 0 or more.', {
      hint: 'It is in milliseconds.',
    });
  }
}

function checkAccount(account: string): void {
  if (account !== '' && account.length <= MAX_ACCOUNT && account.isWellFormed()) return;
  throw new StorageError('invalid-argument', 'the account has no name, or a very long one.', {
    outcome: 'not-applied',
    hint: `Give up to ${MAX_ACCOUNT} characters.`,
  });
}

function withHint(error: StorageError, hint: string): StorageError {
  return new StorageError('unauthenticated', 'somebody has to sign in.', {
    provider: error.provider,
    operation: 'getToken',
    outcome: 'not-applied',
    hint,
  });
}

/** Work that others wait for too goes on; only this wait ends. */
function untilAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal | undefined,
): Promise<Result> {
  if (signal === undefined) return work;
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(abortedError(signal, { operation: 'getToken' }));
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function webLocks(): TabLocks | undefined {
  const { navigator } = globalThis as { readonly navigator?: { readonly locks?: TabLocks } };
  return navigator?.locks;
}
