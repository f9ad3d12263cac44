import { StorageError } from '@granary/storage-core';
import type { SignInEndpoints, SignInProvider } from './provider.ts';

/** Options of {@link microsoft}. */
export interface MicrosoftOptions {
  /** The application (client) id of the registration. */
  readonly clientId: string;
  /** Who may sign in: `common`, `consumers`, `organizations`, or the id or domain of one tenant. Default: `common`. */
  readonly tenant?: string;
  /** Graph's scopes; `offline_access` is always asked for besides. Default: `['Files.ReadWrite.AppFolder']`. */
  readonly scopes?: readonly string[];
  /** The sign-in service of a national cloud. Default: `https://login.microsoftonline.com`. */
  readonly authority?: string;
  /** Where Graph is, which scopes are of. Default: `https://graph.microsoft.com`. */
  readonly graph?: string;
  /** Other addresses, for tests. Default: those of the authority. */
  readonly endpoints?: SignInEndpoints;
}

const TENANT = /^[A-Za-z0-9.-]+$/;
const OFFLINE = 'offline_access';

/**
 * Microsoft, for OneDrive: personal, work and school accounts. There is no way to revoke a grant.
 * https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow and
 * https://learn.microsoft.com/entra/identity-platform/reply-url, read 2026-11-21.
 */
export function microsoft(options: MicrosoftOptions): SignInProvider {
  const { clientId, tenant = 'common', scopes = ['Files.ReadWrite.AppFolder'] } = options;
  const { authority = 'https://login.microsoftonline.com' } = options;
  const { graph = 'https://graph.microsoft.com' } = options;
  if (!TENANT.test(tenant)) {
    throw new StorageError('invalid-config', 'the tenant is no id, domain or word.', {
      hint: 'Give "common", "consumers", "organizations", or the id of a tenant.',
    });
  }
  const base = `${authority}/${tenant}/oauth2/v2.0`;
  const { endpoints = addressesOf(base) } = options;
  return {
    id: 'microsoft',
    title: 'Microsoft',
    clientId,
    issuer: `${authority}/{tenantid}/v2.0`,
    endpoints,
    scopes: scopes.includes(OFFLINE) ? scopes : [...scopes, OFFLINE],
    untoldScopes: [OFFLINE, 'openid', 'email', 'profile'],
    scopePrefix: `${graph}/`,
    revocation: 'none',
    consentUrl: 'https://account.live.com/consent/Manage',
    // The port is not compared there, and 127.0.0.1 cannot be registered in the portal.
    loopbackHost: 'localhost',
    clientHint:
      'In the registration, allow public client flows and add http://localhost under "Mobile and desktop applications"; the address of a page goes under "Single-page application".',
  };
}

function addressesOf(base: string): SignInEndpoints {
  return {
    authorization: `${base}/authorize`,
    token: `${base}/token`,
    deviceAuthorization: `${base}/devicecode`,
  };
}
