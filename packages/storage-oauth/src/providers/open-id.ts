import { hidden } from '../hidden.ts';
import type { SignInEndpoints, SignInProvider } from './provider.ts';

/** Options of {@link openId}. */
export interface OpenIdOptions {
  /** Where `/.well-known/openid-configuration` is, and what ID tokens name. */
  readonly issuer: string;
  readonly clientId: string;
  /** Only for a client that can keep it, or whose provider asks all clients for one. */
  readonly clientSecret?: string;
  /** Default: `['openid', 'offline_access']`. */
  readonly scopes?: readonly string[];
  /** Further parameters of the authorization request. Default: `{ prompt: 'consent' }` with `offline_access`, as OpenID asks for. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** For a provider without a discovery document. Default: they are looked up. */
  readonly endpoints?: SignInEndpoints;
  /** Part of the name under which tokens are kept. Default: the host of the issuer. */
  readonly id?: string;
  /** How messages call it. Default: the host of the issuer. */
  readonly title?: string;
  /** The name of redirect addresses on this machine. Default: `127.0.0.1`. */
  readonly loopbackHost?: '127.0.0.1' | 'localhost';
}

/** Any provider with OpenID discovery, or with addresses that are given. */
export function openId(options: OpenIdOptions): SignInProvider {
  const { issuer, clientId, clientSecret, scopes = ['openid', 'offline_access'] } = options;
  const { endpoints, loopbackHost = '127.0.0.1' } = options;
  const host = URL.canParse(issuer) ? new URL(issuer).host : issuer;
  const { id = host, title = host } = options;
  // https://openid.net/specs/openid-connect-core-1_0.html#OfflineAccess, read 2026-11-21.
  const asksConsent = scopes.includes('offline_access');
  const { parameters = asksConsent ? { prompt: 'consent' } : {} } = options;
  const provider: SignInProvider = {
    id,
    title,
    clientId,
    ...(clientSecret !== undefined && { clientSecret }),
    issuer,
    ...(endpoints && { endpoints }),
    scopes,
    parameters,
    untoldScopes: ['openid', 'offline_access'],
    revocation: 'rfc7009',
    loopbackHost,
    clientHint: 'Look at the client id and the redirect addresses of the registration.',
  };
  return hidden(provider, ['clientSecret']);
}
