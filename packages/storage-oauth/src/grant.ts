import type { TokenEndpointResponse } from 'oauth4webapi';
import { splitScopes } from './scopes.ts';

/** What a provider gave: tokens, and who they are of. */
export interface Grant {
  readonly accessToken: string;
  readonly refreshToken?: string;
  /** Units: ms since 1970. Missing: it is good until it is refused. */
  readonly expiresAt?: number;
  /** What was granted. */
  readonly scopes: readonly string[];
  /** The provider's own id of the person, where it tells. */
  readonly person?: string;
  /** How the person is called: an e-mail address or a name. */
  readonly label?: string;
}

/** What is known besides the answer. */
export interface GrantFacts {
  readonly claims: Readonly<Record<string, unknown>> | undefined;
  readonly accountField: string | undefined;
  /** What was asked for, which an answer without `scope` has granted (RFC 6749, 5.1). */
  readonly scopes: readonly string[];
  readonly now: number;
}

/** The grant in an answer of a token endpoint that has been checked. */
export function toGrant(answer: TokenEndpointResponse, facts: GrantFacts): Grant {
  const { claims = {}, accountField, scopes, now } = facts;
  const { access_token, refresh_token, expires_in, scope } = answer;
  const person = textOf(claims['sub']) ?? textOf(accountField && answer[accountField]);
  const label =
    textOf(claims['email']) ?? textOf(claims['preferred_username']) ?? textOf(claims['name']);
  return {
    accessToken: access_token,
    ...(refresh_token !== undefined && { refreshToken: refresh_token }),
    ...(expires_in !== undefined && { expiresAt: now + expires_in * 1000 }),
    scopes: scope === undefined ? scopes : splitScopes(scope),
    ...(person !== undefined && { person }),
    ...(label !== undefined && { label }),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
