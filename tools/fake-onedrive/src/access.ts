import { refuse } from './refusal.ts';

/** https://learn.microsoft.com/graph/permissions-reference, read 2026-11-21 */
const READ = ['Files.Read', 'Files.Read.All', 'Sites.Read.All'];
const WRITE = ['Files.ReadWrite', 'Files.ReadWrite.All', 'Sites.ReadWrite.All'];
const APP_FOLDER = 'Files.ReadWrite.AppFolder';
const KNOWN: ReadonlySet<string> = new Set([...READ, ...WRITE, APP_FOLDER]);

/** Tokens and what each may do. */
export interface Access {
  /** A token that is good for an hour. */
  token(scopes: readonly string[]): string;
  /** Every token so far is refused from now on. */
  revoke(): void;
  /** Errors: 401 for a token that is none or is old, 403 for one that may not. */
  check(header: string | undefined, need: { writes: boolean; inAppFolder: boolean }): void;
}

/** Units: ms. https://learn.microsoft.com/entra/identity-platform/access-tokens, read 2026-11-21 */
const LIFETIME_MS = 60 * 60 * 1000;

export function makeAccess(nowMs: () => number): Access {
  const tokens = new Map<string, { scopes: readonly string[]; expiresAt: number }>();
  let made = 0;
  return {
    token(scopes) {
      for (const scope of scopes) {
        if (!KNOWN.has(scope)) throw new Error(`there is no scope ${scope}`);
      }
      made += 1;
      const token = `EwB-fake-token-${made}-${Math.random().toString(36).slice(2)}`;
      tokens.set(token, { scopes, expiresAt: nowMs() + LIFETIME_MS });
      return token;
    },
    revoke: () => tokens.clear(),
    check(header, { writes, inAppFolder }) {
      if (header === undefined) throw refuse.token();
      const known = tokens.get(header.replace(/^Bearer /, ''));
      if (known === undefined) throw refuse.token('IDX14100: the token is not well formed.');
      if (known.expiresAt <= nowMs()) throw refuse.token('Lifetime validation failed.');
      const enough = [...WRITE, ...(writes ? [] : READ), ...(inAppFolder ? [APP_FOLDER] : [])];
      if (!known.scopes.some((scope) => enough.includes(scope))) throw refuse.denied();
    },
  };
}
