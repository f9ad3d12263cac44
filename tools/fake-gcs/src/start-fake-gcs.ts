import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type FakeFault, isCommit, isLaterPage } from './fake-faults.ts';
import { fakeRouter } from './fake-router.ts';
import { type BucketSettings, gcsState } from './gcs-state.ts';
import { type FakeCredentials, fakeAccounts } from './oauth.ts';
import { jsonError, Refusal } from './refusal.ts';
import { type FakeAnswer, type FakeRequest, readRequest } from './request.ts';

/** Options of {@link startFakeGcs}. */
export interface FakeGcsOptions {
  /** Buckets that are there from the start. Default: none. */
  readonly buckets?: readonly string[];
  /** Bytes that one call of rewrite copies. Units: bytes. Default: 1 MiB. */
  readonly maxBytesRewrittenPerCall?: number;
  /**
   * Takes the begin of a resumable upload without a token, because version 8.4.0 of the SDK sends none to
   * an endpoint of its own. Default: false.
   */
  readonly anonymousUploads?: boolean;
  /** Default: one that the system chooses. */
  readonly port?: number;
}

/** A running fake of Google Cloud Storage. */
export interface FakeGcs {
  /** Address of both APIs, for the SDK's `apiEndpoint`. */
  readonly url: string;
  readonly projectId: string;
  readonly credentials: FakeCredentials;
  /** The same account, signed with a key that the service does not know. */
  readonly wrongCredentials: FakeCredentials;
  /** `fetch` that sends what is meant for Google's token endpoint here. For the SDK's `clientOptions`. */
  readonly fetch: typeof globalThis.fetch;
  createBucket(name: string, settings?: BucketSettings): void;
  /** Requests so far; `tokens` counts those for access tokens too. Default: they are left out. */
  requests(options?: { readonly tokens?: boolean }): number;
  /** Connections that are open now. */
  connections(): Promise<number>;
  /** Puts the clock of the service forward. Units: ms. */
  advance(ms: number): void;
  /** Makes trouble from now on, or ends it. */
  fault(fault: FakeFault | undefined): void;
  /** Takes a permission away, such as `storage.objects.list`, or gives all back. */
  deny(permission: string | undefined): void;
  /** Makes every access token bad that was issued so far. */
  revokeTokens(): void;
  stop(): Promise<void>;
}

const MIB = 1024 * 1024;

/** Starts the fake at 127.0.0.1. */
export async function startFakeGcs(options: FakeGcsOptions = {}): Promise<FakeGcs> {
  const { buckets = [], anonymousUploads = false, port = 0 } = options;
  const maxRewriteBytes = options.maxBytesRewrittenPerCall ?? MIB;
  const projectId = 'granary-test';
  const state = gcsState();
  const accounts = fakeAccounts(state, projectId);
  const denied = new Set<string>();
  let fault: FakeFault | undefined;
  let url = '';
  let requests = 0;
  let tokenRequests = 0;
  const settings = { state, accounts, url: () => url, maxRewriteBytes, denied, anonymousUploads };
  const answer = fakeRouter(settings);
  for (const name of buckets) state.createBucket(name);

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    let request: FakeRequest;
    try {
      request = await readRequest(message);
    } catch (error) {
      if (error instanceof Refusal)
        send(response, { status: error.status, body: jsonError(error) });
      return;
    }
    if (request.path === '/token') {
      tokenRequests += 1;
      send(response, answer(request));
      return;
    }
    requests += 1;
    if (isRefused(request)) {
      send(response, {
        status: 503,
        body: jsonError(new Refusal(503, 'backendError', 'Backend Error')),
      });
      return;
    }
    const asked = fault === 'ignore-range' ? withoutRange(request) : request;
    const result = answer(asked);
    if (fault === 'lost-reply' && isCommit(request) && result.status < 300) {
      response.socket?.destroy();
      return;
    }
    send(response, request.method === 'HEAD' ? withoutBody(result) : result, fault);
  }

  function isRefused(request: FakeRequest): boolean {
    if (fault === 'unavailable') return true;
    if (fault === 'second-page') return isLaterPage(request);
    return fault === 'last-step-of-write' && isCommit(request);
  }

  const server = createServer((message, response) => {
    serve(message, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    projectId,
    credentials: accounts.credentials,
    wrongCredentials: accounts.wrongCredentials,
    fetch: (input, init) =>
      globalThis.fetch(String(input).replace('https://oauth2.googleapis.com', url), init),
    createBucket(name, settings) {
      state.createBucket(name, settings);
    },
    requests: ({ tokens = false } = {}) => requests + (tokens ? tokenRequests : 0),
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, count) => (error ? reject(error) : resolve(count)));
      }),
    advance: state.advance,
    fault(next) {
      fault = next;
    },
    deny(permission) {
      if (permission === undefined) denied.clear();
      else denied.add(permission);
    },
    revokeTokens: accounts.revoke,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function withoutRange(request: FakeRequest): FakeRequest {
  const { range: _range, ...headers } = request.headers;
  return { ...request, headers };
}

function withoutBody({ body = '', ...answer }: FakeAnswer): FakeAnswer {
  const length = String(Buffer.byteLength(body));
  return { ...answer, headers: { ...answer.headers, 'content-length': length } };
}

/** Header values go out as UTF-8. With `cut-body` content ends one byte early, and the connection too. */
function send(response: ServerResponse, answer: FakeAnswer, fault?: FakeFault): void {
  const { status, headers = {}, body = '' } = answer;
  const bytes = Buffer.from(body as string);
  for (const [name, value] of Object.entries(headers)) {
    response.setHeader(name, Buffer.from(value).toString('latin1'));
  }
  response.setHeader(
    'x-guploader-uploadid',
    response.getHeader('x-guploader-uploadid') ?? `fake-${status}`,
  );
  response.statusCode = status;
  if (status !== 204 && status !== 304) {
    const length = headers['content-length'] ?? String(bytes.byteLength);
    response.setHeader('content-length', length);
  }
  const isContent = headers['x-goog-generation'] !== undefined && bytes.byteLength > 0;
  if (fault === 'cut-body' && isContent) {
    response.write(bytes.subarray(0, -1), () => response.destroy());
    return;
  }
  response.end(status === 204 || status === 304 ? undefined : bytes);
}
