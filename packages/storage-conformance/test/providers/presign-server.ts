import { createHmac, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  isStorageError,
  type PresignedRequest,
  type PresignOptions,
  sha256,
} from '@granary/storage-core/provider';
import type { MapStore } from './map-store.ts';
import { checkConditions, commit, find } from './map-write.ts';

/** What a signature is about. */
const SIGNED = [
  'store',
  'key',
  'method',
  'expires',
  'type',
  'length',
  'checksum',
  'create',
  'disposition',
  'answer-type',
];

/** Stores that the server answers for. */
const stores = new Map<string, MapStore>();

function sign(store: MapStore, fields: URLSearchParams): string {
  const text = SIGNED.map((name) => `${name}=${fields.get(name) ?? ''}`).join('\n');
  return createHmac('sha256', store.secret).update(text).digest('base64url');
}

/** Signs a request by HMAC over everything that it is bound to. */
export async function presignedUrl(
  store: MapStore,
  serverUrl: string,
  key: string,
  options: PresignOptions,
): Promise<PresignedRequest> {
  const { method = 'GET', expiresInMs = 3_600_000, contentType, contentLength, checksum } = options;
  let id = [...stores].find(([, other]) => other === store)?.[0];
  if (id === undefined) {
    id = String(stores.size + 1);
    stores.set(id, store);
  }
  const expires = store.now() + expiresInMs;
  const fields = new URLSearchParams({ store: id, method, expires: String(expires) });
  if (contentType !== undefined) fields.set('type', contentType);
  if (contentLength !== undefined) fields.set('length', String(contentLength));
  if (checksum !== undefined) fields.set('checksum', checksum);
  if (options.ifNoneMatch !== undefined) fields.set('create', '1');
  if (options.responseDisposition !== undefined)
    fields.set('disposition', options.responseDisposition);
  if (options.responseContentType !== undefined)
    fields.set('answer-type', options.responseContentType);
  const signed = new URLSearchParams(fields);
  signed.set('key', key);
  fields.set('signature', sign(store, signed));
  const path = key.split('/').map(encodeURIComponent).join('/');
  return {
    url: `${serverUrl}/o/${path}?${fields}`,
    method,
    headers: {
      ...(contentType !== undefined && { 'content-type': contentType }),
      ...(options.ifNoneMatch !== undefined && { 'if-none-match': '*' }),
    },
    expiresAt: new Date(expires),
  };
}

function hasSignature(store: MapStore, fields: URLSearchParams): boolean {
  const given = Buffer.from(fields.get('signature') ?? '');
  const wanted = Buffer.from(sign(store, fields));
  return given.byteLength === wanted.byteLength && timingSafeEqual(given, wanted);
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<number> {
  const url = new URL(request.url ?? '/', 'http://127.0.0.1');
  const fields = new URLSearchParams(url.search);
  const key = url.pathname
    .replace(/^\/o\//, '')
    .split('/')
    .map(decodeURIComponent)
    .join('/');
  fields.set('key', key);
  const store = stores.get(fields.get('store') ?? '');
  const chunks: Uint8Array[] = [];
  for await (const chunk of request) chunks.push(chunk as Uint8Array);
  const body = new Uint8Array(Buffer.concat(chunks));
  if (store === undefined || !hasSignature(store, fields)) return 403;
  if (request.method !== fields.get('method') || store.now() > Number(fields.get('expires')))
    return 403;
  if (request.method === 'GET') {
    const { bytes, info } = find(store, key);
    const type = fields.get('answer-type') ?? info.contentType;
    const disposition = fields.get('disposition');
    response.writeHead(200, {
      ...(type && { 'content-type': type }),
      ...(disposition && { 'content-disposition': disposition }),
    });
    response.end(bytes);
    return 200;
  }
  const { 'content-type': contentType, 'if-none-match': create } = request.headers;
  const [type, length, checksum] = [
    fields.get('type'),
    fields.get('length'),
    fields.get('checksum'),
  ];
  if (type !== null && type !== contentType) return 403;
  if (length !== null && Number(length) !== body.byteLength) return 403;
  if (checksum !== null && checksum !== (await sha256(body))) return 400;
  if (fields.has('create') && create !== '*') return 403;
  const conditions = fields.has('create') ? ({ ifNoneMatch: '*' } as const) : {};
  checkConditions(store.objects.get(key), conditions);
  commit(store, key, body, {
    attributes: { ...(contentType !== undefined && { contentType }) },
    ...conditions,
  });
  return 200;
}

/** A server on 127.0.0.1 that serves presigned requests of every store of this process. */
export async function presignServer(): Promise<{ readonly url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    void answer(request, response)
      .catch((error: unknown) => {
        if (isStorageError(error, 'not-found')) return 404;
        return isStorageError(error, 'precondition-failed') ? 412 : 500;
      })
      .then((status) => {
        if (!response.headersSent) response.writeHead(status);
        if (!response.writableEnded) response.end();
      });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      stores.clear();
    },
  };
}
