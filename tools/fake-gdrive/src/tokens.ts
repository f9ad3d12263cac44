import { refuse } from './refusal.ts';

/** Short names of the scopes. https://developers.google.com/workspace/drive/api/guides/api-specific-auth, read 2026-11-21 */
export const DRIVE_SCOPES = [
  'drive',
  'drive.appdata',
  'drive.file',
  'drive.metadata',
  'drive.metadata.readonly',
  'drive.readonly',
] as const;

/** A scope without `https://www.googleapis.com/auth/`. */
export type ScopeName = (typeof DRIVE_SCOPES)[number];

/** Who a token is of. */
export interface Identity {
  readonly scopes: ReadonlySet<ScopeName>;
  /** The OAuth client: private properties and `drive.file` belong to it. */
  readonly app: string;
}

/** Options of a token. */
export interface FakeTokenOptions {
  /** Default: `drive.file`. */
  readonly scopes?: readonly ScopeName[];
  /** Default: `app-1`. */
  readonly app?: string;
  /** Units: ms. Default: an hour. */
  readonly expiresInMs?: number;
}

/** Tokens that were issued. */
export interface Tokens {
  issue(options?: FakeTokenOptions): string;
  revoke(): void;
  /** Whose token a header has. */
  identify(authorization: string | undefined): Identity;
}

const HOUR_MS = 60 * 60 * 1000;

/** Makes the part of the fake that knows tokens. */
export function fakeTokens(nowMs: () => number): Tokens {
  const issued = new Map<string, Identity & { readonly expiresAt: number }>();
  return {
    issue({
      scopes = ['drive.file'],
      app = 'app-1',
      expiresInMs = HOUR_MS,
    }: FakeTokenOptions = {}) {
      const token = `ya29.fake-${crypto.randomUUID()}`;
      issued.set(token, {
        scopes: new Set(scopes),
        app,
        expiresAt: nowMs() + expiresInMs,
      });
      return token;
    },
    revoke: () => issued.clear(),
    identify(authorization) {
      const token = /^Bearer (\S+)$/.exec(authorization ?? '')?.[1] ?? '';
      const identity = issued.get(token);
      if (identity === undefined || identity.expiresAt <= nowMs()) throw refuse.unauthorized();
      return identity;
    },
  };
}
