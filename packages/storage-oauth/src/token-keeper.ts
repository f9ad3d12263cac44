import { isStorageError, StorageError } from '@granary/storage-core';
import type { OAuthClient } from './oauth-client.ts';
import { REQUEST_TIMEOUT_MS } from './request-timeout.ts';
import type { TokenName, TokenStore } from './stores/token-store.ts';
import {
  endedRecord,
  type HeldRecord,
  readRecord,
  refreshedRecord,
  releasedRecord,
  type TokenRecord,
  writeRecord,
} from './token-record.ts';

/** The part of Web Locks that tabs stand in line with. */
export interface TabLocks {
  request(
    name: string,
    options: { readonly signal: AbortSignal },
    work: () => Promise<void>,
  ): Promise<unknown>;
}

/** What the tokens of a sign-in are kept good with. */
export interface TokenKeeperSettings {
  readonly client: OAuthClient;
  readonly store: TokenStore;
  /** A token is replaced so long before its end. Units: ms. */
  readonly skewMs: number;
  readonly locks: TabLocks | undefined;
  readonly sleep: (ms: number) => Promise<void>;
}

/** Keeps tokens good: one refresh at a time for all tabs and processes. */
export interface TokenKeeper {
  /**
   * A record whose token is good now. `refused` is a token that the service did not take.
   * Errors: `unauthenticated` where there is none, or the provider has ended the sign-in.
   */
  good(name: TokenName, refused?: string): Promise<TokenRecord>;
  read(name: TokenName): Promise<HeldRecord | undefined>;
  /** Whether its token need not be replaced yet. */
  isGood(record: TokenRecord): boolean;
}

/** What was read: a token to use, somebody else's lease, or a record to refresh. */
type Step =
  | { readonly kind: 'done'; readonly record: TokenRecord }
  | { readonly kind: 'wait' }
  | { readonly kind: 'refresh'; readonly held: HeldRecord; readonly refreshToken: string };

/** Longer than a refresh can take, so that nobody takes it over from one that goes on. Units: ms. */
const LEASE_MS = REQUEST_TIMEOUT_MS + 10_000;
const LONGEST_WAIT_MS = 2 * LEASE_MS;
const PAUSE_MS = 100;
/** How often a new token is stored that cannot be stored at once. */
const STORE_TRIES = 5;

export function tokenKeeper(settings: TokenKeeperSettings): TokenKeeper {
  const { client, store, skewMs, locks, sleep } = settings;
  const { title } = client.provider;
  /** What goes on here, by account and refused token. */
  const running = new Map<string, Promise<TokenRecord>>();

  async function read(name: TokenName): Promise<HeldRecord | undefined> {
    const text = await store.read(name);
    return text === undefined ? undefined : { text, record: readRecord(name, text) };
  }

  function isGood({ accessToken, expiresAt }: TokenRecord, refused?: string): boolean {
    if (accessToken === undefined || accessToken === refused) return false;
    return expiresAt === undefined || expiresAt - skewMs > client.now();
  }

  /** Whether the token still works, though it should be replaced. */
  function isUsable({ accessToken, expiresAt }: TokenRecord, refused: string | undefined): boolean {
    if (accessToken === undefined || accessToken === refused) return false;
    return expiresAt !== undefined && expiresAt > client.now();
  }

  async function nextStep(name: TokenName, refused: string | undefined): Promise<Step> {
    const held = await read(name);
    if (held === undefined) throw ended(`nobody is signed in to ${title} any more.`);
    const { record } = held;
    if (isGood(record, refused)) return { kind: 'done', record };
    if (record.lease !== undefined && record.lease.until > client.now()) return { kind: 'wait' };
    if (record.refreshToken !== undefined) {
      return { kind: 'refresh', held, refreshToken: record.refreshToken };
    }
    if (isUsable(record, refused)) return { kind: 'done', record };
    throw ended(`the sign-in to ${title} has ended.`);
  }

  async function goodNow(name: TokenName, refused: string | undefined): Promise<TokenRecord> {
    const begun = client.now();
    for (;;) {
      const step = await nextStep(name, refused);
      if (step.kind === 'done') return step.record;
      const record = step.kind === 'wait' ? undefined : await refreshOnce(name, step, refused);
      if (record !== undefined) return record;
      if (client.now() - begun > LONGEST_WAIT_MS) throw busy();
      await sleep(PAUSE_MS * (0.5 + Math.random()));
    }
  }

  /** Takes the lease and refreshes. Returns nothing where something else was faster. */
  async function refreshOnce(
    name: TokenName,
    { held, refreshToken }: Extract<Step, { kind: 'refresh' }>,
    refused: string | undefined,
  ): Promise<TokenRecord | undefined> {
    const lease = { owner: crypto.randomUUID(), until: client.now() + LEASE_MS };
    const leased = { ...held.record, lease };
    const text = writeRecord(leased);
    if (!(await store.swap(name, held.text, text))) return undefined;
    try {
      const grant = await client.refresh(refreshToken, held.record.granted);
      const fresh = refreshedRecord(leased, grant, client.now());
      return (await keepFresh(name, text, refreshToken, fresh)) ? fresh : undefined;
    } catch (error) {
      const isOver = isStorageError(error, 'unauthenticated');
      const after = isOver ? endedRecord(leased) : releasedRecord(leased);
      await replace(name, text, refreshToken, after).catch(() => false);
      if (isOver) {
        // Another process may have used the refresh token, and kept what it got.
        const now = await read(name);
        if (now?.record.refreshToken !== undefined) return undefined;
      } else if (isUsable(held.record, refused)) {
        return held.record;
      }
      throw error;
    }
  }

  /** Stores what came of a refresh. The provider may take the token before it no more. */
  async function keepFresh(...step: Parameters<typeof replace>): Promise<boolean> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await replace(...step);
      } catch (error) {
        if (tries === STORE_TRIES) throw error;
        await sleep(PAUSE_MS);
      }
    }
  }

  /** Stores what came of a refresh, unless it is of another sign-in than what stands there by now. */
  async function replace(
    name: TokenName,
    before: string,
    refreshToken: string,
    record: TokenRecord,
  ): Promise<boolean> {
    if (await store.swap(name, before, writeRecord(record))) return true;
    const now = await read(name);
    if (now?.record.refreshToken !== refreshToken || record.accessToken === undefined) return false;
    // Only the lease was taken over, because this process stood still for long.
    return store.swap(name, now.text, writeRecord(record));
  }

  /** Stands in line with the other tabs; one that stands still for too long is passed. */
  async function inLine(name: TokenName, work: () => Promise<TokenRecord>): Promise<TokenRecord> {
    if (locks === undefined || !store.isShared) return work();
    let result: Promise<TokenRecord> | undefined;
    const signal = AbortSignal.timeout(LONGEST_WAIT_MS);
    try {
      await locks.request(`granary-oauth ${name.space} ${name.account}`, { signal }, async () => {
        result = work();
        await result.catch(() => undefined);
      });
    } catch {
      result ??= work();
    }
    return result ?? work();
  }

  return {
    read,
    isGood: (record) => isGood(record),

    async good(name, refused) {
      const held = await read(name);
      if (held !== undefined && isGood(held.record, refused)) return held.record;
      const line = JSON.stringify([name.space, name.account, refused]);
      const mine =
        running.get(line) ??
        inLine(name, () => goodNow(name, refused)).finally(() => running.delete(line));
      running.set(line, mine);
      return mine;
    },
  };
}

function ended(reason: string): StorageError {
  return new StorageError('unauthenticated', reason, {
    operation: 'getToken',
    outcome: 'not-applied',
    hint: 'Sign in again: signIn().',
  });
}

function busy(): StorageError {
  return new StorageError(
    'unavailable',
    'another program has refreshed the sign-in for too long.',
    {
      operation: 'getToken',
      outcome: 'not-applied',
      hint: 'Try again.',
    },
  );
}
