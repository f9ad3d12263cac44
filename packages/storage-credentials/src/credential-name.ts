import { StorageError } from '@granary/storage-core';

/** What a secret is for, and whose it is where there are several. */
export interface Credential {
  /** What it opens: `github`, `https://api.example.com`. */
  readonly service: string;
  /** Whose it is. Default: none, which is another credential than one of any account. */
  readonly account?: string | undefined;
}

/** A credential by its service alone, or by service and account. */
export type CredentialName = string | Credential;

/**
 * The most characters of an entry's name. Windows takes 513 for the name of a user
 * (CRED_MAX_USERNAME_LENGTH, https://learn.microsoft.com/en-us/windows/win32/api/wincred/ns-wincred-credentialw,
 * read 2026-11-21), of which the parts of a long secret need some. It does not tell upper from lower case, so
 * letters in upper case take two there, and count as two everywhere.
 */
const MAX_ENTRY_CHARS = 400;
/** What `encodeURIComponent` leaves as it is and what is better escaped. */
const UNSAFE = /[!*'()]/g;
const ESCAPED = /%[0-9A-F]{2}/g;
const KEY_PREFIX = '!key/';

/** The credential that a name means. Errors: `invalid-key`. */
export function toCredential(name: CredentialName, account?: string): Credential {
  const { service, account: own } = typeof name === 'string' ? { service: name } : name;
  const whose = account ?? own;
  checkPart('service', service);
  if (service === '') throw badName('the name of its service is empty.');
  if (whose === undefined) return { service };
  checkPart('account', whose);
  return { service, account: whose };
}

/** The name of the entry that a driver keeps it under: ASCII without control characters. */
export function entryOf({ service, account }: Credential): string {
  return checkLength(
    account === undefined ? escapeText(service) : `${escapeText(service)}/${escapeText(account)}`,
  );
}

/** The entry of a data key. Errors: `invalid-key`. */
export function keyEntryOf(name: string): string {
  checkPart('key', name);
  if (name === '') throw badName('the name of a key is empty.');
  return checkLength(KEY_PREFIX + escapeText(name));
}

/** The credential of an entry; `undefined` for entries of another kind. */
export function credentialOf(entry: string): Credential | undefined {
  if (entry.startsWith('!')) return undefined;
  const [service = '', account, ...rest] = entry.split('/');
  try {
    if (service === '' || rest.length > 0) return undefined;
    if (account === undefined) return { service: decodeURIComponent(service) };
    return { service: decodeURIComponent(service), account: decodeURIComponent(account) };
  } catch {
    // Something else wrote it.
    return undefined;
  }
}

/** The name of the data key of an entry; `undefined` for entries of another kind. */
export function keyNameOf(entry: string): string | undefined {
  if (!entry.startsWith(KEY_PREFIX)) return undefined;
  return credentialOf(entry.slice(KEY_PREFIX.length))?.service;
}

/** How messages call it. */
export function titleOf({ service, account }: Credential): string {
  return account === undefined ? service : `${service}/${account}`;
}

/** In an order that is the same everywhere. */
export function compareCredentials(one: Credential, other: Credential): number {
  const [first, second] = [entryOf(one), entryOf(other)];
  return first < second ? -1 : first > second ? 1 : 0;
}

/** Digits of escapes are in lower case: letters in upper case count twice. */
function escapeText(text: string): string {
  return encodeURIComponent(text)
    .replaceAll('%40', '@')
    .replace(UNSAFE, (char) => `%${char.charCodeAt(0).toString(16)}`)
    .replace(ESCAPED, (escaped) => escaped.toLowerCase());
}

function checkPart(what: string, text: unknown): void {
  if (typeof text !== 'string') throw badName(`its ${what} is no text.`);
  if (!text.isWellFormed()) throw badName(`its ${what} holds half a character.`);
}

function checkLength(entry: string): string {
  const length = entry.length + (entry.match(/[A-Z]/g)?.length ?? 0);
  if (length <= MAX_ENTRY_CHARS) return entry;
  throw badName(
    `its name is too long: ${length} characters as keychains keep it, and ${MAX_ENTRY_CHARS} is the most.`,
  );
}

function badName(reason: string): StorageError {
  return new StorageError('invalid-key', reason, {
    outcome: 'not-applied',
    hint: 'Name a credential by its service, or by { service, account }.',
  });
}
