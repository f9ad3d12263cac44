import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { type ClientMetadata, Provider } from 'oidc-provider';

/** A real OpenID provider on this machine, with pages to sign in and to agree. */
export interface OidcServer {
  readonly issuer: string;
  /** Token requests that were answered, by grant type. */
  readonly grants: string[];
  /** What was refused, by error. */
  readonly refusals: string[];
  /** Grants that were taken back. */
  readonly revoked: string[];
  /** Whether its pages cut a window off from the page that opened it. */
  isolatesWindows: boolean;
  /** Takes every grant of a person back, as that person would on a page of the provider. */
  revokeAll(): Promise<void>;
  close(): Promise<void>;
}

export const DESKTOP = 'desktop-client';
export const PAGE = 'page-client';
/** What the provider knows besides OpenID's. */
const FILE_SCOPES: readonly string[] = ['files.read', 'files.write'];
const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';

/** Starts it. `pages` are the redirect addresses of the client for pages. */
export async function startOidcServer(pages: readonly string[] = []): Promise<OidcServer> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const code: Partial<ClientMetadata> = {
    response_types: ['code'],
    token_endpoint_auth_method: 'none',
  };
  const provider = new Provider(issuer, {
    clients: [
      {
        ...code,
        client_id: DESKTOP,
        application_type: 'native',
        grant_types: ['authorization_code', 'refresh_token', DEVICE_GRANT],
        redirect_uris: ['http://127.0.0.1/', 'http://localhost/'],
      },
      {
        ...code,
        client_id: PAGE,
        application_type: 'web',
        grant_types: ['authorization_code', 'refresh_token'],
        redirect_uris: [...(pages.length > 0 ? pages : ['https://app.example/'])],
      },
    ],
    scopes: ['openid', 'offline_access', 'email', ...FILE_SCOPES],
    claims: { openid: ['sub'], email: ['email'] },
    conformIdTokenClaims: false,
    findAccount: (_context, id) => ({
      accountId: id,
      claims: () => ({ sub: id, email: `${id}@example.com` }),
    }),
    features: {
      devInteractions: { enabled: false },
      deviceFlow: { enabled: true },
      revocation: { enabled: true },
    },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    rotateRefreshToken: true,
    clientBasedCORS: () => true,
    cookies: { keys: ['one of the tests'] },
    ttl: {
      AccessToken: 3600,
      Grant: 86_400,
      RefreshToken: 86_400,
      Session: 86_400,
      Interaction: 600,
    },
  });
  const grants: string[] = [];
  const refusals: string[] = [];
  const revoked: string[] = [];
  const alive = new Set<string>();
  provider.on('grant.success', ({ oidc }) => grants.push(String(oidc.params?.['grant_type'])));
  provider.on('grant.error', (_context, { error }) => refusals.push(error));
  provider.on('grant.revoked', (_context, id) => revoked.push(id));
  provider.on('revocation.error', (_context, { error }) => refusals.push(error));

  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { prompt, params, session, grantId } = await provider.interactionDetails(
      request,
      response,
    );
    const scopes = String(params['scope']).split(' ');
    if (request.method === 'GET') {
      response.setHeader('content-type', 'text/html; charset=utf-8');
      response.end(prompt.name === 'login' ? loginPage() : consentPage(scopes));
      return;
    }
    const form = new URLSearchParams(await text(request));
    if (form.has('deny')) {
      const result = { error: 'access_denied', error_description: 'The person said no.' };
      return provider.interactionFinished(request, response, result);
    }
    if (prompt.name === 'login') {
      const result = { login: { accountId: form.get('who') ?? '' } };
      return provider.interactionFinished(request, response, result);
    }
    const accountId = session?.accountId ?? '';
    const clientId = String(params['client_id']);
    const known = grantId === undefined ? undefined : await provider.Grant.find(grantId);
    const grant = known ?? new provider.Grant({ accountId, clientId });
    const agreed = scopes.filter((scope) => form.has(scope));
    grant.addOIDCScope(agreed.join(' '));
    const refused = scopes.filter((scope) => !agreed.includes(scope));
    if (refused.length > 0) grant.rejectOIDCScope(refused.join(' '));
    const consent = { grantId: await grant.save() };
    alive.add(consent.grantId);
    return provider.interactionFinished(request, response, { consent });
  }

  const callback = provider.callback();
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    if (result.isolatesWindows) response.setHeader('cross-origin-opener-policy', 'same-origin');
    if (!request.url?.startsWith('/interaction/')) {
      void callback(request, response);
      return;
    }
    interact(request, response).catch((error: Error) => response.writeHead(500).end(error.message));
  });

  const result: OidcServer = {
    issuer,
    grants,
    refusals,
    revoked,
    isolatesWindows: false,
    async revokeAll() {
      for (const id of alive) await (await provider.Grant.find(id))?.destroy();
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
  return result;
}

function loginPage(): string {
  return '<!doctype html><title>Sign in</title><link rel="icon" href="data:,"><form method="post"><input name="who"><button id="next">Next</button></form>';
}

function consentPage(scopes: readonly string[]): string {
  const boxes = scopes.map((scope) => `<input type="checkbox" name="${scope}" checked>${scope}`);
  return `<!doctype html><title>Agree</title><link rel="icon" href="data:,"><form method="post">${boxes.join('')}<button id="agree">Agree</button><button id="deny" name="deny" value="1">No</button></form>`;
}
