import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { type Access, makeAccess } from './access.ts';
import { answerBatch } from './batch.ts';
import { makeDownloads } from './content-routes.ts';
import { type Drive, type Item, makeDrive } from './drive-state.ts';
import { type FakeFault, isCommit, isLaterPage } from './fake-faults.ts';
import { answerItem } from './item-routes.ts';
import { isRefusal, refuse } from './refusal.ts';
import type { FakeAnswer, FakeRequest } from './request.ts';
import { makeUploads } from './upload-routes.ts';

/** Options of {@link startFakeOneDrive}. */
export interface FakeOneDriveOptions {
  /** Kind of the account. Default: `business`. */
  readonly driveType?: Drive['driveType'];
  /** Room of the drive. Units: bytes. Default: 1 TiB. */
  readonly totalBytes?: number;
  /** Every write makes a version; else the current one is the only one. Default: `true`. */
  readonly keepsVersions?: boolean;
  /** Lists of versions tell where the content of each is. Default: `true`. */
  readonly tellsVersionUrls?: boolean;
  /** Downloads tell the tag of the item. Default: `true`. */
  readonly tellsEtag?: boolean;
}

/** An answer that comes in the place of the next ones. */
export interface NextFailure {
  readonly status: number;
  readonly code?: string;
  readonly inner?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** How many requests, those inside a batch counted one by one. Default: 1. */
  readonly times?: number;
  /** Which requests. Default: all. */
  readonly match?: (request: { readonly method: string; readonly path: string }) => boolean;
}

/** Microsoft Graph with one person's drive, running. */
export interface FakeOneDrive {
  /** Stands for `https://graph.microsoft.com`. */
  readonly url: string;
  readonly driveId: string;
  /** A token of these scopes that is good for an hour. Default: `Files.ReadWrite`. */
  token(scopes?: readonly string[]): string;
  /** Every token so far is refused from now on. */
  revokeTokens(): void;
  /** Requests so far; a batch is one. */
  requests(): number;
  /** Requests so far, one by one. */
  log(): readonly { readonly method: string; readonly path: string }[];
  /** Paths of all files and folders, folders with a slash at their end. */
  paths(): readonly string[];
  /** Paths of uploads that were begun and not ended. */
  pendingUploads(): readonly string[];
  /** Puts the clock forward. Units: ms. */
  advance(ms: number): void;
  /** Makes trouble from now on, or ends it. */
  fault(fault: FakeFault | undefined): void;
  failNext(failure: NextFailure): void;
  /** Links to earlier changes are answered with 410 from now on. */
  forgetChanges(): void;
  /** Connections that are open now. */
  connections(): number;
  stop(): Promise<void>;
}

const DEFAULT_BYTES = 1024 ** 4;
const KNOWN_HEADERS =
  /^(host|connection|authorization|user-agent|content-type|content-length|content-range|transfer-encoding|cache-control|pragma|range|if-match|origin|expect|prefer|accept(-.*)?|sec-fetch-.*|client-request-id|sdkversion|deltaexcludeparent)$/;

/** Starts a drive behind Microsoft Graph v1.0 on a free port of 127.0.0.1. */
export async function startFakeOneDrive(options: FakeOneDriveOptions = {}): Promise<FakeOneDrive> {
  const { driveType = 'business', totalBytes = DEFAULT_BYTES, tellsEtag = true } = options;
  const { keepsVersions = true, tellsVersionUrls = true } = options;
  let offsetMs = 0;
  const nowMs = () => Date.now() + offsetMs;
  const drive = makeDrive(driveType, totalBytes, () => new Date(nowMs()), keepsVersions);
  const access: Access = makeAccess(nowMs);
  const downloads = makeDownloads(nowMs, tellsEtag);
  const uploads = makeUploads(nowMs);
  const sockets = new Set<Socket>();
  const failures: (NextFailure & { left: number })[] = [];
  const log: { method: string; path: string }[] = [];
  let count = 0;
  let fault: FakeFault | undefined;

  const around = {
    downloads,
    uploads,
    tellsVersionUrls,
    appFolder: (one: Drive) => one.folder(one.root, ['Apps', 'Fake App']),
  };

  function itemOf(one: Drive, item: Item, origin: string): object {
    return answerItem(one, `/items/${item.id}`, { ...BLANK, origin }, around).body as object;
  }

  /** Routes a request of the Graph, also one of a batch. */
  function answerGraph(request: FakeRequest): FakeAnswer {
    const failure = failures.find(({ left, match }) => left > 0 && (match?.(request) ?? true));
    if (failure !== undefined) {
      failure.left -= 1;
      return failed(failure);
    }
    try {
      const [, place = '', below = ''] =
        /^\/v1\.0\/(me\/drive|drives\/[^/]+|sites\/[^/]+\/drive|users\/[^/]+\/drive)(\/.*)?$/.exec(
          request.path,
        ) ?? [];
      if (place === '') throw refuse.request('Resource not found for the segment.');
      const writes = request.method !== 'GET';
      access.check(request.headers['authorization'], {
        writes,
        inAppFolder: below === '' || below.startsWith('/special/approot') || isInAppFolder(below),
      });
      const [kind, id] = place.split('/');
      const isOurs = kind === 'me' || id === drive.id || (kind === 'sites' && id === 'a-site');
      if (!isOurs) throw refuse.noDrive();
      return answerItem(drive, below, request, around);
    } catch (error) {
      return refusedWith(error);
    }
  }

  function isInAppFolder(below: string): boolean {
    const id = /^\/items\/([^/:]+)/.exec(below)?.[1];
    const item = id === undefined ? undefined : drive.item(id);
    return item !== undefined && drive.pathOf(item).slice(0, 2).join('/') === 'Apps/Fake App';
  }

  function answerAny(request: FakeRequest): FakeAnswer {
    const { path, origin } = request;
    if (path === '/v1.0/$batch') {
      access.check(request.headers['authorization'], { writes: false, inAppFolder: true });
      return answerBatch(request, answerGraph);
    }
    if (path.startsWith('/v1.0/')) return answerGraph(request);
    if (path.startsWith('/dl/')) return downloads.answer(request, fault === 'ignore-range');
    if (path.startsWith('/up/')) {
      return uploads.answer(request, (one, item) => itemOf(one, item, origin));
    }
    throw refuse.request('There is nothing here.');
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const origin = `http://${incoming.headers.host}`;
    const url = new URL(incoming.url ?? '/', origin);
    const path = (incoming.url ?? '/').split('?')[0] ?? '/';
    const method = incoming.method ?? '';
    count += 1;
    log.push({ method, path });
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const request: FakeRequest = {
      method,
      path,
      query: url.searchParams,
      headers: incoming.headers as Record<string, string>,
      body: Buffer.concat(chunks),
      origin,
    };
    const isCommitting = isCommit(request);
    if (
      fault === 'unavailable' ||
      (fault === 'second-page' && isLaterPage(request)) ||
      (fault === 'last-step-of-write' && isCommitting)
    ) {
      send(response, failed({ status: 503, code: 'serviceNotAvailable' }));
      return;
    }
    const answer = answered(request);
    if (fault === 'lost-reply' && isCommitting && answer.status < 400) {
      incoming.socket.destroy();
      return;
    }
    send(response, answer, fault === 'cut-body' && path.startsWith('/dl/'));
  }

  function answered(request: FakeRequest): FakeAnswer {
    try {
      for (const name of Object.keys(request.headers)) {
        if (!KNOWN_HEADERS.test(name)) throw refuse.request(`There is no header '${name}'.`);
      }
      return answerAny(request);
    } catch (error) {
      return refusedWith(error);
    }
  }

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => incoming.socket.destroy());
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  function pathsBelow(item: Item): string[] {
    return drive.children(item.id).flatMap((child) => {
      const path = drive.pathOf(child).join('/');
      return child.content === undefined ? [`${path}/`, ...pathsBelow(child)] : [path];
    });
  }

  return {
    url: `http://127.0.0.1:${port}`,
    driveId: drive.id,
    token: (scopes = ['Files.ReadWrite']) => access.token(scopes),
    revokeTokens: () => access.revoke(),
    requests: () => count,
    log: () => log,
    paths: () => pathsBelow(drive.root),
    pendingUploads: () => uploads.pending(),
    advance(ms) {
      offsetMs += ms;
    },
    fault(next) {
      fault = next;
    },
    failNext(failure) {
      failures.push({ ...failure, left: failure.times ?? 1 });
    },
    forgetChanges() {
      drive.oldestChange = drive.lastChange();
    },
    connections: () => sockets.size,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

const BLANK: FakeRequest = {
  method: 'GET',
  path: '',
  query: new URLSearchParams(),
  headers: {},
  body: Buffer.alloc(0),
  origin: '',
};

function failed({
  status,
  code = 'generalException',
  inner,
  headers = {},
}: NextFailure): FakeAnswer {
  return { status, headers, body: errorJson(code, 'This was asked for.', inner) };
}

function refusedWith(error: unknown): FakeAnswer {
  if (!isRefusal(error)) throw error;
  const { status, code, message, inner, headers } = error;
  return { status, headers, body: errorJson(code, message, inner) };
}

function errorJson(code: string, message: string, inner: string | undefined): object {
  const innerError = {
    ...(inner !== undefined && { code: inner }),
    date: new Date().toISOString(),
    'request-id': randomUUID(),
  };
  return { error: { code, message, innerError } };
}

function send(response: ServerResponse, answer: FakeAnswer, isCut = false): void {
  const { status, headers = {}, body } = answer;
  const isBytes = Buffer.isBuffer(body);
  const content = body === undefined ? Buffer.alloc(0) : bytesOf(body);
  response.writeHead(status, {
    'request-id': randomUUID(),
    ...(body !== undefined && {
      ...(!isBytes && { 'content-type': 'application/json' }),
      'content-length': content.length,
    }),
    ...headers,
  });
  if (!isCut) response.end(content);
  else response.write(content.subarray(0, content.length / 2), () => response.destroy());
}

function bytesOf(body: Buffer | object): Buffer {
  return Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
}
