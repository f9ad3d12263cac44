import { randomBytes } from 'node:crypto';
import { authError, badRequest, tagged } from './refusal.ts';
import { type FakeAnswer, type FakeRequest, json } from './request.ts';

/** What a token allows. */
export interface Grant {
  readonly scopes: ReadonlySet<string>;
  /** Units: ms since 1970. */
  readonly expiresAt: number;
}

/** Access tokens and what they allow. */
export interface Accounts {
  /** Makes an access token. Default scopes: all. */
  issue(scopes?: readonly string[]): string;
  /** A token that brings new access tokens. */
  readonly refreshToken: string;
  readonly clientId: string;
  /** Makes every access token bad that was issued so far. */
  revoke(): void;
  /** Errors: those of https://github.com/dropbox/dropbox-api-spec/blob/main/auth.stone, read 2026-11-21. */
  check(name: string, authorization: string | undefined, scope: string | undefined): Grant;
  /** `POST /oauth2/token` with a refresh token. */
  token(request: FakeRequest): FakeAnswer;
}

/** https://developers.dropbox.com/oauth-guide, read 2026-11-21: tokens live for four hours. Units: ms. */
const TOKEN_MS = 4 * 60 * 60 * 1000;

/** The scopes that an app for files asks for. */
export const SCOPES: readonly string[] = [
  'account_info.read',
  'files.metadata.read',
  'files.metadata.write',
  'files.content.read',
  'files.content.write',
];

/** Makes the sign-in of one app and one user. */
export function fakeAccounts(nowMs: () => number): Accounts {
  const grants = new Map<string, Grant>();
  const refreshToken = `refresh-${randomBytes(12).toString('hex')}`;
  const clientId = 'fakeappkey00001';

  function issue(scopes: readonly string[] = SCOPES): string {
    const token = `sl.${randomBytes(24).toString('base64url')}`;
    grants.set(token, { scopes: new Set(scopes), expiresAt: nowMs() + TOKEN_MS });
    return token;
  }

  return {
    refreshToken,
    clientId,
    issue,
    revoke: () => grants.clear(),
    check(name, authorization, scope) {
      if (authorization === undefined) {
        throw badRequest(
          name,
          'Must provide HTTP header "Authorization" or URL parameter "authorization".',
        );
      }
      const [, token] = /^Bearer ([\w.-]+)$/.exec(authorization) ?? [];
      if (token === undefined) {
        throw badRequest(name, 'Invalid authorization value in HTTP header "Authorization".');
      }
      const grant = grants.get(token);
      if (grant === undefined) throw authError(tagged('invalid_access_token'));
      if (grant.expiresAt <= nowMs()) throw authError(tagged('expired_access_token'));
      if (scope !== undefined && !grant.scopes.has(scope)) {
        throw authError({ '.tag': 'missing_scope', required_scope: scope });
      }
      return grant;
    },
    token({ body, query }) {
      const fields = new URLSearchParams(body.toString());
      for (const [field, value] of query) fields.set(field, value);
      const isFine =
        fields.get('grant_type') === 'refresh_token' &&
        fields.get('refresh_token') === refreshToken &&
        fields.get('client_id') === clientId;
      if (!isFine)
        return json(
          { error: 'invalid_grant', error_description: 'refresh token is invalid or revoked' },
          400,
        );
      return json({ access_token: issue(), expires_in: TOKEN_MS / 1000, token_type: 'bearer' });
    },
  };
}
