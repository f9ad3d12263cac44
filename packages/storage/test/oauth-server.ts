import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { SignInEndpoints } from '@granary/storage-oauth';

/** A provider of sign-ins whose person agrees at once. */
export interface OAuthServer extends AsyncDisposable {
  readonly endpoints: SignInEndpoints;
  /** What was asked of the pages and of the token endpoint. */
  readonly asked: readonly URLSearchParams[];
  /** Refresh tokens that were given back. */
  readonly revoked: readonly string[];
}

/** Settings of {@link startOAuthServer}. */
export interface OAuthServerSettings {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Makes an access token of the service. */
  readonly issue: (scope: string) => string;
}

/**
 * Starts it at 127.0.0.1: the authorization code of RFC 6749 with the PKCE of RFC 7636 and the secret
 * that Google wants. It refuses all that does not fit.
 */
export async function startOAuthServer(settings: OAuthServerSettings): Promise<OAuthServer> {
  const { clientId, clientSecret, issue } = settings;
  const codes = new Map<string, URLSearchParams>();
  const refreshTokens = new Map<string, string>();
  const asked: URLSearchParams[] = [];
  const revoked: string[] = [];

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const address = new URL(query.get('redirect_uri') ?? '');
    const isFine =
      query.get('client_id') === clientId &&
      query.get('response_type') === 'code' &&
      query.get('code_challenge_method') === 'S256' &&
      ['127.0.0.1', 'localhost'].includes(address.hostname);
    if (!isFine) throw new Error('No such client.');
    const code = randomUUID();
    codes.set(code, query);
    address.searchParams.set('code', code);
    address.searchParams.set('state', query.get('state') ?? '');
    response.writeHead(302, { location: address.href }).end();
  }

  function token(form: URLSearchParams): object {
    if (form.get('client_id') !== clientId || form.get('client_secret') !== clientSecret) {
      return { error: 'invalid_client' };
    }
    const scope =
      form.get('grant_type') === 'refresh_token'
        ? refreshTokens.get(form.get('refresh_token') ?? '')
        : scopeOfCode(form);
    if (scope === undefined) return { error: 'invalid_grant' };
    const refreshToken = randomUUID();
    refreshTokens.set(refreshToken, scope);
    return {
      ...{ access_token: issue(scope), refresh_token: refreshToken, scope },
      ...{ token_type: 'Bearer', expires_in: 3600 },
    };
  }

  function scopeOfCode(form: URLSearchParams): string | undefined {
    const code = form.get('code') ?? '';
    const query = codes.get(code);
    codes.delete(code);
    const verifier = form.get('code_verifier') ?? '';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    const isFine =
      query?.get('code_challenge') === challenge &&
      query.get('redirect_uri') === form.get('redirect_uri');
    return isFine ? (query.get('scope') ?? '') : undefined;
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    asked.push(pathname === '/authorize' ? searchParams : form);
    if (pathname === '/authorize') return authorize(searchParams, response);
    if (pathname === '/revoke') revoked.push(form.get('token') ?? '');
    const answer = pathname === '/token' ? token(form) : {};
    response.writeHead('error' in answer ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.writeHead(400).end(String(error)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    endpoints: {
      authorization: `${url}/authorize`,
      token: `${url}/token`,
      revocation: `${url}/revoke`,
    },
    asked,
    revoked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
