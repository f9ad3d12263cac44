import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dropboxState } from './dropbox-state.ts';
import { type FakeFault, isCommit, isRefusedBy } from './fake-faults.ts';
import { answerCall } from './fake-router.ts';
import { fakeAccounts, SCOPES } from './oauth.ts';
import { lowerOf } from './paths.ts';
import { Refusal, rateLimited } from './refusal.ts';
import { type FakeAnswer, type FakeRequest, readRequest } from './request.ts';
import { pendingSessions } from './session-routes.ts';

/** Options of {@link startFakeDropbox}. */
export interface FakeDropboxOptions {
  /** Room of the account. Units: bytes. Default: 2 GB, as a free one has. */
  readonly capacityBytes?: number;
  /** The account is one of a team, which may delete for good. Default: false. */
  readonly isTeam?: boolean;
  /** `delete_batch` is done at once up to so many entries; beyond, it is a job. Default: 0, always a job. */
  readonly syncDeletes?: number;
  /** How often such a job is asked about before it is done. Default: 1. */
  readonly checksOfJobs?: number;
  /** Writes at the same time beyond which the service says `too_many_write_operations`. Default: no limit. */
  readonly maxWrites?: number;
  /** How long a write holds the account, where `maxWrites` is given. Units: ms. Default: 0. */
  readonly writeMs?: number;
}

/** A running fake of Dropbox. */
export interface FakeDropbox {
  /** Address of all three hosts. */
  readonly url: string;
  /** A token with all scopes of an app for files. */
  readonly accessToken: string;
  readonly refreshToken: string;
  readonly clientId: string;
  /** `fetch` that sends what is meant for the service's hosts here. For the SDK's options. */
  readonly fetch: typeof globalThis.fetch;
  /** Another token. Default scopes: all. */
  issueToken(scopes?: readonly string[]): string;
  /** Makes every access token bad that was issued so far. */
  revokeTokens(): void;
  /** Requests so far. */
  requests(): number;
  /** Names of the routes that were called so far, in order. */
  calls(): readonly string[];
  /** Connections that are open now. */
  connections(): Promise<number>;
  /** Requests that wait for something to happen. */
  waiting(): number;
  /** Upload sessions that were begun and not ended. */
  pendingUploads(): readonly string[];
  /** Puts the clock of the service forward. Units: ms. */
  advance(ms: number): void;
  /** Makes trouble from now on, or ends it. */
  fault(fault: FakeFault | undefined): void;
  /** Makes every cursor stale that was handed out so far. */
  expireCursors(): void;
  /** Refuses the next so many requests with 429, asking for a pause. Units: s. */
  limitRate(requests: number, seconds: number): void;
  /** Makes a file one of those that have to be exported. */
  makeDocument(path: string): void;
  stop(): Promise<void>;
}

const HOSTS: Readonly<Record<string, string>> = {
  'https://api.dropboxapi.com': 'api',
  'https://content.dropboxapi.com': 'content',
  'https://notify.dropboxapi.com': 'notify',
};
/** What a page of another origin may send and see; the service answers every origin. */
const CORS = {
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'Dropbox-API-Result, Content-Length, Retry-After, X-Dropbox-Request-Id',
};
const GB = 1000 ** 3;

/** Starts the fake at 127.0.0.1. */
export async function startFakeDropbox(options: FakeDropboxOptions = {}): Promise<FakeDropbox> {
  const { capacityBytes = 2 * GB, isTeam = false, syncDeletes = 0, checksOfJobs = 1 } = options;
  const { maxWrites = Number.POSITIVE_INFINITY, writeMs = 0 } = options;
  let offsetMs = 0;
  let fault: FakeFault | undefined;
  let cursorEpoch = 0;
  let limited = { requests: 0, seconds: 0 };
  let writes = 0;
  let waiting = 0;
  let count = 0;
  let url = '';
  const calls: string[] = [];
  const nowMs = () => Date.now() + offsetMs;
  const state = dropboxState(
    () => new Date(nowMs()),
    () => capacityBytes,
  );
  const accounts = fakeAccounts(nowMs);

  async function answer(request: FakeRequest): Promise<FakeAnswer> {
    const name = request.path.replace(/^\/2\//, '');
    calls.push(name);
    if (isRefusedBy(fault, name)) throw new Refusal(503, 'Service Unavailable');
    if (limited.requests > 0) {
      limited = { ...limited, requests: limited.requests - 1 };
      throw rateLimited('too_many_requests', limited.seconds);
    }
    const settings = {
      syncDeletes,
      checksOfJobs,
      capacityBytes,
      isTeam,
      ignoresRange: fault === 'ignore-range',
      cursorEpoch,
    };
    const around = { state, accounts, origin: url, settings };
    if (!isCommit(name)) return answerCall(request, around);
    if (writes >= maxWrites) throw rateLimited('too_many_write_operations', 1);
    writes += 1;
    try {
      if (writeMs > 0) await new Promise((resolve) => setTimeout(resolve, writeMs));
      return await answerCall(request, around);
    } finally {
      writes -= 1;
    }
  }

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const leaving = new AbortController();
    response.on('close', () => leaving.abort());
    count += 1;
    const id = `fake-${count}`;
    if (message.method === 'OPTIONS') {
      send(response, preflight(message), id);
      return;
    }
    let request: FakeRequest;
    try {
      request = await readRequest(message, leaving.signal);
    } catch {
      return;
    }
    waiting += 1;
    const result = await answer(request).catch(refused);
    waiting -= 1;
    const isWrite = isCommit(request.path.replace(/^\/2\//, ''));
    if (fault === 'lost-reply' && isWrite && result.status < 300) {
      response.socket?.destroy();
      return;
    }
    const isContent = result.headers?.['dropbox-api-result'] !== undefined;
    send(response, result, id, fault === 'cut-body' && isContent);
  }

  const server = createServer((message, response) => {
    serve(message, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    accessToken: accounts.issue(),
    refreshToken: accounts.refreshToken,
    clientId: accounts.clientId,
    fetch(input, init) {
      const { origin, pathname, search } = new URL(String(input));
      const host = HOSTS[origin];
      if (host === undefined) return globalThis.fetch(input, init);
      const headers = new Headers(init?.headers);
      headers.set('x-fake-host', host);
      return globalThis.fetch(url + pathname + search, { ...init, headers });
    },
    issueToken: (scopes = SCOPES) => accounts.issue(scopes),
    revokeTokens: accounts.revoke,
    requests: () => count,
    calls: () => calls,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, open) => (error ? reject(error) : resolve(open)));
      }),
    waiting: () => waiting,
    pendingUploads: () => pendingSessions(state),
    advance(ms) {
      offsetMs += ms;
    },
    fault(next) {
      fault = next;
    },
    expireCursors() {
      cursorEpoch += 1;
    },
    limitRate(requests, seconds) {
      limited = { requests, seconds };
    },
    makeDocument(path) {
      const entry = state.find(path);
      if (entry?.kind !== 'file') throw new Error(`there is no file at ${path}`);
      state.entries.set(lowerOf(path), { ...entry, isDownloadable: false });
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function refused(error: unknown): FakeAnswer {
  if (!(error instanceof Refusal)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { status: 500, headers: { 'content-type': 'text/plain' }, body: text };
  }
  const { status, message, error: structure, headers } = error;
  if (structure === undefined) {
    const type = 'text/plain; charset=utf-8';
    return { status, headers: { 'content-type': type, ...headers }, body: message };
  }
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ error_summary: `${message}...`, error: structure }),
  };
}

/** The service lets pages of every origin in. */
function preflight({ headers }: IncomingMessage): FakeAnswer {
  return {
    status: 200,
    headers: {
      'access-control-allow-methods': 'GET, OPTIONS, POST',
      'access-control-allow-headers': String(headers['access-control-request-headers'] ?? ''),
      'access-control-max-age': '600',
    },
  };
}

/** With `isCut` the content ends one byte early, and the connection too. */
function send(response: ServerResponse, answer: FakeAnswer, id: string, isCut = false): void {
  const { status, headers = {}, body = '' } = answer;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, {
    ...CORS,
    'x-dropbox-request-id': id,
    'content-length': bytes.length,
    ...headers,
  });
  if (isCut && bytes.length > 0) {
    response.write(bytes.subarray(0, -1), () => response.destroy());
    return;
  }
  response.end(bytes);
}
