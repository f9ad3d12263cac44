import { once } from 'node:events';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';
import { fromFailure } from './gcs-errors.ts';

/** What a request sends: bytes, or pieces that are asked for one by one. */
export type SentContent = Uint8Array | AsyncIterable<Uint8Array>;

/** One request. */
export interface HttpRequest {
  readonly method: string;
  /** Percent-encoded, with its query. It is sent as it is. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Without `content-length` in the headers it goes out in chunks. */
  readonly content?: SentContent | undefined;
  /** Ends the request until its answer begins. */
  readonly signal?: AbortSignal | undefined;
}

/** Connections to one server, kept open between requests. */
export interface HttpConnection {
  /** Sends a request and returns the answer, whatever its status, with its body unread. */
  send(request: HttpRequest): Promise<IncomingMessage>;
  close(): void;
}

/** A connection that nobody has used for so long is closed before the server does it. Units: ms. */
const IDLE_MS = 30_000;

/**
 * Connections by Node's own client: unlike `fetch` and the SDK it hands out content as it is stored,
 * gzip included, takes paths as they are, and stops when the signal says so.
 */
export function httpConnection(endpoint: URL, maxConnections: number): HttpConnection {
  const { request: begin, Agent } = endpoint.protocol === 'http:' ? http : https;
  const agent = new Agent({ keepAlive: true, maxSockets: maxConnections, timeout: IDLE_MS });
  const base = endpoint.pathname.replace(/\/$/, '');
  const place = {
    agent,
    hostname: endpoint.hostname.replace(/^\[(.*)\]$/, '$1'),
    ...(endpoint.port !== '' && { port: endpoint.port }),
  };

  return {
    async send({ method, path, headers, content, signal }) {
      signal?.throwIfAborted();
      const request = begin({ ...place, method, path: base + path, headers });
      const abort = () => request.destroy(new Error('aborted'));
      signal?.addEventListener('abort', abort);
      // What breaks after the answer began is told by the answer's body.
      request.on('error', () => {});
      const answering = once(request, 'response') as Promise<[IncomingMessage]>;
      answering.catch(() => {});
      try {
        if (content === undefined || content instanceof Uint8Array) request.end(content);
        else await sendPieces(request, content, answering);
        const [response] = await answering;
        // A body that is cut before anyone reads it is told to whoever reads it.
        response.on('error', () => {});
        return response;
      } catch (error) {
        request.destroy();
        throw signal?.aborted ? signal.reason : error;
      } finally {
        signal?.removeEventListener('abort', abort);
      }
    },
    close: () => agent.destroy(),
  };
}

/** An error of the pieces' source, which is the caller's own and not the connection's. */
export class SourceFailure extends Error {
  readonly error: unknown;

  constructor(error: unknown) {
    super('the source failed');
    this.error = error;
  }
}

/** Sends pieces until they end, the connection breaks, or the server answers before it has all. */
async function sendPieces(
  request: http.ClientRequest,
  content: AsyncIterable<Uint8Array>,
  answering: Promise<[IncomingMessage]>,
): Promise<void> {
  const pieces = content[Symbol.asyncIterator]();
  let isOver = false;
  let wake: (() => void) | undefined;
  const settle = () => {
    isOver = true;
    wake?.();
  };
  answering.then(settle, settle);
  /** Resolves without a value when the request is over first. */
  const unlessOver = <Value>(waiting: Promise<Value>) =>
    new Promise<Value | undefined>((resolve, reject) => {
      wake = () => resolve(undefined);
      waiting.then(resolve, reject);
    });

  while (!isOver) {
    const piece = await unlessOver(nextPiece(pieces));
    if (isOver || piece === undefined) break;
    if (piece.done) {
      request.end();
      return;
    }
    if (!request.write(piece.value)) await unlessOver(once(request, 'drain'));
  }
  pieces.return?.().catch(() => {});
  const [response] = await answering;
  // The rest of what was promised is never sent, so the connection is of no more use.
  response.once('close', () => request.destroy());
}

async function nextPiece(
  pieces: AsyncIterator<Uint8Array>,
): Promise<IteratorResult<Uint8Array, unknown>> {
  try {
    return await pieces.next();
  } catch (error) {
    throw new SourceFailure(error);
  }
}

/** The whole body of an answer. Errors: `unavailable` when it breaks. */
export async function readBody(
  response: IncomingMessage,
  signal?: AbortSignal,
): Promise<Uint8Array<ArrayBuffer>> {
  const abort = () => response.destroy();
  signal?.addEventListener('abort', abort);
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    signal?.throwIfAborted();
    for await (const piece of response as AsyncIterable<Uint8Array>) {
      pieces.push(piece);
      size += piece.byteLength;
    }
  } catch (error) {
    throw signal?.aborted ? signal.reason : fromFailure(error);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const piece of pieces) {
    bytes.set(piece, offset);
    offset += piece.byteLength;
  }
  return bytes;
}

/** Units: bytes that are read and dropped so that a connection can be used again. */
const MAX_DRAINED_BYTES = 64 * 1024;

/** Lets go of an answer that nobody reads. */
export function dropBody(response: IncomingMessage): void {
  const length = Number(response.headers['content-length'] ?? Number.POSITIVE_INFINITY);
  if (length <= MAX_DRAINED_BYTES) response.resume();
  else response.destroy();
}
