import { refusal, refuse } from './refusal.ts';
import { type Call, header, needsAuthorization, onlyQuery, placeOf, sendJson } from './request.ts';
import type { StoredFile } from './state.ts';
import { signedClaims } from './upload-routes.ts';

const READ_QUERY = ['download', 'cacheNonce'];

/** `GET` and `HEAD /object/authenticated/:bucket/*`. https://github.com/supabase/storage/blob/master/src/http/routes/object/getObject.ts */
export function readAuthenticated(call: Call): void {
  needsAuthorization(call);
  onlyQuery(call, READ_QUERY);
  const caller = call.access.authenticated(header(call, 'authorization'));
  send(call, found(call, placeOf(call, 2), caller));
}

/** `GET` and `HEAD /object/:bucket/*`: also for callers with a bad token, where the bucket is public. */
export function readObject(call: Call): void {
  onlyQuery(call, READ_QUERY);
  const caller = call.access.optional(header(call, 'authorization'));
  send(call, found(call, placeOf(call, 1), caller));
}

/** `GET /object/public/:bucket/*`: anyone, where the bucket is public. */
export function readPublic(call: Call): void {
  onlyQuery(call, READ_QUERY);
  send(call, publicFile(call, placeOf(call, 2)));
}

/** `GET /object/sign/:bucket/*` with a token. */
export function readSigned(call: Call): void {
  onlyQuery(call, ['token', ...READ_QUERY]);
  const { bucket, name } = placeOf(call, 2);
  const { exp } = signedClaims(call, `${bucket}/${name}`, 'download');
  const file = call.state.find(bucket, name);
  if (!file) throw refuse.noSuchKey();
  send(call, file, { expires: new Date(Number(exp) * 1000).toUTCString() });
}

/** `GET /object/info/authenticated/:bucket/*`. https://github.com/supabase/storage/blob/master/src/storage/renderer/info.ts */
export function infoAuthenticated(call: Call): void {
  needsAuthorization(call);
  onlyQuery(call, []);
  const caller = call.access.authenticated(header(call, 'authorization'));
  sendInfo(call, found(call, placeOf(call, 3), caller));
}

/** `GET /object/info/:bucket/*`. */
export function infoObject(call: Call): void {
  onlyQuery(call, []);
  const caller = call.access.optional(header(call, 'authorization'));
  sendInfo(call, found(call, placeOf(call, 2), caller));
}

/** `GET /object/info/public/:bucket/*`. */
export function infoPublic(call: Call): void {
  onlyQuery(call, []);
  sendInfo(call, publicFile(call, placeOf(call, 3)));
}

type Place = ReturnType<typeof placeOf>;

/** Public buckets are read without policies. A caller without a token sees no other bucket at all. */
function found(
  { state, access }: Call,
  { bucket, name }: Place,
  caller: ReturnType<Call['access']['optional']>,
): StoredFile {
  const isPublic = state.buckets.get(bucket)?.public === true;
  if (!caller.isAuthenticated && !isPublic) throw refuse.noSuchBucket();
  state.bucket(bucket);
  const file = state.find(bucket, name);
  if (!isPublic) return access.visible(caller, file);
  if (!file) throw refuse.noSuchKey();
  return file;
}

function publicFile({ state }: Call, { bucket, name }: Place): StoredFile {
  if (!state.bucket(bucket).public) throw refuse.noSuchBucket();
  const file = state.find(bucket, name);
  if (!file) throw refuse.noSuchKey();
  return file;
}

function sendInfo(call: Call, file: StoredFile): void {
  sendJson(call, {
    id: file.id,
    name: file.name,
    version: file.version,
    bucket_id: file.bucket,
    size: file.content.length,
    content_type: file.mimetype,
    cache_control: file.cacheControl,
    etag: file.etag,
    metadata: file.userMetadata,
    last_modified: file.updatedAt.toISOString(),
    created_at: file.createdAt.toISOString(),
  });
}

/** https://github.com/supabase/storage/blob/master/src/storage/renderer/renderer.ts */
function send(call: Call, file: StoredFile, extra: Readonly<Record<string, string>> = {}): void {
  const { response, query, method } = call;
  const headers: Record<string, string | number> = {
    'accept-ranges': 'bytes',
    'content-type': file.mimetype.includes('text/html') ? 'text/plain' : file.mimetype,
    etag: file.etag,
    'x-robots-tag': 'none',
    'last-modified': file.lastModified.toUTCString(),
    ...('expires' in extra ? extra : { 'cache-control': file.cacheControl }),
  };
  const download = query.get('download');
  if (download !== null) headers['content-disposition'] = disposition(download);
  if (method === 'GET' && header(call, 'if-none-match') === file.etag) {
    response.writeHead(304).end();
    return;
  }
  const range = call.fault() === 'ignore-range' ? undefined : header(call, 'range');
  const part = range === undefined ? undefined : partOf(range, file.content.length);
  const body = part ? file.content.subarray(part.first, part.last + 1) : file.content;
  headers['content-length'] = body.length;
  if (part) headers['content-range'] = `bytes ${part.first}-${part.last}/${file.content.length}`;
  response.writeHead(part ? 206 : 200, headers);
  if (method === 'HEAD') {
    response.end();
    return;
  }
  if (call.fault() !== 'cut-body') {
    response.end(body);
    return;
  }
  response.write(body.subarray(0, -1), () => response.destroy());
}

function disposition(name: string): string {
  if (name === '') return 'attachment;';
  const encoded = encodeURIComponent(name);
  return `attachment; filename=${encoded}; filename*=UTF-8''${encoded}`;
}

/**
 * The first and last byte of a range. What has none is answered with 500: the backend's 416 is not
 * rendered. https://github.com/supabase/storage/blob/master/src/storage/renderer/renderer.ts
 */
function partOf(range: string, size: number): { first: number; last: number } {
  const [, from = '', to = ''] = /^bytes=(\d*)-(\d*)$/.exec(range) ?? [];
  const first = from === '' ? Math.max(0, size - Number(to)) : Number(from);
  const last = from === '' || to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (`${from}${to}` !== '' && first <= last) return { first, last };
  throw refusal(500, 'InternalError', 'Internal Server Error', { error: 'Internal' });
}
