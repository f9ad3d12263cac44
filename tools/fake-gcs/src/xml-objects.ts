import { crc32c, md5 } from './checksums.ts';
import type { Bucket, GcsState, Generation, Settable } from './gcs-state.ts';
import { mediaHeaders, serveMedia } from './media.ts';
import { etagOf } from './object-resource.ts';
import { checkPreconditions, int64 } from './preconditions.ts';
import { invalid, Refusal } from './refusal.ts';
import type { FakeAnswer, FakeRequest } from './request.ts';

/** What a request of the XML API works on. */
export interface XmlCall {
  readonly state: GcsState;
  readonly url: string;
  readonly request: FakeRequest;
  readonly bucket: Bucket;
  readonly name: string;
}

/** Headers that describe an object that is written, with their names in the JSON API. */
const DESCRIBING: Readonly<Record<string, string>> = {
  'content-type': 'contentType',
  'content-encoding': 'contentEncoding',
  'content-language': 'contentLanguage',
  'content-disposition': 'contentDisposition',
  'cache-control': 'cacheControl',
  'x-goog-storage-class': 'storageClass',
  'x-goog-custom-time': 'customTime',
};
/** https://cloud.google.com/storage/docs/xml-api/reference-headers, read 2026-11-21 */
const KNOWN_GOOG = new Set([
  ...['x-goog-acl', 'x-goog-api-client', 'x-goog-content-length-range', 'x-goog-content-sha256'],
  ...['x-goog-custom-time', 'x-goog-date', 'x-goog-encryption-kms-key-name', 'x-goog-hash'],
  ...['x-goog-if-generation-match', 'x-goog-if-metageneration-match', 'x-goog-storage-class'],
  ...['x-goog-user-project', 'x-goog-gcs-idempotency-token', 'x-goog-resumable'],
]);
const QUERY: ReadonlySet<string> = new Set([
  ...['generation', 'response-content-type', 'response-content-disposition', 'userProject'],
  ...['uploads', 'uploadId', 'partNumber', 'part-number-marker', 'max-parts', 'encoding-type'],
  ...['key-marker', 'upload-id-marker', 'max-uploads', 'prefix', 'delimiter'],
]);

/** Refuses headers and parameters that the service does not know. */
export function checkXmlRequest({ headers, query }: FakeRequest): void {
  for (const name of Object.keys(headers)) {
    if (name.startsWith('x-goog-') && !name.startsWith('x-goog-meta-') && !KNOWN_GOOG.has(name)) {
      throw invalid(`Unknown header ${name}`);
    }
  }
  for (const name of Object.keys(query)) {
    if (!name.startsWith('X-Goog-') && !QUERY.has(name)) {
      throw invalid(`Unknown parameter ${name}`);
    }
  }
}

/** https://cloud.google.com/storage/docs/xml-api/get-object-download */
export function xmlGet({ state, request, bucket, name }: XmlCall): FakeAnswer {
  const { headers, query } = request;
  const generation = int64('generation', query['generation']);
  const object = state.get(bucket, name, generation);
  checkXmlConditions(headers, object);
  const etag = `"${etagOf(object)}"`;
  const { 'if-match': ifMatch, 'if-none-match': ifNoneMatch } = headers;
  if (ifMatch !== undefined && ifMatch !== '*' && ifMatch !== etag) {
    throw new Refusal(412, 'conditionNotMet', 'Precondition Failed');
  }
  if (ifNoneMatch === etag || ifNoneMatch === '*') throw new Refusal(304, 'notModified', '');
  const answer = serveMedia(object, headers, {
    contentType: query['response-content-type'],
    contentDisposition: query['response-content-disposition'],
  });
  // What is not public and says nothing about caching is served like this.
  const caching = { 'cache-control': 'private, max-age=0' };
  return { ...answer, headers: { ...caching, ...answer.headers, ...userMetadata(object) } };
}

function userMetadata({ settable }: Generation): Record<string, string> {
  const names = Object.entries(settable.metadata ?? {});
  return Object.fromEntries(
    names.map(([name, value]) => [`x-goog-meta-${name.toLowerCase()}`, value ?? '']),
  );
}

/** https://cloud.google.com/storage/docs/xml-api/put-object-upload */
export function xmlPut({ state, request, bucket, name }: XmlCall): FakeAnswer {
  const { headers, body } = request;
  checkHashes(headers, body);
  checkXmlConditions(headers, state.find(bucket, name));
  const object = state.write(bucket, { name, bytes: body, ...described(headers) });
  const { 'x-goog-generation': generation = '', 'x-goog-hash': hash = '' } = mediaHeaders(object);
  return {
    status: 200,
    headers: {
      etag: `"${etagOf(object)}"`,
      'x-goog-generation': generation,
      'x-goog-metageneration': '1',
      'x-goog-hash': hash,
    },
  };
}

/** https://cloud.google.com/storage/docs/xml-api/delete-object */
export function xmlDelete({ state, request, bucket, name }: XmlCall): FakeAnswer {
  const generation = int64('generation', request.query['generation']);
  const object = state.get(bucket, name, generation);
  checkXmlConditions(request.headers, object);
  state.remove(bucket, object, generation !== undefined);
  return { status: 204 };
}

/** What the headers of a write say about the object. */
export function described(headers: Readonly<Record<string, string>>): {
  readonly settable: Settable;
  readonly kmsKeyName?: string;
} {
  const settable: Record<string, string> = {};
  const metadata: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const field = DESCRIBING[name];
    if (field !== undefined) settable[field] = value;
    if (name.startsWith('x-goog-meta-')) metadata[name.slice('x-goog-meta-'.length)] = value;
  }
  const kmsKeyName = headers['x-goog-encryption-kms-key-name'];
  return {
    settable: { ...settable, ...(Object.keys(metadata).length > 0 && { metadata }) },
    ...(kmsKeyName !== undefined && { kmsKeyName }),
  };
}

/** Refuses content that does not have the hashes that came with it. */
export function checkHashes(headers: Readonly<Record<string, string>>, body: Buffer): void {
  const sent = new Map([['md5', headers['content-md5']]]);
  for (const pair of (headers['x-goog-hash'] ?? '').split(',')) {
    const [name = '', ...rest] = pair.trim().split('=');
    if (name !== '') sent.set(name, rest.join('='));
  }
  const md5Hash = sent.get('md5');
  const crc = sent.get('crc32c');
  if (
    (md5Hash !== undefined && md5Hash !== md5(body)) ||
    (crc !== undefined && crc !== crc32c(body))
  ) {
    throw new Refusal(
      400,
      'badDigest',
      'The Content-MD5 you specified did not match what we received.',
    );
  }
}

function checkXmlConditions(
  headers: Readonly<Record<string, string>>,
  object: Generation | undefined,
): void {
  const read = (name: string) => int64(name, headers[name]);
  checkPreconditions(
    {
      ifGenerationMatch: read('x-goog-if-generation-match'),
      ifMetagenerationMatch: read('x-goog-if-metageneration-match'),
    },
    object,
  );
}
