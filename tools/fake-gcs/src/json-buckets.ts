import type { Bucket, CorsRule, GcsState } from './gcs-state.ts';
import { jsonBody } from './json-objects.ts';
import { conditionNotMet, invalid, notModified, Refusal } from './refusal.ts';
import { type FakeAnswer, type FakeRequest, json } from './request.ts';

const SETTABLE: ReadonlySet<string> = new Set([
  ...['name', 'location', 'storageClass', 'versioning', 'cors', 'labels', 'iamConfiguration'],
  'lifecycle',
]);

interface SentBucket {
  readonly name?: string;
  readonly versioning?: { readonly enabled?: boolean } | null;
  readonly cors?: readonly CorsRule[] | null;
}

/** https://cloud.google.com/storage/docs/json_api/v1/buckets/list */
export function listBuckets(state: GcsState, url: string, { query }: FakeRequest): FakeAnswer {
  if (query['project'] === undefined) throw invalid('Required parameter: project', 'required');
  const { prefix = '' } = query;
  const found = [...state.buckets.values()].filter(({ name }) => name.startsWith(prefix));
  const items = found.map((bucket) => bucketResource(bucket, url));
  return json({ kind: 'storage#buckets', ...(items.length > 0 && { items }) });
}

/** https://cloud.google.com/storage/docs/json_api/v1/buckets/insert */
export function insertBucket(state: GcsState, url: string, request: FakeRequest): FakeAnswer {
  if (request.query['project'] === undefined) {
    throw invalid('Required parameter: project', 'required');
  }
  const { name, versioning, cors } = readBucket(request);
  const bucket = state.createBucket(name ?? '', {
    versioning: versioning?.enabled === true,
    cors: cors ?? [],
  });
  return json(bucketResource(bucket, url));
}

/** https://cloud.google.com/storage/docs/json_api/v1/buckets/get */
export function getBucket(bucket: Bucket, url: string, { query }: FakeRequest): FakeAnswer {
  const { ifMetagenerationMatch, ifMetagenerationNotMatch } = query;
  const metageneration = String(bucket.metageneration);
  if ((ifMetagenerationMatch ?? metageneration) !== metageneration) throw conditionNotMet();
  if (ifMetagenerationNotMatch === metageneration) throw notModified();
  return json(bucketResource(bucket, url));
}

/** https://cloud.google.com/storage/docs/json_api/v1/buckets/patch */
export function patchBucket(
  state: GcsState,
  bucket: Bucket,
  url: string,
  request: FakeRequest,
): FakeAnswer {
  const wanted = request.query['ifMetagenerationMatch'];
  if (wanted !== undefined && wanted !== String(bucket.metageneration)) throw conditionNotMet();
  const { versioning, cors } = readBucket(request);
  if (versioning !== undefined) bucket.isVersioned = versioning?.enabled === true;
  if (cors !== undefined) bucket.cors = cors ?? [];
  bucket.metageneration += 1;
  bucket.updated = state.now();
  return json(bucketResource(bucket, url));
}

/** https://cloud.google.com/storage/docs/json_api/v1/buckets/delete */
export function deleteBucket(state: GcsState, bucket: Bucket): FakeAnswer {
  if (bucket.objects.size > 0) {
    throw new Refusal(409, 'conflict', 'The bucket you tried to delete is not empty.');
  }
  state.buckets.delete(bucket.name);
  return { status: 204 };
}

/** https://cloud.google.com/storage/docs/json_api/v1/buckets/testIamPermissions */
export function testPermissions({ query }: FakeRequest, denied: ReadonlySet<string>): FakeAnswer {
  const asked = (query['permissions'] ?? '').split(',').filter((name) => name !== '');
  if (asked.length === 0) throw invalid('Required parameter: permissions', 'required');
  const permissions = asked.filter((name) => !denied.has(name));
  return json({ kind: 'storage#testIamPermissionsResponse', permissions });
}

function readBucket(request: FakeRequest): SentBucket {
  const sent = jsonBody(request);
  for (const name of Object.keys(sent)) {
    if (!SETTABLE.has(name)) throw invalid(`Unknown name "${name}": Cannot find field.`);
  }
  return sent;
}

function bucketResource(bucket: Bucket, url: string): Record<string, unknown> {
  const { name, metageneration, isVersioned, cors, storageClass, timeCreated, updated } = bucket;
  return {
    kind: 'storage#bucket',
    id: name,
    selfLink: `${url}/storage/v1/b/${encodeURIComponent(name)}`,
    name,
    metageneration: String(metageneration),
    location: 'US',
    storageClass,
    timeCreated: new Date(timeCreated).toISOString(),
    updated: new Date(updated).toISOString(),
    ...(isVersioned && { versioning: { enabled: true } }),
    ...(cors.length > 0 && { cors }),
  };
}
