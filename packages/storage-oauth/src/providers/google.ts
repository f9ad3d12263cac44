import { hidden } from '../hidden.ts';
import type { SignInEndpoints, SignInProvider } from './provider.ts';

/** Options of {@link google}. */
export interface GoogleOptions {
  readonly clientId: string;
  /**
   * Google asks for it from desktop clients too, also with PKCE; there it is no secret, and is
   * shipped with the application. Not for pages.
   */
  readonly clientSecret?: string;
  /** Full scopes, or their last part such as `drive.file`. Default: `['drive.file']`. */
  readonly scopes?: readonly string[];
  /** Other addresses, for tests. Default: Google's. */
  readonly endpoints?: SignInEndpoints;
}

/** https://accounts.google.com/.well-known/openid-configuration, read 2026-11-21. */
const ENDPOINTS: SignInEndpoints = {
  authorization: 'https://accounts.google.com/o/oauth2/v2/auth',
  token: 'https://oauth2.googleapis.com/token',
  deviceAuthorization: 'https://oauth2.googleapis.com/device/code',
  revocation: 'https://oauth2.googleapis.com/revoke',
};
const SCOPE_PREFIX = 'https://www.googleapis.com/auth/';
const PLAIN_SCOPES: readonly string[] = ['openid', 'email', 'profile'];

/**
 * Google, for Drive. `access_type=offline` and `prompt=consent` bring a refresh token each time.
 * https://developers.google.com/identity/protocols/oauth2/native-app, read 2026-11-21.
 */
export function google(options: GoogleOptions): SignInProvider {
  const { clientId, clientSecret, scopes = ['drive.file'], endpoints = ENDPOINTS } = options;
  const provider: SignInProvider = {
    id: 'google',
    title: 'Google',
    clientId,
    ...(clientSecret !== undefined && { clientSecret }),
    issuer: 'https://accounts.google.com',
    endpoints,
    scopes: scopes.map(googleScope),
    parameters: { access_type: 'offline', prompt: 'consent' },
    // `email` and `profile` come back as userinfo.email and userinfo.profile.
    untoldScopes: PLAIN_SCOPES,
    revocation: 'rfc7009',
    consentUrl: 'https://myaccount.google.com/connections',
    loopbackHost: '127.0.0.1',
    noExchangeInPages:
      'Google exchanges codes only with the client secret, which no page may hold.',
    // https://developers.google.com/identity/protocols/oauth2/limited-input-device#allowedscopes, read 2026-11-21.
    deviceScopes: [...PLAIN_SCOPES, `${SCOPE_PREFIX}drive.appdata`, `${SCOPE_PREFIX}drive.file`],
    clientHint:
      'A client of the type "Desktop app" needs its clientSecret too; a device code needs one of the type "TVs and Limited Input devices". See Google Cloud console, Clients.',
  };
  return hidden(provider, ['clientSecret']);
}

/** A scope in full: `drive.file` is `https://www.googleapis.com/auth/drive.file`. */
export function googleScope(scope: string): string {
  return scope.includes('://') || PLAIN_SCOPES.includes(scope) ? scope : SCOPE_PREFIX + scope;
}
