import type { SignInEndpoints, SignInProvider } from './provider.ts';

/** Options of {@link dropbox}. */
export interface DropboxOptions {
  readonly appKey: string;
  /** Such as `files.content.write`. Default: all that the app is registered with. */
  readonly scopes?: readonly string[];
  /** Other addresses, for tests. Default: Dropbox's. */
  readonly endpoints?: SignInEndpoints;
}

/** https://www.dropbox.com/developers/documentation/http/documentation, read 2026-11-21. */
const ENDPOINTS: SignInEndpoints = {
  authorization: 'https://www.dropbox.com/oauth2/authorize',
  token: 'https://api.dropboxapi.com/oauth2/token',
  revocation: 'https://api.dropboxapi.com/2/auth/token/revoke',
};

/** The port that a desktop application registers: Dropbox compares redirect addresses with their port. */
const DROPBOX_LOOPBACK_PORT = 48_721;

/**
 * Dropbox, by PKCE without a secret. A refresh token comes with `token_access_type=offline`; there is
 * no device code. https://developers.dropbox.com/oauth-guide, read 2026-11-21.
 */
export function dropbox(options: DropboxOptions): SignInProvider {
  const { appKey, scopes = [], endpoints = ENDPOINTS } = options;
  return {
    id: 'dropbox',
    title: 'Dropbox',
    clientId: appKey,
    issuer: 'https://www.dropbox.com',
    endpoints,
    scopes,
    parameters: { token_access_type: 'offline' },
    untoldScopes: ['openid', 'email', 'profile'],
    revocation: 'bearer',
    consentUrl: 'https://www.dropbox.com/account/connected_apps',
    loopbackHost: '127.0.0.1',
    loopbackPort: DROPBOX_LOOPBACK_PORT,
    accountField: 'account_id',
    clientHint: `In the App Console, register the redirect address as it is used, on desktops http://127.0.0.1:${DROPBOX_LOOPBACK_PORT}/, and allow public clients (PKCE).`,
  };
}
