import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { makeAccess, ownFolder, type Policy } from './access.ts';
import { signJwt } from './jwt.ts';
import { invalidRequest, isRefusal, refuse } from './refusal.ts';
import { type Call, type FakeFault, sendJson } from './request.ts';
import { routeOf } from './routes.ts';
import { makeState } from './state.ts';
import { tusUploads } from './tus-routes.ts';

/** Options of {@link startFakeSupabase}. */
export interface FakeSupabaseOptions {
  /** Names of buckets that are there from the start. Default: `photos`. */
  readonly buckets?: readonly string[];
  /** Stands for the policies on `storage.objects`. Default: a user has the folder of the user's id. */
  readonly policy?: Policy;
}

/** A project that runs. */
export interface FakeSupabase {
  /** The project's address: Storage is at `/storage/v1` below it. */
  readonly url: string;
  readonly jwtSecret: string;
  readonly serviceKey: string;
  readonly anonKey: string;
  /** A session of a user, good for an hour of the fake's time. */
  userToken(sub: string): string;
  /** Makes a bucket, which anyone may read when it is public. */
  addBucket(name: string, options?: { readonly public?: boolean }): void;
  /** Requests so far. */
  requests(): number;
  /** Requests so far, one by one. */
  log(): readonly { readonly method: string; readonly url: string }[];
  /** Connections that are open now. */
  connections(): number;
  /** Names of resumable uploads that are not complete. */
  pendingUploads(): readonly string[];
  /** Puts the clock forward. Units: ms. */
  advance(ms: number): void;
  /** Makes trouble from now on, or ends it. */
  fault(fault: FakeFault | undefined): void;
  stop(): Promise<void>;
}

const HOUR_SECONDS = 60 * 60;
const YEARS_SECONDS = 10 * 365 * 24 * HOUR_SECONDS;
const KNOWN_HEADERS =
  /^(host|connection|authorization|apikey|user-agent|content-type|content-length|transfer-encoding|cache-control|pragma|range|if-none-match|if-modified-since|origin|expect|accept(-.*)?|sec-fetch-.*|x-client-info|x-supabase-api-version|x-upsert|x-metadata|x-robots-tag|x-signature|tus-resumable|upload-(offset|length|defer-length|metadata))$/;

/** Starts the Storage API of a project on a free port of 127.0.0.1. */
export async function startFakeSupabase(options: FakeSupabaseOptions = {}): Promise<FakeSupabase> {
  const { buckets = ['photos'], policy = ownFolder } = options;
  const jwtSecret = 'fake-supabase-secret-with-at-least-32-characters';
  let offsetMs = 0;
  let requests: { method: string; url: string }[] = [];
  let fault: FakeFault | undefined;
  const nowMs = () => Date.now() + offsetMs;
  const state = makeState(() => new Date(nowMs()));
  const access = makeAccess(jwtSecret, nowMs, policy);
  const tus = tusUploads();
  const sockets = new Set<Socket>();

  function addBucket(id: string, isPublic: boolean): void {
    const at = state.now();
    state.buckets.set(id, {
      id,
      owner: undefined,
      public: isPublic,
      fileSizeLimit: null,
      allowedMimeTypes: null,
      createdAt: at,
      updatedAt: at,
    });
  }

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests = [
      ...requests.slice(-10_000),
      { method: request.method ?? '', url: request.url ?? '' },
    ];
    count += 1;
    const origin = `http://${request.headers.host}`;
    const url = new URL(request.url ?? '/', origin);
    const call: Call = {
      request,
      response,
      method: request.method ?? '',
      path: pathOf(request),
      query: url.searchParams,
      state,
      access,
      secret: jwtSecret,
      origin,
      fault: () => fault,
    };
    response.setHeader('sb-request-id', `request-${count}`);
    try {
      if (fault === 'unavailable') {
        response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Unavailable</h1>');
        return;
      }
      for (const name of Object.keys(request.headers)) {
        if (!KNOWN_HEADERS.test(name)) throw invalidRequest(`headers has no property '${name}'`);
      }
      const handler = routeOf(call, tus);
      if (!handler) throw refuse.route(call.method, request.url ?? '');
      if (fault === 'lost-reply' && call.method !== 'GET' && call.method !== 'HEAD') {
        response.writeHead = (() => {
          request.socket.destroy();
          return response;
        }) as typeof response.writeHead;
      }
      await Promise.resolve(handler(call));
    } catch (error) {
      if (response.headersSent || request.socket.destroyed) return;
      const { httpStatus, body } = isRefusal(error)
        ? error
        : {
            httpStatus: 500,
            body: { statusCode: '500', error: 'Internal', message: String(error), code: '' },
          };
      // What is refused before its content was read ends the connection, as the service does.
      if (!request.complete) response.setHeader('connection', 'close');
      sendJson(call, body, httpStatus);
    }
  }

  let count = 0;
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  for (const name of buckets) addBucket(name, false);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  const token = (claims: Readonly<Record<string, unknown>>, seconds: number) => {
    const iat = Math.floor(nowMs() / 1000);
    return signJwt({ iss: 'supabase', ...claims, iat, exp: iat + seconds }, jwtSecret);
  };

  return {
    url: `http://127.0.0.1:${port}`,
    jwtSecret,
    serviceKey: token({ role: 'service_role' }, YEARS_SECONDS),
    anonKey: token({ role: 'anon' }, YEARS_SECONDS),
    userToken: (sub) => token({ role: 'authenticated', aud: 'authenticated', sub }, HOUR_SECONDS),
    addBucket: (name, { public: isPublic = false } = {}) => addBucket(name, isPublic),
    requests: () => count,
    log: () => requests,
    connections: () => sockets.size,
    pendingUploads: () => tus.pending(),
    advance(ms) {
      offsetMs += ms;
    },
    fault(next) {
      fault = next;
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Segments below `/storage/v1`, each decoded by itself. */
function pathOf({ url = '' }: IncomingMessage): readonly string[] {
  const [path = ''] = url.split('?');
  if (!path.startsWith('/storage/v1/')) return [];
  return path.slice('/storage/v1/'.length).split('/').map(decodeURIComponent);
}
