import { contentTypeOf } from '../attributes/content-type.ts';
import type { ContentRange, StoredObject } from '../contract/body.ts';
import type { EngineGetOptions, FileHandle } from '../contract/engine.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import { isStorageError } from '../errors/storage-error.ts';
import { contentDisposition } from './content-disposition.ts';
import { requestedRange } from './range-request.ts';
import { conditionStatus, entityTag, ifRangeHolds } from './request-conditions.ts';
import type { ResponseOptions } from './to-response.ts';

const UNKNOWN_TYPE = 'application/octet-stream';
/** Types in which a browser runs scripts: HTML, and everything that is XML, SVG among it. */
const ACTIVE_TYPE = /^(text\/(html|xml|xsl)|application\/(xml|xslt|xhtml)|[^;]+\+xml)\b/i;
const SANDBOX = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:";
/** How often an object may be written between its `stat` and its `get` before the whole is served. */
const TRIES = 2;

/** Part of the answer that is known before the body. */
interface Answer {
  readonly status: number;
  readonly info: ObjectInfo;
  readonly range?: ContentRange;
}

/** Answers a request with an object; see `toResponse`. */
export async function respond(
  source: FileHandle | StoredObject,
  request: Request,
  options: ResponseOptions,
): Promise<Response> {
  const { method } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    return new Response(null, { status: 405, headers: { allow: 'GET, HEAD' } });
  }
  if (!('stat' in source)) return respondWithObject(source, request, options);
  try {
    return method === 'HEAD'
      ? await respondToHead(source, request, options)
      : await respondToGet(source, request, options);
  } catch (error) {
    if (!isStorageError(error, 'not-found')) throw error;
    return new Response(null, { status: 404 });
  }
}

async function respondToHead(
  file: FileHandle,
  request: Request,
  options: ResponseOptions,
): Promise<Response> {
  const info = await file.stat({ signal: request.signal });
  const status = conditionStatus(request.headers, info) ?? 200;
  return responseOf({ status, info }, null, options, true);
}

async function respondToGet(
  file: FileHandle,
  request: Request,
  options: ResponseOptions,
): Promise<Response> {
  const { headers, signal } = request;
  const { now = Date.now } = options;
  const whole = async (canRange: boolean) =>
    respondWithObject(await file.get({ signal }), request, options, canRange);
  if (!/^(range|if-)/m.test([...headers.keys()].join('\n'))) return whole(true);

  for (let tries = 0; tries < TRIES; tries += 1) {
    const info = await file.stat({ signal });
    const status = conditionStatus(headers, info);
    if (status !== undefined) return responseOf({ status, info }, null, options, true);
    const asked = requestedRange(headers.get('range'), info.size);
    if (asked === undefined || !ifRangeHolds(headers, info, now)) return whole(true);
    if (asked === 'none') return responseOf({ status: 416, info }, null, options, true);
    const object = await getPart(file, asked, { signal });
    if (object === 'unsupported') return whole(false);
    if (object !== undefined && object.info.etag === info.etag) {
      const range = object.range ?? asked;
      const answer = { status: 206, info: object.info, range };
      return responseOf(answer, object, options, true);
    }
    await object?.cancel();
  }
  return whole(true);
}

/** `undefined` when the object became shorter than the range meanwhile. */
async function getPart(
  file: FileHandle,
  range: ContentRange,
  options: EngineGetOptions,
): Promise<StoredObject | 'unsupported' | undefined> {
  try {
    return await file.get({ ...options, range });
  } catch (error) {
    if (isStorageError(error, 'unsupported')) return 'unsupported';
    if (isStorageError(error, 'range-not-satisfiable')) return undefined;
    throw error;
  }
}

async function respondWithObject(
  object: StoredObject,
  { method, headers }: Request,
  options: ResponseOptions,
  canRange = false,
): Promise<Response> {
  const { info } = object;
  const status = conditionStatus(headers, info) ?? 200;
  if (method === 'GET' && status === 200) {
    return responseOf({ status, info }, object, options, canRange);
  }
  await object.cancel();
  return responseOf({ status, info }, null, options, canRange);
}

function responseOf(
  { status, info, range }: Answer,
  object: StoredObject | null,
  options: ResponseOptions,
  canRange: boolean,
): Response {
  const headers = new Headers({
    etag: entityTag(info.etag),
    'last-modified': info.modifiedAt.toUTCString(),
    'accept-ranges': canRange ? 'bytes' : 'none',
  });
  set(headers, 'cache-control', options.cacheControl ?? info.cacheControl);
  if (status === 416) headers.set('content-range', `bytes */${info.size}`);
  if (status === 200 || status === 206) describe(headers, info, range, options);
  for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value);
  return new Response(object?.stream() ?? null, { status, headers });
}

/** Headers of the content itself. */
function describe(
  headers: Headers,
  info: ObjectInfo,
  range: ContentRange | undefined,
  { disposition, fileName, activeContent = 'attachment' }: ResponseOptions,
): void {
  const type = info.contentType ?? contentTypeOf(info.key) ?? UNKNOWN_TYPE;
  set(headers, 'content-type', withCharset(type), UNKNOWN_TYPE);
  // The type is what was said, not what a browser makes of the content.
  headers.set('x-content-type-options', 'nosniff');
  headers.set('content-length', String(range?.length ?? info.size));
  set(headers, 'content-encoding', info.contentEncoding);
  set(headers, 'content-language', info.contentLanguage);
  if (range !== undefined) {
    const last = range.offset + range.length - 1;
    headers.set('content-range', `bytes ${range.offset}-${last}/${info.size}`);
  }
  const active = ACTIVE_TYPE.test(type);
  const saved = active && activeContent === 'attachment';
  if (active && activeContent === 'sandbox') headers.set('content-security-policy', SANDBOX);
  const recorded = info.contentDisposition;
  if (!saved && disposition === undefined && fileName === undefined && recorded !== undefined) {
    set(headers, 'content-disposition', recorded);
    return;
  }
  const name = fileName ?? info.key.slice(info.key.lastIndexOf('/') + 1);
  const how = saved ? 'attachment' : (disposition ?? 'inline');
  headers.set('content-disposition', contentDisposition(how, name));
}

/** Text without a character set is read as anything but UTF-8 by browsers. */
function withCharset(type: string): string {
  return /^text\/[^;]*$/i.test(type) ? `${type}; charset=utf-8` : type;
}

/** Sets a header from what a store recorded; what no header can hold is left out. */
function set(headers: Headers, name: string, value: string | undefined, instead?: string): void {
  if (value === undefined) return;
  if (/^[\t\x20-\x7e]*$/.test(value)) headers.set(name, value);
  else if (instead !== undefined) headers.set(name, instead);
}
