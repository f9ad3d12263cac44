import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { driveState, rootFolder } from './drive-state.ts';
import { type FakeFault, isCommit, isLaterPage } from './fake-faults.ts';
import { isRefusal, type Refusal, refusal, refusalBody } from './refusal.ts';
import type { Answer, Call } from './request.ts';
import { isSession, route } from './routes.ts';
import { type FakeTokenOptions, fakeTokens, type Identity } from './tokens.ts';
import type { UploadSessions } from './upload-sessions.ts';

/** Options of {@link startFakeGdrive}. */
export interface FakeGdriveOptions {
  /** Room for content. Units: bytes. Default: no limit. */
  readonly quotaBytes?: number;
  /** Default: one that the system chooses. */
  readonly port?: number;
}

/** How often something was asked, as `GET files.list` would be `GET /drive/v3/files`. */
export interface FakeRequestCount {
  readonly method: string;
  readonly path: string;
}

/** A running fake of Google Drive, with one user. */
export interface FakeGdrive {
  /** Address of the service, for `rootUrl` and `endpoint`. */
  readonly url: string;
  /** An access token with `drive.file`, good for an hour of the fake's time. */
  readonly accessToken: string;
  /** Issues a token. */
  token(options?: FakeTokenOptions): string;
  /** Makes every access token bad that was issued so far. */
  revokeTokens(): void;
  /** Makes a shared drive. Returns its id. */
  addDrive(name: string): string;
  /** Makes a file as a person or another app does. Returns its id. */
  addFile(file: {
    readonly name: string;
    /** Default: the root. */
    readonly parent?: string;
    readonly mimeType?: string;
    readonly content?: string;
    /** Who made it. Default: `app-1`, which the default token is of. */
    readonly app?: string;
    /** Makes it a Google document with this content by type. */
    readonly exports?: Readonly<Record<string, string>>;
    readonly modifiedTime?: string;
    /** Marks it as malware. */
    readonly isAbusive?: boolean;
  }): string;
  /** Names of everything that is not in the trash, as paths. */
  paths(): readonly string[];
  /** Requests so far. */
  requests(): number;
  /** Requests so far, one by one. */
  log(): readonly FakeRequestCount[];
  /** Connections that are open now. */
  connections(): Promise<number>;
  /** Resumable uploads that were begun and not ended. */
  pendingUploads(): number;
  /** Puts the clock of the service forward. Units: ms. */
  advance(ms: number): void;
  /** Makes trouble from now on, or ends it. */
  fault(fault: FakeFault | undefined): void;
  /** Refuses every request from now on in the service's words, or ends that. */
  refuse(
    answer:
      | { readonly status: number; readonly reason: string; readonly retryAfter?: string }
      | undefined,
  ): void;
  setQuota(bytes: number | undefined): void;
  stop(): Promise<void>;
}

const NOBODY: Identity = { scopes: new Set(), app: '' };

/** Starts the fake at 127.0.0.1. */
export async function startFakeGdrive(options: FakeGdriveOptions = {}): Promise<FakeGdrive> {
  const state = driveState();
  state.quotaBytes = options.quotaBytes;
  const tokens = fakeTokens(state.nowMs);
  const sessions: UploadSessions = new Map();
  const log: FakeRequestCount[] = [];
  let fault: FakeFault | undefined;
  let refused: Refusal | undefined;

  async function serve(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const method = message.method ?? '';
    const origin = `http://${message.headers.host}`;
    const { pathname: path, searchParams: query } = new URL(message.url ?? '/', origin);
    const headers = headersOf(message);
    const chunks: Buffer[] = [];
    for await (const chunk of message) chunks.push(chunk as Buffer);
    log.push({ method, path });
    let answer: Answer;
    try {
      if (refused !== undefined) throw refused;
      if (isBroken(method, path, headers, query)) {
        throw refusal(503, 'backendError', 'Backend Error');
      }
      const who = isSession(path, query)
        ? ownerOf(headers, query)
        : tokens.identify(headers['authorization']);
      const body = Buffer.concat(chunks);
      const call: Call = {
        ...{ method, path, query, headers, body, origin, who, state, sessions, fault },
        variables: {},
      };
      answer = route(call);
      remember(query, answer, who);
    } catch (error) {
      answer = answerOf(error);
    }
    if (fault === 'lost-reply' && isCommit(method, path, headers, query) && answer.status < 300) {
      response.socket?.destroy();
      return;
    }
    send(response, answer, fault);
  }

  const owners = new Map<string, Identity>();

  /** The session's address is the secret; what is made belongs to who began it. */
  function ownerOf(
    headers: Readonly<Record<string, string | undefined>>,
    query: URLSearchParams,
  ): Identity {
    if (headers['authorization'] !== undefined) tokens.identify(headers['authorization']);
    return owners.get(query.get('upload_id') ?? '') ?? NOBODY;
  }

  function remember(query: URLSearchParams, { headers = {} }: Answer, who: Identity): void {
    const id = headers['x-guploader-uploadid'];
    if (query.get('uploadType') === 'resumable' && id !== undefined) owners.set(id, who);
  }

  function isBroken(
    method: string,
    path: string,
    headers: Readonly<Record<string, string | undefined>>,
    query: URLSearchParams,
  ): boolean {
    if (fault === 'unavailable') return true;
    if (fault === 'second-page') return isLaterPage(method, path, query);
    return fault === 'last-step-of-write' && isCommit(method, path, headers, query);
  }

  const server = createServer((message, response) => {
    serve(message, response).catch((error: unknown) => {
      response.destroy(error instanceof Error ? error : undefined);
    });
  });
  server.keepAliveTimeout = 60_000;
  server.listen(options.port ?? 0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    url,
    accessToken: tokens.issue(),
    token: tokens.issue,
    revokeTokens: tokens.revoke,
    addDrive(name) {
      const id = `0A${crypto.randomUUID().replaceAll('-', '')}`;
      state.drives.set(id, name);
      state.files.set(id, rootFolder(id, name, 'drive', id, ''));
      return id;
    },
    addFile({ name, parent = state.rootId, app = 'app-1', ...more }) {
      const { mimeType, content = '', exports, modifiedTime, isAbusive } = more;
      const file = state.addFile({
        name,
        parent,
        app,
        mimeType:
          mimeType ??
          (exports === undefined ? 'text/plain' : 'application/vnd.google-apps.document'),
        content: Buffer.from(content),
        modifiedTime,
        exports:
          exports &&
          new Map(Object.entries(exports).map(([type, text]) => [type, Buffer.from(text)])),
      });
      if (isAbusive === true) file.rest['isAbusive'] = true;
      return file.id;
    },
    paths: () =>
      [...state.files.values()]
        .filter((file) => file.parent !== undefined && !state.isTrashed(file))
        .map((file) => {
          const names = [file.name];
          for (let at = state.files.get(file.parent ?? ''); at?.parent !== undefined; ) {
            names.unshift(at.name);
            at = state.files.get(at.parent);
          }
          return names.join('/');
        })
        .toSorted(),
    requests: () => log.length,
    log: () => log,
    connections: () =>
      new Promise((resolve, reject) => {
        server.getConnections((error, open) => (error ? reject(error) : resolve(open)));
      }),
    pendingUploads: () => [...sessions.values()].filter(({ made }) => made === undefined).length,
    advance: state.advance,
    fault(next) {
      fault = next;
    },
    refuse(answer) {
      refused =
        answer &&
        refusal(answer.status, answer.reason, answer.reason, {
          headers: answer.retryAfter === undefined ? {} : { 'retry-after': answer.retryAfter },
        });
    },
    setQuota(bytes) {
      state.quotaBytes = bytes;
    },
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

function headersOf(message: IncomingMessage): Readonly<Record<string, string | undefined>> {
  return Object.fromEntries(
    Object.entries(message.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(',') : value,
    ]),
  );
}

function answerOf(error: unknown): Answer {
  if (!isRefusal(error)) throw error;
  return {
    status: error.status,
    headers: { 'content-type': 'application/json; charset=UTF-8', ...error.headers },
    body: refusalBody(error),
  };
}

/** With `cut-body` content ends one byte early, and the connection too. */
function send(response: ServerResponse, answer: Answer, fault: FakeFault | undefined): void {
  const { status, headers = {}, body = '', isContent = false } = answer;
  const bytes = Buffer.from(body as string);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.statusCode = status;
  if (status === 204) {
    response.end();
    return;
  }
  response.setHeader('content-length', String(bytes.byteLength));
  if (fault === 'cut-body' && isContent && bytes.byteLength > 0) {
    response.write(bytes.subarray(0, -1), () => response.destroy());
    return;
  }
  response.end(bytes);
}
