import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

/** A small object server. */
export interface BoxServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** How the server is broken, for checks of the checks. */
export interface BoxServerOptions {
  /** Stores what came of a request that was cut. */
  readonly keepsHalves?: boolean;
  /** How long it keeps an idle connection. Default: 1,500. */
  readonly keepAliveMs?: number;
}

interface Stored {
  readonly bytes: Buffer;
  readonly writeId: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Starts a server that keeps objects in memory: `/objects/<key>`, `/list`, `/uploads/<key>`. */
export async function startBoxServer(options: BoxServerOptions = {}): Promise<BoxServer> {
  const { keepsHalves, keepAliveMs: keepAliveTimeout = 1_500 } = options;
  const objects = new Map<string, Stored>();
  const uploads = new Map<string, { key: string; writeId: string | undefined; bytes: Buffer }>();

  const server = createServer({ keepAliveTimeout }, (request, response) => {
    const path = new URL(String(request.url), 'http://box').pathname.slice(1);
    const [area = '', ...rest] = path.split('/');
    const name = decodeURIComponent(rest.join('/'));
    const received = keepsHalves ? whatCame(request) : buffer(request);
    received.then(
      (bytes) => {
        const { status, headers, body } = answer(request, area, name, bytes);
        response.writeHead(status, {
          'x-box': '1',
          ...headers,
          ...(status !== 204 && { 'content-length': body?.length ?? 0 }),
        });
        response.end(body);
      },
      // The request was cut: nothing of it is kept.
      () => response.destroy(),
    );
  });

  function answer(request: IncomingMessage, area: string, name: string, bytes: Buffer): Answer {
    const { method } = request;
    if (area === 'list') return { status: 200, body: Buffer.from(listing()) };
    if (area === 'uploads') return uploading(request, name, bytes);
    const object = objects.get(name);
    const refused = failedCondition(request, object);
    if (refused !== undefined) return refused;
    if (method === 'PUT') {
      const stored = { bytes, writeId: header(request, 'x-write-id') };
      objects.set(name, stored);
      return { status: 200, headers: described(stored) };
    }
    if (method === 'DELETE') {
      objects.delete(name);
      return { status: 204 };
    }
    if (object === undefined) return { status: 404 };
    return content(request, object);
  }

  function uploading(request: IncomingMessage, name: string, bytes: Buffer): Answer {
    const writeId = header(request, 'x-write-id');
    if (request.method === 'POST') {
      const id = crypto.randomUUID();
      uploads.set(id, { key: name, writeId, bytes: Buffer.alloc(0) });
      return { status: 200, headers: { 'x-upload': id } };
    }
    const id = header(request, 'x-upload') ?? '';
    const upload = uploads.get(id);
    if (upload === undefined) return { status: 404 };
    if (request.method === 'PUT') {
      upload.bytes = bytes;
      return { status: 204 };
    }
    uploads.delete(id);
    const stored = { bytes: upload.bytes, writeId: upload.writeId };
    objects.set(upload.key, stored);
    return { status: 200, headers: described(stored) };
  }

  function listing(): string {
    const keys = [...objects.keys()].sort();
    return JSON.stringify(keys.map((key) => ({ key, size: objects.get(key)?.bytes.length })));
  }

  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await once(server.close(), 'close');
    },
  };
}

async function whatCame(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of request) chunks.push(chunk);
  } catch {
    // Broken on purpose.
  }
  return Buffer.concat(chunks);
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

function described({ bytes, writeId = '' }: Stored): Record<string, string> {
  const etag = createHash('sha1').update(bytes).update(writeId).digest('hex');
  return { etag, 'x-size': String(bytes.length), 'x-write-id': writeId };
}

function failedCondition(request: IncomingMessage, object?: Stored): Answer | undefined {
  if (header(request, 'if-none-match') === '*' && object !== undefined) return { status: 412 };
  const wanted = header(request, 'if-match');
  if (wanted === undefined) return undefined;
  return object !== undefined && described(object)['etag'] === wanted ? undefined : { status: 412 };
}

function content(request: IncomingMessage, object: Stored): Answer {
  const headers = described(object);
  const { bytes } = object;
  const [, start, end] = /^bytes=(\d+)-(\d*)$/.exec(header(request, 'range') ?? '') ?? [];
  if (start === undefined) return { status: 200, headers, body: bytes };
  const first = Number(start);
  if (first >= bytes.length) return { status: 416 };
  const part = bytes.subarray(first, end ? Number(end) + 1 : bytes.length);
  const range = `bytes ${first}-${first + part.length - 1}/${bytes.length}`;
  return { status: 206, headers: { ...headers, 'content-range': range }, body: part };
}
