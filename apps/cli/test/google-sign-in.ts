import { createHash, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { DRIVE_SCOPES, type FakeGdrive } from '@granary-tools/fake-gdrive';

const SCOPES = 'https://www.googleapis.com/auth/';

/** Google's sign-in, with a person who agrees at once. */
export interface GoogleSignIn extends AsyncDisposable {
  readonly url: string;
  /** Everything that must not be shown: codes and tokens that were given out. */
  readonly secrets: readonly string[];
  readonly revoked: readonly string[];
  /** Has the service refuse to revoke, or not. */
  refusesRevoking: boolean;
  /** Has Google say that the sign-ins so far are over. */
  endAll(): void;
}

/** The client that it knows. */
export const CLIENT = { id: '1234.apps.googleusercontent.com', secret: 'GOCSPX-very-secret' };
/** The code that a person enters on another device. */
export const USER_CODE = 'GQVQ-JKEC';

/**
 * Starts it at 127.0.0.1, with the paths of Google: the authorization code with PKCE and the client's
 * secret, the code for devices, refreshing and revoking. It refuses all that does not fit.
 */
export async function startGoogleSignIn(drive: FakeGdrive): Promise<GoogleSignIn> {
  const codes = new Map<string, URLSearchParams>();
  const refreshTokens = new Map<string, string>();
  const devices = new Map<string, string>();
  const secrets: string[] = [CLIENT.secret];
  const revoked: string[] = [];
  const secret = (): string => {
    const made = randomUUID();
    secrets.push(made);
    return made;
  };

  function authorize(query: URLSearchParams, response: ServerResponse): void {
    const address = new URL(query.get('redirect_uri') ?? '');
    const isFine =
      query.get('client_id') === CLIENT.id &&
      query.get('code_challenge_method') === 'S256' &&
      address.hostname === '127.0.0.1';
    if (!isFine) throw new Error('No such client.');
    const code = secret();
    codes.set(code, query);
    address.searchParams.set('code', code);
    address.searchParams.set('state', query.get('state') ?? '');
    response.writeHead(302, { location: address.href }).end();
  }

  function token(form: URLSearchParams): object {
    const isKnown =
      form.get('client_id') === CLIENT.id && form.get('client_secret') === CLIENT.secret;
    if (!isKnown) return { error: 'invalid_client' };
    const scope = scopeOf(form);
    if (scope === undefined) return { error: 'invalid_grant' };
    const refreshToken = secret();
    refreshTokens.set(refreshToken, scope);
    const asked = scope.split(' ');
    const accessToken = drive.token({
      scopes: DRIVE_SCOPES.filter((name) => asked.includes(SCOPES + name)),
    });
    secrets.push(accessToken);
    return {
      ...{ access_token: accessToken, refresh_token: refreshToken, scope },
      ...{ token_type: 'Bearer', expires_in: 3600 },
    };
  }

  function scopeOf(form: URLSearchParams): string | undefined {
    const kind = form.get('grant_type');
    if (kind === 'refresh_token') return refreshTokens.get(form.get('refresh_token') ?? '');
    if (kind !== 'authorization_code') return devices.get(form.get('device_code') ?? '');
    const query = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const verifier = form.get('code_verifier') ?? '';
    const challenge = createHash('sha256').update(verifier).digest('base64url');
    return query?.get('code_challenge') === challenge ? (query.get('scope') ?? '') : undefined;
  }

  function answerTo(path: string, form: URLSearchParams): object {
    if (path === '/token') return token(form);
    if (path === '/device/code') {
      const code = secret();
      devices.set(code, form.get('scope') ?? '');
      return {
        ...{ device_code: code, user_code: USER_CODE, expires_in: 1800, interval: 1 },
        verification_url: 'https://www.google.com/device',
      };
    }
    if (path !== '/revoke' || signIn.refusesRevoking) return { error: 'invalid_request' };
    revoked.push(form.get('token') ?? '');
    return {};
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (pathname === '/o/oauth2/v2/auth') return authorize(searchParams, response);
    const answer = answerTo(pathname, new URLSearchParams(Buffer.concat(chunks).toString()));
    response.writeHead('error' in answer ? 400 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }

  const server = createServer((request, response) => {
    serve(request, response).catch((error: unknown) => response.writeHead(400).end(String(error)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const signIn: GoogleSignIn = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    secrets,
    revoked,
    refusesRevoking: false,
    endAll() {
      refreshTokens.clear();
      drive.revokeTokens();
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return signIn;
}
