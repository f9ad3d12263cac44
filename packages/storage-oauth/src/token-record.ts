import { StorageError } from '@granary/storage-core';
import type { Grant } from './grant.ts';
import type { TokenName } from './stores/token-store.ts';

/** What is kept of one account, as JSON. Times are ms since 1970. */
export interface TokenRecord {
  readonly version: 1;
  readonly account: string;
  readonly label?: string;
  /** Missing once the provider has ended the sign-in. */
  readonly accessToken?: string;
  readonly refreshToken?: string;
  readonly expiresAt?: number;
  readonly asked: readonly string[];
  readonly granted: readonly string[];
  readonly signedInAt: number;
  readonly refreshedAt: number;
  /** The account with the latest one is the default. */
  readonly chosenAt: number;
  /** Who refreshes it right now, and until when others wait. */
  readonly lease?: { readonly owner: string; readonly until: number };
}

/** A record, and the text that it was read from. */
export interface HeldRecord {
  readonly record: TokenRecord;
  readonly text: string;
}

/** The record of a new sign-in. */
export function newRecord(
  account: string,
  grant: Grant,
  asked: readonly string[],
  now: number,
): TokenRecord {
  const { label } = grant;
  return {
    version: 1,
    account,
    ...(label !== undefined && { label }),
    ...tokensOf(grant),
    asked,
    granted: grant.scopes,
    signedInAt: now,
    refreshedAt: now,
    chosenAt: now,
  };
}

/** The record after a refresh. A refresh token that is not replaced stays (RFC 6749, 6). */
export function refreshedRecord(record: TokenRecord, grant: Grant, now: number): TokenRecord {
  const { accessToken: _, expiresAt: __, lease: ___, ...kept } = record;
  return { ...kept, ...tokensOf(grant), granted: grant.scopes, refreshedAt: now };
}

/** The record of an account that has to sign in again. */
export function endedRecord(record: TokenRecord): TokenRecord {
  const { accessToken: _, refreshToken: __, expiresAt: ___, lease: ____, ...kept } = record;
  return kept;
}

/** The record without a lease. */
export function releasedRecord(record: TokenRecord): TokenRecord {
  const { lease: _, ...kept } = record;
  return kept;
}

export function writeRecord(record: TokenRecord): string {
  return JSON.stringify(record);
}

/** Errors: `invalid-data` for what something else or a newer version wrote. The text is not told. */
export function readRecord({ account }: TokenName, text: string): TokenRecord {
  const record = parse(text);
  if (record?.version === 1 && record.account === account && Array.isArray(record.granted)) {
    return record;
  }
  const isNewer = typeof record?.version === 'number' && record.version > 1;
  throw new StorageError(
    'invalid-data',
    isNewer
      ? 'a newer version has written these tokens.'
      : 'what stands there are no tokens of this account.',
    {
      outcome: 'not-applied',
      hint: isNewer ? 'Update this program.' : 'Sign out, which removes it, and sign in again.',
    },
  );
}

function parse(text: string): TokenRecord | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as TokenRecord) : undefined;
  } catch {
    return undefined;
  }
}

function tokensOf({ accessToken, refreshToken, expiresAt }: Grant) {
  return {
    accessToken,
    ...(refreshToken !== undefined && { refreshToken }),
    ...(expiresAt !== undefined && { expiresAt }),
  };
}
