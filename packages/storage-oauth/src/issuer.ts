import { StorageError } from '@granary/storage-core';
import type { AuthorizationServer } from 'oauth4webapi';

/**
 * Microsoft names its issuer by the tenant of the person, which a request to `common` does not know:
 * https://learn.microsoft.com/entra/identity-platform/access-tokens#validate-the-issuer, read 2026-11-21.
 */
const TENANT = '{tenantid}';
const TENANT_ID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/** The server with the tenant that its ID token names, so that the issuer in it can be compared. */
export async function fillTenant(
  server: AuthorizationServer,
  response: Response,
): Promise<AuthorizationServer> {
  if (!server.issuer.includes(TENANT) || !response.ok) return server;
  const tenant = tenantOf(await response.clone().text());
  return tenant === undefined
    ? server
    : { ...server, issuer: server.issuer.replace(TENANT, tenant) };
}

/**
 * An answer without an issuer that was compared already, where only a tenant stands for itself.
 * Errors: `invalid-data` for another issuer.
 */
export function withoutTenantIssuer(
  server: AuthorizationServer,
  answer: URLSearchParams,
): URLSearchParams {
  const issuer = answer.get('iss');
  if (issuer === null || !server.issuer.includes(TENANT)) return answer;
  const [before = '', after = ''] = server.issuer.split(TENANT);
  const tenant = issuer.slice(before.length, issuer.length - after.length);
  if (issuer !== before + tenant + after || !TENANT_ID.test(tenant)) {
    throw new StorageError('invalid-data', 'the answer is one of another sign-in service.', {
      outcome: 'not-applied',
      hint: 'Sign in again.',
    });
  }
  const rest = new URLSearchParams(answer);
  rest.delete('iss');
  return rest;
}

function tenantOf(text: string): string | undefined {
  try {
    const { id_token: token } = JSON.parse(text) as { readonly id_token?: unknown };
    const [, payload = ''] = String(token).split('.');
    const json = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    const { tid } = JSON.parse(json) as { readonly tid?: unknown };
    return typeof tid === 'string' && TENANT_ID.test(tid) ? tid : undefined;
  } catch {
    return undefined;
  }
}
