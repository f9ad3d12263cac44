import { signJwt } from './jwt.ts';
import { checkName } from './names.ts';
import { invalidRequest, refuse } from './refusal.ts';
import {
  type Call,
  header,
  jsonOf,
  metadataOf,
  needsAuthorization,
  onlyQuery,
  placeOf,
  sendJson,
} from './request.ts';
import { etagOf, type StoredFile } from './state.ts';
import { canUpload } from './upload-routes.ts';

/** How long a signed upload URL is good, as the hosted service has it. https://supabase.com/docs/reference/javascript/storage-from-createsigneduploadurl */
const SIGNED_UPLOAD_SECONDS = 2 * 60 * 60;
const MAX_BULK = 1000;

/** `DELETE /object/:bucket` with names. https://github.com/supabase/storage/blob/master/src/http/routes/object/deleteObjects.ts */
export async function removeObjects(call: Call): Promise<void> {
  const caller = callerOf(call);
  const { prefixes } = (await jsonOf(call, { 'prefixes!': 'strings' })) as { prefixes: string[] };
  const [, bucket = ''] = call.path;
  if (prefixes.length < 1) throw invalidRequest('body/prefixes must NOT have fewer than 1 items');
  if (prefixes.length > MAX_BULK) {
    throw invalidRequest('Bulk object requests are limited to 1000 objects per request.');
  }
  const removed: StoredFile[] = [];
  for (const name of new Set(prefixes)) {
    const file = call.state.find(bucket, name);
    if (!file || !call.access.may(caller, 'select', file)) continue;
    if (!call.access.may(caller, 'delete', file)) continue;
    call.state.remove(bucket, name);
    removed.push(file);
  }
  sendJson(call, removed.map(rowOf));
}

/** `DELETE /object/:bucket/*`. */
export function removeObject(call: Call): void {
  const caller = callerOf(call);
  const { bucket, name } = placeOf(call, 1);
  const file = call.state.find(bucket, name);
  if (!file) throw refuse.noSuchKey();
  if (!call.access.may(caller, 'delete', file)) throw refuse.denied('Access denied');
  call.state.remove(bucket, name);
  sendJson(call, { message: 'Successfully deleted' });
}

/** `POST /object/copy`. https://github.com/supabase/storage/blob/master/src/http/routes/object/copyObject.ts */
export async function copyObject(call: Call): Promise<void> {
  const caller = callerOf(call);
  const asked = await jsonOf(call, {
    'bucketId!': 'string',
    'sourceKey!': 'string',
    'destinationKey!': 'string',
    destinationBucket: 'string',
    copyMetadata: 'boolean',
    metadata: 'object',
  });
  const { bucketId = '', sourceKey = '', destinationKey = '' } = asked as Record<string, string>;
  const target = { bucket: String(asked['destinationBucket'] ?? bucketId), name: destinationKey };
  checkName(target.bucket, target.name);
  const source = call.access.visible(caller, call.state.find(bucketId, sourceKey));
  canUpload(call, caller, target, header(call, 'x-upsert') === 'true');
  call.state.bucket(target.bucket);
  const keeps = asked['copyMetadata'] !== false;
  const changed = (asked['metadata'] ?? {}) as { cacheControl?: string; mimetype?: string };
  const file = call.state.upsert(target.bucket, target.name, {
    content: source.content,
    etag: etagOf(source.content, Number.POSITIVE_INFINITY),
    owner: caller.sub,
    mimetype: (keeps ? undefined : changed.mimetype) ?? source.mimetype,
    cacheControl: (keeps ? undefined : changed.cacheControl) ?? source.cacheControl,
    userMetadata: keeps ? source.userMetadata : (metadataOf(call) ?? null),
  });
  sendJson(call, { Id: file.id, Key: `${target.bucket}/${target.name}`, ...rowOf(file) });
}

/** `POST /object/move`: never over another object. https://github.com/supabase/storage/blob/master/src/http/routes/object/moveObject.ts */
export async function moveObject(call: Call): Promise<void> {
  const caller = callerOf(call);
  const asked = await jsonOf(call, {
    'bucketId!': 'string',
    'sourceKey!': 'string',
    'destinationKey!': 'string',
    destinationBucket: 'string',
  });
  const { bucketId = '', sourceKey = '', destinationKey = '' } = asked as Record<string, string>;
  const bucket = String(asked['destinationBucket'] ?? bucketId);
  checkName(bucket, destinationKey);
  const source = call.access.visible(caller, call.state.find(bucketId, sourceKey));
  if (!call.access.may(caller, 'update', source)) throw refuse.noSuchKey();
  if (!call.access.may(caller, 'update', { ...source, bucket, name: destinationKey })) {
    throw refuse.denied();
  }
  const isSame = bucket === bucketId && sourceKey === destinationKey;
  const { id } = isSame ? source : call.state.rename(source, bucket, destinationKey);
  sendJson(call, { message: 'Successfully moved', Id: id, Key: destinationKey });
}

/** `POST /object/sign/:bucket/*`. https://github.com/supabase/storage/blob/master/src/http/routes/object/getSignedURL.ts */
export async function signObject(call: Call): Promise<void> {
  const caller = callerOf(call);
  const { bucket, name } = placeOf(call, 2);
  const { expiresIn } = await jsonOf(call, { 'expiresIn!': 'integer', transform: 'object' });
  call.access.visible(caller, call.state.find(bucket, name));
  // The service signs the path as the client wrote it, decoded by `decodeURI`: `%3F` stays.
  const written = decodeURI(call.request.url?.split('?')[0] ?? '').replace(
    /^\/storage\/v1\/object\/sign\//,
    '',
  );
  sendJson(call, { signedURL: signedUrl(call, written, lifetime(expiresIn)) });
}

/** `POST /object/sign/:bucket` with paths. */
export async function signObjects(call: Call): Promise<void> {
  const caller = callerOf(call);
  const [, , bucket = ''] = call.path;
  const asked = await jsonOf(call, { 'expiresIn!': 'integer', 'paths!': 'strings' });
  const paths = asked['paths'] as string[];
  if (paths.length < 1 || paths.length > MAX_BULK) {
    throw invalidRequest('body/paths must have 1 to 1000 items');
  }
  const seconds = lifetime(asked['expiresIn']);
  const signed = paths.map((path) => {
    const file = call.state.find(bucket, path);
    if (file && call.access.may(caller, 'select', file)) {
      return { error: null, path, signedURL: signedUrl(call, `${bucket}/${path}`, seconds) };
    }
    const error = 'Either the object does not exist or you do not have access to it';
    return { error, path, signedURL: null };
  });
  sendJson(call, signed);
}

/** `POST /object/upload/sign/:bucket/*`. https://github.com/supabase/storage/blob/master/src/http/routes/object/getSignedUploadURL.ts */
export async function signUpload(call: Call): Promise<void> {
  const caller = callerOf(call);
  await jsonOf(call, {});
  const place = placeOf(call, 3);
  const url = `${place.bucket}/${place.name}`;
  const upsert = header(call, 'x-upsert') === 'true';
  if (!call.state.buckets.has(place.bucket)) throw refuse.noSuchBucket();
  canUpload(call, caller, place, upsert);
  const token = signJwt(
    { owner: caller.sub, url, upsert, scope: 'upload', ...times(call, SIGNED_UPLOAD_SECONDS) },
    call.secret,
  );
  sendJson(call, { url: `/object/upload/sign/${url}?token=${token}`, token });
}

function signedUrl(call: Call, url: string, seconds: number): string {
  const token = signJwt({ url, scope: 'download', ...times(call, seconds) }, call.secret);
  return `/object/sign/${url}?token=${token}`;
}

function times({ state }: Call, seconds: number): { readonly iat: number; readonly exp: number } {
  const iat = Math.floor(state.now().getTime() / 1000);
  return { iat, exp: iat + seconds };
}

function lifetime(value: unknown): number {
  if (Number(value) < 1) throw invalidRequest('body/expiresIn must be >= 1');
  return Number(value);
}

function callerOf(call: Call): ReturnType<Call['access']['authenticated']> {
  needsAuthorization(call);
  onlyQuery(call, []);
  return call.access.authenticated(header(call, 'authorization'));
}

/** https://github.com/supabase/storage/blob/master/src/storage/schemas/object.ts */
function rowOf(file: StoredFile): Readonly<Record<string, unknown>> {
  return {
    name: file.name,
    bucket_id: file.bucket,
    ...(file.owner !== undefined && { owner: file.owner, owner_id: file.owner }),
    version: file.version,
    id: file.id,
    updated_at: file.updatedAt.toISOString(),
    created_at: file.createdAt.toISOString(),
    last_accessed_at: file.updatedAt.toISOString(),
    metadata: {
      eTag: file.etag,
      size: file.content.length,
      mimetype: file.mimetype,
      cacheControl: file.cacheControl,
      lastModified: file.lastModified.toISOString(),
      contentLength: file.content.length,
      httpStatusCode: 200,
    },
    user_metadata: file.userMetadata,
  };
}
