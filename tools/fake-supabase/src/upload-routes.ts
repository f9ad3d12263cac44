import { setTimeout } from 'node:timers/promises';
import type { Caller } from './access.ts';
import { verifyJwt } from './jwt.ts';
import { checkName } from './names.ts';
import { invalidRequest, refuse } from './refusal.ts';
import {
  bodyOf,
  type Call,
  header,
  metadataOf,
  needsAuthorization,
  onlyQuery,
  parseMetadata,
  placeOf,
  sendJson,
} from './request.ts';
import { type Bucket, etagOf, type FileDraft } from './state.ts';

/** How long content is on its way to the backend, in which others get the same answer to the same question. Units: ms. */
const BACKEND_MS = 50;
const MULTIPART_FIELDS = new Set(['', 'cacheControl', 'metadata', 'userMetadata', 'contentType']);

/** `POST` and `PUT /object/:bucket/*`: https://github.com/supabase/storage/blob/master/src/http/routes/object/createObject.ts */
export async function uploadObject(call: Call): Promise<void> {
  needsAuthorization(call);
  onlyQuery(call, []);
  const caller = call.access.authenticated(header(call, 'authorization'));
  const upsert = call.method === 'PUT' || header(call, 'x-upsert') === 'true';
  await takeUpload(call, placeOf(call, 1), upsert, caller);
}

/** `PUT /object/upload/sign/:bucket/*` with a token: whoever has it may write. */
export async function uploadSigned(call: Call): Promise<void> {
  onlyQuery(call, ['token']);
  const place = placeOf(call, 3);
  const claims = signedClaims(call, `${place.bucket}/${place.name}`, 'upload');
  const owner = typeof claims['owner'] === 'string' ? claims['owner'] : undefined;
  await takeUpload(call, place, claims['upsert'] === true, {
    role: 'service_role',
    sub: owner,
    isAuthenticated: true,
  });
}

/** What a signed token says, when it is for this path and purpose. */
export function signedClaims(
  call: Call,
  url: string,
  scope: 'download' | 'upload',
): Readonly<Record<string, unknown>> {
  const token = call.query.get('token') ?? header(call, 'x-signature');
  if (token === undefined) throw invalidRequest("querystring must have required property 'token'");
  const claims = ((): Readonly<Record<string, unknown>> => {
    try {
      return verifyJwt(token, call.secret, call.state.now().getTime());
    } catch (error) {
      throw refuse.jwt((error as Error).message);
    }
  })();
  if (claims['scope'] !== scope) throw refuse.signature(`Token is not scoped for ${scope}`);
  if (claims['url'] !== url) throw refuse.signature();
  return claims;
}

/**
 * Whether the caller may write: the policies, and a key that exists when it is no upsert. The service
 * asks this before the content arrives and does not ask again, so it is no lock.
 * https://github.com/supabase/storage/blob/master/src/storage/uploader.ts
 */
export function canUpload(
  { access, state }: Call,
  caller: Caller,
  { bucket, name }: { readonly bucket: string; readonly name: string },
  upsert: boolean,
): void {
  const existing = state.find(bucket, name);
  const fresh = { bucket, name, owner: caller.sub };
  if (!access.may(caller, 'insert', fresh)) throw refuse.denied();
  if (existing && !upsert) throw refuse.duplicateKey();
  if (upsert && !access.may(caller, 'select', fresh)) throw refuse.denied();
  if (existing && !access.may(caller, 'update', existing)) throw refuse.denied();
}

/** Refuses a type that the bucket does not take. */
export function checkMimeType(type: string, bucket: Bucket): void {
  const { allowedMimeTypes } = bucket;
  if (allowedMimeTypes === null || allowedMimeTypes.length === 0) return;
  const [kind, extension] = type.split('/');
  const isAllowed = allowedMimeTypes.some((allowed) => {
    const [allowedKind, allowedExtension] = allowed.split('/');
    return allowedKind === kind && (allowedExtension === '*' || allowedExtension === extension);
  });
  if (!isAllowed) throw refuse.mimeType(type);
}

async function takeUpload(
  call: Call,
  place: { readonly bucket: string; readonly name: string },
  upsert: boolean,
  caller: Caller,
): Promise<void> {
  const { state } = call;
  const bucket = state.bucket(place.bucket);
  checkName(place.bucket, place.name);
  const declared = Number(header(call, 'content-length') ?? 0);
  const type = header(call, 'content-type') ?? 'application/octet-stream';
  const limit = bucket.fileSizeLimit ?? Number.POSITIVE_INFINITY;
  const isForm = type.startsWith('multipart/form-data');
  if (!isForm && declared > limit) throw refuse.tooLarge();
  if (!isForm) checkMimeType(type, bucket);
  canUpload(call, caller, place, upsert);
  const draft = isForm ? await formDraft(call, bucket, type) : await binaryDraft(call, type);
  if (!upsert) await setTimeout(BACKEND_MS);
  if (draft.content.length > limit) throw refuse.tooLarge();
  const file = state.upsert(place.bucket, place.name, { ...draft, owner: caller.sub });
  sendJson(call, { Id: file.id, Key: `${place.bucket}/${place.name}` });
}

async function binaryDraft(call: Call, mimetype: string): Promise<FileDraft> {
  const userMetadata = metadataOf(call) ?? {};
  const content = await bodyOf(call);
  return {
    content,
    mimetype,
    cacheControl: header(call, 'cache-control') ?? 'no-cache',
    etag: etagOf(content),
    userMetadata: { ...userMetadata },
    owner: undefined,
  };
}

async function formDraft(call: Call, bucket: Bucket, type: string): Promise<FileDraft> {
  const form = await new Response(new Uint8Array(await bodyOf(call)), {
    headers: { 'content-type': type },
  }).formData();
  const texts = new Map<string, string>();
  let file: Blob | undefined;
  for (const [name, value] of form) {
    if (typeof value !== 'string') file = value;
    else if (MULTIPART_FIELDS.has(name)) texts.set(name, value);
    else throw invalidRequest(`form has no field '${name}'`);
  }
  if (!file) throw invalidRequest('No content provided');
  const mimetype = texts.get('contentType') ?? (file.type || 'application/octet-stream');
  checkMimeType(mimetype, bucket);
  const seconds = texts.get('cacheControl');
  const content = Buffer.from(await file.arrayBuffer());
  const metadata = texts.get('metadata') ?? texts.get('userMetadata');
  return {
    content,
    mimetype,
    cacheControl: seconds ? `max-age=${seconds}` : 'no-cache',
    etag: etagOf(content),
    userMetadata: { ...(metadata === undefined ? {} : parseMetadata(metadata)) },
    owner: undefined,
  };
}
