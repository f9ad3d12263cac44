import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as a stub sees it. */
export interface StubRequest {
  readonly method: string;
  /** Percent-decoded, without the account and the container. */
  readonly name: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** What a stub answers. */
export interface StubAnswer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
}

/** A server in the place of the service, for what the emulator does not do. */
export interface StubServer extends AsyncDisposable {
  /** With the account's name as its path. */
  readonly endpoint: string;
  readonly requests: readonly StubRequest[];
}

/** Starts a stub on a free port of 127.0.0.1. Every request must be signed and name its version. */
export async function startStub(answer: (request: StubRequest) => StubAnswer): Promise<StubServer> {
  const requests: StubRequest[] = [];
  const server = createServer(async (incoming, outgoing) => {
    const request = await requestOf(incoming);
    requests.push(request);
    const { status, headers, body } = refusalOf(request) ?? answer(request);
    outgoing.writeHead(status, {
      date: new Date().toUTCString(),
      'x-ms-request-id': `request-${requests.length}`,
      ...headers,
    });
    outgoing.end(request.method === 'HEAD' ? undefined : body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}/account`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** An error of the service, as it answers. */
export function refusal(status: number, name: string): StubAnswer {
  return {
    status,
    headers: { 'x-ms-error-code': name, 'content-type': 'application/xml' },
    body: `<?xml version="1.0" encoding="utf-8"?><Error><Code>${name}</Code><Message>no</Message></Error>`,
  };
}

function refusalOf({ headers, query }: StubRequest): StubAnswer | undefined {
  if (!headers['authorization'] && !query.has('sig'))
    return refusal(401, 'NoAuthenticationInformation');
  return headers['x-ms-version'] ? undefined : refusal(400, 'MissingRequiredHeader');
}

async function requestOf(incoming: IncomingMessage): Promise<StubRequest> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  const url = new URL(incoming.url ?? '/', 'http://stub');
  const [, , , ...segments] = url.pathname.split('/');
  const headers = Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]);
  return {
    method: incoming.method ?? '',
    name: segments.map(decodeURIComponent).join('/'),
    query: url.searchParams,
    headers: Object.fromEntries(headers),
    body: Buffer.concat(chunks),
  };
}
