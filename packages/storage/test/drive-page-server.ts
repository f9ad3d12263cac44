import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { OAuthServer } from './oauth-server.ts';

/** Serves the application of the tests, and passes on what it asks of drives and of the sign-in. */
export interface DrivePageServer extends AsyncDisposable {
  readonly origin: string;
  /** Bodies of the requests for tokens, as the page sent them. */
  readonly tokenRequests: readonly URLSearchParams[];
}

/** Settings of {@link startDrivePages}. */
export interface DrivePageSettings {
  readonly signIn: OAuthServer;
  readonly client: { readonly clientId: string; readonly clientSecret: string };
  /** Addresses of the services, by the first part of the paths that are theirs. */
  readonly services: Readonly<Record<string, string>>;
}

const HTML =
  '<!doctype html><title>Granary</title><link rel="icon" href="data:,"><button id="sign-in" onclick="app.click()">Sign in</button>';
/** What browsers add of themselves. */
const OF_BROWSERS = /^(sec-|referer|cookie|priority|origin|upgrade-)/;

/**
 * Starts it at 127.0.0.1. The services let pages of any origin in, and so does this in their place. The
 * sign-in of the tests is one that wants a secret, which is added here: pages send none.
 */
export async function startDrivePages(settings: DrivePageSettings): Promise<DrivePageServer> {
  const { signIn, client, services } = settings;
  const { outputFiles } = await build({
    entryPoints: { app: fileURLToPath(new URL('./pages/drive.ts', import.meta.url)) },
    ...{ bundle: true, splitting: true, write: false, format: 'esm', outdir: '/' },
    platform: 'browser',
    conditions: ['@granary/source'],
    logLevel: 'silent',
  });
  const scripts = new Map(outputFiles.map(({ path, text }) => [path.replace(/^.*\//, '/'), text]));
  const tokenRequests: URLSearchParams[] = [];

  async function answerToken(body: Buffer, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(body.toString());
    tokenRequests.push(new URLSearchParams(form));
    form.set('client_secret', client.clientSecret);
    const answer = await fetch(signIn.endpoints.token, { method: 'POST', body: form });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(await answer.text());
  }

  function passOn(address: string, asked: IncomingMessage, body: Buffer, back: ServerResponse) {
    const own = Object.entries(asked.headers).filter(([name]) => !OF_BROWSERS.test(name));
    const { method, url = '/' } = asked;
    const sent = request(
      `${address}${url}`,
      { method, headers: Object.fromEntries(own) },
      (answer) => {
        back.writeHead(answer.statusCode ?? 500, {
          ...answer.headers,
          'access-control-allow-origin': '*',
        });
        answer.pipe(back);
      },
    );
    sent.on('error', () => back.destroy());
    sent.end(body);
  }

  async function serve(asked: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(asked.url ?? '/', 'http://127.0.0.1');
    const chunks: Buffer[] = [];
    for await (const chunk of asked) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    const [, first = ''] = pathname.split('/');
    const script = scripts.get(pathname);
    if (script !== undefined) {
      response.writeHead(200, { 'content-type': 'text/javascript' }).end(script);
    } else if (pathname === '/oauth/token') {
      await answerToken(body, response);
    } else if (pathname === '/oauth/revoke') {
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    } else if (services[first] !== undefined) {
      passOn(services[first], asked, body, response);
    } else {
      const query = new URLSearchParams({
        client: client.clientId,
        authorization: signIn.endpoints.authorization,
      });
      response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' });
      response.end(`${HTML}<script type="module" src="/app.js?${query}"></script>`);
    }
  }

  const server = createServer((asked, response) => {
    serve(asked, response).catch(() => response.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    tokenRequests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
