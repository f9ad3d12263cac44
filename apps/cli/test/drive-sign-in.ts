import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { chmodSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

/** A sign-in of public clients, with a person who agrees at once. */
export interface DriveSignInServer extends AsyncDisposable {
  readonly url: string;
  /** Everything that must not be shown: codes and tokens that were given out. */
  readonly secrets: readonly string[];
  /** Access tokens that were given back. */
  readonly revoked: readonly string[];
  /** Kinds of grants so far. */
  readonly grants: readonly string[];
  /** Says that the sign-ins so far are over. */
  endAll(): void;
}

/** The code that a person enters on another device. */
export const USER_CODE = 'QKMD-XPRT';
/** The client that it knows. */
export const CLIENT_ID = 'a-public-client';

/**
 * Starts it at 127.0.0.1, at whatever path: `authorize`, `token`, `devicecode` and `revoke` are told by
 * their ends. It wants PKCE and refuses secrets, which a public client has none of.
 */
export async function startDriveSignIn(
  issue: (scope: string) => string,
): Promise<DriveSignInServer> {
  const codes = new Map<string, URLSearchParams>();
  const refreshTokens = new Map<string, string>();
  const devices = new Map<string, string>();
  const secrets: string[] = [];
  const revoked: string[] = [];
  const grants: string[] = [];
  const secret = (): string => {
    const made = randomUUID();
    secrets.push(made);
    return made;
  };

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const address = new URL(query.get('redirect_uri') ?? '');
    const isFine =
      query.get('client_id') === CLIENT_ID &&
      query.get('code_challenge_method') === 'S256' &&
      ['127.0.0.1', 'localhost'].includes(address.hostname);
    if (!isFine) throw new Error('No such client.');
    const code = secret();
    codes.set(code, query);
    address.searchParams.set('code', code);
    address.searchParams.set('state', query.get('state') ?? '');
    response.writeHead(302, { location: address.href }).end();
  }

  function token(form: URLSearchParams): object {
    if (form.get('client_id') !== CLIENT_ID || form.has('client_secret')) {
      return { error: 'invalid_client' };
    }
    const scope = scopeOf(form);
    if (scope === undefined) return { error: 'invalid_grant' };
    grants.push(form.get('grant_type') ?? '');
    const refreshToken = secret();
    refreshTokens.set(refreshToken, scope);
    const accessToken = issue(scope);
    secrets.push(accessToken);
    return {
      ...{ access_token: accessToken, refresh_token: refreshToken, scope },
      ...{ token_type: 'bearer', expires_in: 3600 },
    };
  }

  function scopeOf(form: URLSearchParams): string | undefined {
    const take = (from: Map<string, string>, name: string): string | undefined => {
      const scope = from.get(form.get(name) ?? '');
      // Each is good once.
      from.delete(form.get(name) ?? '');
      return scope;
    };
    const kind = form.get('grant_type');
    if (kind === 'refresh_token') return take(refreshTokens, 'refresh_token');
    if (kind !== 'authorization_code') return take(devices, 'device_code');
    const query = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const verifier = form.get('code_verifier') ?? '';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    return query?.get('code_challenge') === challenge ? (query.get('scope') ?? '') : undefined;
  }

  function answerTo(path: string, form: URLSearchParams, authorization: string): object {
    if (path.endsWith('/token')) return token(form);
    if (path.endsWith('/devicecode')) {
      const code = secret();
      devices.set(code, form.get('scope') ?? '');
      return {
        ...{ device_code: code, user_code: USER_CODE, expires_in: 900, interval: 1 },
        verification_uri: 'https://microsoft.com/devicelogin',
      };
    }
    if (!path.endsWith('/revoke')) return { error: 'invalid_request' };
    revoked.push(authorization.replace('Bearer ', ''));
    return {};
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (pathname.endsWith('/authorize')) return authorize(searchParams, response);
    const form = new URLSearchParams(Buffer.concat(chunks).toString());
    const answer = answerTo(pathname, form, request.headers.authorization ?? '');
    response.writeHead('error' in answer ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.writeHead(400).end(String(error)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secrets,
    revoked,
    grants,
    endAll: () => refreshTokens.clear(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** Puts the program that opens addresses on Linux into a folder: it follows them, as a person who agrees. */
export function installBrowserFor(
  folder: string,
  pages: string,
  { url }: { readonly url: string },
): void {
  const script = [
    `#!${process.execPath}`,
    `const address = process.argv[2].replace('${pages}', '${url}');`,
    'fetch(address).then((page) => page.text());',
    '',
  ].join('\n');
  writeFileSync(join(folder, 'xdg-open'), script);
  chmodSync(join(folder, 'xdg-open'), 0o755);
}
