import { checkBucketName } from './names.ts';
import { invalidRequest, refuse } from './refusal.ts';
import { type Call, header, jsonOf, needsAuthorization, onlyQuery, sendJson } from './request.ts';
import type { Bucket } from './state.ts';

const SIZE = /^([0-9]+(?:\.[0-9]+)?)(gb|mb|kb|b)$/i;
const UNITS: Readonly<Record<string, number>> = { gb: 1e9, mb: 1e6, kb: 1000, b: 1 };
const BUCKET_FIELDS = {
  public: 'boolean',
  file_size_limit: 'nullable',
  allowed_mime_types: 'nullable',
} as const;

/** `GET /bucket`. Buckets have policies of their own; the fake lets the service role alone see them. */
export function listBuckets(call: Call): void {
  onlyService(call, ['limit', 'offset', 'sortColumn', 'sortOrder', 'search']);
  sendJson(call, [...call.state.buckets.values()].map(shown));
}

/** `GET /bucket/:id`. */
export function getBucket(call: Call): void {
  onlyService(call);
  sendJson(call, shown(call.state.bucket(idOf(call))));
}

/** `POST /bucket`. https://github.com/supabase/storage/blob/master/src/http/routes/bucket/createBucket.ts */
export async function createBucket(call: Call): Promise<void> {
  const caller = onlyService(call, [], refuse.denied);
  const asked = await jsonOf(call, {
    'name!': 'string',
    id: 'string',
    type: 'nullable',
    ...BUCKET_FIELDS,
  });
  const id = String(asked['id'] ?? asked['name']);
  checkBucketName(id);
  if (call.state.buckets.has(id)) throw refuse.duplicateBucket();
  const at = call.state.now();
  call.state.buckets.set(id, {
    id,
    owner: caller.sub,
    public: asked['public'] === true,
    fileSizeLimit: bytesOf(asked['file_size_limit']),
    allowedMimeTypes: typesOf(asked['allowed_mime_types']),
    createdAt: at,
    updatedAt: at,
  });
  sendJson(call, { name: id });
}

/** `PUT /bucket/:id`. */
export async function updateBucket(call: Call): Promise<void> {
  onlyService(call);
  const bucket = call.state.bucket(idOf(call));
  const asked = await jsonOf(call, { ...BUCKET_FIELDS, id: 'string', name: 'string' });
  call.state.buckets.set(bucket.id, {
    ...bucket,
    ...('public' in asked && { public: asked['public'] === true }),
    ...('file_size_limit' in asked && { fileSizeLimit: bytesOf(asked['file_size_limit']) }),
    ...('allowed_mime_types' in asked && {
      allowedMimeTypes: typesOf(asked['allowed_mime_types']),
    }),
    updatedAt: call.state.now(),
  });
  sendJson(call, { message: 'Successfully updated' });
}

/** `POST /bucket/:id/empty`. The service does it in the background; here it is done at once. */
export function emptyBucket(call: Call): void {
  onlyService(call);
  const { id } = call.state.bucket(idOf(call));
  for (const { name } of call.state.sorted(id)) call.state.remove(id, name);
  sendJson(call, { message: 'Empty bucket has been queued. Completion may take up to an hour.' });
}

/** `DELETE /bucket/:id`. */
export function deleteBucket(call: Call): void {
  onlyService(call);
  const { id } = call.state.bucket(idOf(call));
  if (call.state.sorted(id).length > 0) throw refuse.notEmpty();
  call.state.buckets.delete(id);
  sendJson(call, { message: 'Successfully deleted' });
}

function onlyService(
  call: Call,
  query: readonly string[] = [],
  refused: () => Error = refuse.noSuchBucket,
): ReturnType<Call['access']['authenticated']> {
  needsAuthorization(call);
  onlyQuery(call, query);
  const caller = call.access.authenticated(header(call, 'authorization'));
  if (caller.role !== 'service_role') throw refused();
  return caller;
}

function idOf({ path }: Call): string {
  return path[1] ?? '';
}

function shown(bucket: Bucket): Readonly<Record<string, unknown>> {
  return {
    id: bucket.id,
    name: bucket.id,
    owner: bucket.owner ?? '',
    public: bucket.public,
    type: 'STANDARD',
    file_size_limit: bucket.fileSizeLimit,
    allowed_mime_types: bucket.allowedMimeTypes,
    created_at: bucket.createdAt.toISOString(),
    updated_at: bucket.updatedAt.toISOString(),
  };
}

function bytesOf(value: unknown): number | null {
  if (value === undefined || value === null) return null;
  if (typeof value === 'number') return value;
  const [, number, unit = 'b'] = SIZE.exec(String(value)) ?? [];
  if (number === undefined) {
    throw invalidRequest('Invalid file size format, hint: use 20GB / 20MB / 30KB / 3B');
  }
  return Number(number) * (UNITS[unit.toLowerCase()] ?? 1);
}

function typesOf(value: unknown): readonly string[] | null {
  return Array.isArray(value) ? value.map(String) : null;
}
