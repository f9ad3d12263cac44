import { isDeepStrictEqual } from 'node:util';
import type { Bucket, GcsState, Generation, Settable } from './gcs-state.ts';
import { listPage } from './json-list.ts';
import { serveMedia } from './media.ts';
import {
  checkCustomTime,
  objectResource,
  patched,
  readResource,
  withoutNulls,
} from './object-resource.ts';
import { checkPreconditions, int64, readPreconditions } from './preconditions.ts';
import { invalid, Refusal } from './refusal.ts';
import { type FakeAnswer, type FakeRequest, json } from './request.ts';

/** What a method of the JSON API works on. */
export interface ObjectCall {
  readonly state: GcsState;
  /** Address of the fake. */
  readonly url: string;
  readonly request: FakeRequest;
  readonly bucket: Bucket;
  readonly name: string;
  /** Bytes that one call of rewrite copies at most. */
  readonly maxRewriteBytes: number;
}

/** Largest number of objects that one compose takes. https://cloud.google.com/storage/quotas#objects */
const MAX_COMPONENTS = 32;

/** https://cloud.google.com/storage/docs/json_api/v1/objects/get */
export function getObject({ state, url, request, bucket, name }: ObjectCall): FakeAnswer {
  const { query, headers } = request;
  const conditions = readPreconditions(query);
  const object = state.get(bucket, name, int64('generation', query['generation']));
  checkPreconditions(conditions, object, true);
  if (query['alt'] === 'media') return serveMedia(object, headers);
  return json(objectResource(bucket, object, url));
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/list */
export function listObjects({ url, request, bucket }: ObjectCall): FakeAnswer {
  const { items, prefixes, nextPageToken } = listPage(bucket, request.query);
  return json({
    kind: 'storage#objects',
    ...(nextPageToken !== undefined && { nextPageToken }),
    ...(prefixes.length > 0 && { prefixes }),
    ...(items.length > 0 && { items: items.map((object) => objectResource(bucket, object, url)) }),
  });
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/delete */
export function deleteObject({ state, request, bucket, name }: ObjectCall): FakeAnswer {
  const { query } = request;
  const generation = int64('generation', query['generation']);
  const conditions = readPreconditions(query);
  const found = state.find(bucket, name, generation);
  // A condition on what is not there fails; without one it is not found.
  if (found === undefined && Number(conditions.ifGenerationMatch ?? 0) > 0) {
    checkPreconditions(conditions, found);
  }
  const object = state.get(bucket, name, generation);
  checkPreconditions(conditions, object);
  state.remove(bucket, object, generation !== undefined);
  return { status: 204 };
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/patch */
export function patchObject(call: ObjectCall): FakeAnswer {
  return change(call, (object, settable) => patched(object.settable, settable));
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/update */
export function updateObject(call: ObjectCall): FakeAnswer {
  return change(call, (object, settable) => {
    const { storageClass, customTime } = object.settable;
    checkCustomTime(object.settable, settable);
    if (customTime !== undefined && settable.customTime === undefined) {
      throw invalid('Custom time cannot be removed once set.');
    }
    return { ...(storageClass !== undefined && { storageClass }), ...withoutNulls(settable) };
  });
}

function change(
  { state, url, request, bucket, name }: ObjectCall,
  next: (object: Generation, settable: Settable) => Settable,
): FakeAnswer {
  const { query } = request;
  const { settable } = readResource(jsonBody(request));
  const conditions = readPreconditions(query);
  const object = state.get(bucket, name, int64('generation', query['generation']));
  checkPreconditions(conditions, object);
  const { storageClass } = settable;
  if (storageClass !== undefined && storageClass !== object.settable.storageClass) {
    throw invalid('The storage class of an object can be changed by rewriting only.');
  }
  object.settable = next(object, settable);
  object.metageneration += 1;
  object.updated = state.now();
  return json(objectResource(bucket, object, url));
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/compose */
export function composeObjects({ state, url, request, bucket, name }: ObjectCall): FakeAnswer {
  const {
    destination = {},
    sourceObjects,
    kind: _kind,
    ...unknown
  } = jsonBody(request) as {
    readonly kind?: string;
    readonly destination?: unknown;
    readonly sourceObjects?: readonly ComposeSource[];
  };
  const [odd] = Object.keys(unknown);
  if (odd !== undefined) throw invalid(`Unknown name "${odd}": Cannot find field.`);
  if (!Array.isArray(sourceObjects) || sourceObjects.length === 0) {
    throw invalid('You must provide at least one source component.', 'required');
  }
  if (sourceObjects.length > MAX_COMPONENTS) {
    throw invalid(
      `The number of source components provided (${sourceObjects.length}) exceeds the maximum (${MAX_COMPONENTS})`,
    );
  }
  const { settable } = readResource(destination);
  const sources = sourceObjects.map(
    ({ name: source, generation, objectPreconditions }: ComposeSource) => {
      if (typeof source !== 'string') throw invalid('Required', 'required');
      const object = state.get(bucket, source, int64('generation', text(generation)));
      const wanted = int64('ifGenerationMatch', text(objectPreconditions?.ifGenerationMatch));
      checkPreconditions({ ifGenerationMatch: wanted }, object);
      return object;
    },
  );
  checkPreconditions(readPreconditions(request.query), state.find(bucket, name));
  const made = state.write(bucket, {
    name,
    bytes: Buffer.concat(sources.map(({ bytes }) => bytes)),
    settable: withoutNulls(settable),
    componentCount: sources.reduce((sum, { componentCount = 1 }) => sum + componentCount, 0),
    ...kmsKey(request.query['kmsKeyName']),
  });
  return json(objectResource(bucket, made, url));
}

interface ComposeSource {
  readonly name?: string;
  readonly generation?: string | number;
  readonly objectPreconditions?: { readonly ifGenerationMatch?: string | number };
}

/** Where a copy goes to. */
export interface CopyTarget {
  readonly bucket: Bucket;
  readonly name: string;
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/copy */
export function copyObject(call: ObjectCall, target: CopyTarget): FakeAnswer {
  return json(
    objectResource(
      target.bucket,
      copied(call, target, readCopy(call, target), sentResource(call.request)),
      call.url,
    ),
  );
}

/** https://cloud.google.com/storage/docs/json_api/v1/objects/rewrite */
export function rewriteObject(call: ObjectCall, target: CopyTarget): FakeAnswer {
  const { query } = call.request;
  const source = readCopy(call, target);
  const size = source.bytes.byteLength;
  const asked = int64('maxBytesRewrittenPerCall', query['maxBytesRewrittenPerCall']);
  if (asked !== undefined && asked % (1024 * 1024) !== 0) {
    throw invalid('maxBytesRewrittenPerCall must be an integral multiple of 1 MiB');
  }
  const identity = [target.bucket.name, target.name, source.name, source.generation].join('\n');
  const begun = readRewriteToken(query['rewriteToken'], identity);
  const sent = sentResource(call.request);
  const done = begun?.total ?? 0;
  // Later calls may leave the resource out; what they say has to be what the first one said.
  const resource = begun?.resource ?? sent;
  if (begun !== undefined && Object.keys(sent).length > 0 && !isDeepStrictEqual(sent, resource)) {
    throw invalid('The destination differs from that of the first call.');
  }
  const total = Math.min(
    size,
    done + Math.min(asked ?? call.maxRewriteBytes, call.maxRewriteBytes),
  );
  const progress = {
    kind: 'storage#rewriteResponse',
    totalBytesRewritten: String(total),
    objectSize: String(size),
  };
  if (total < size) {
    const place: RewritePlace = { total, identity, resource };
    const rewriteToken = Buffer.from(JSON.stringify(place)).toString('base64');
    return json({ ...progress, done: false, rewriteToken });
  }
  const object = copied(call, target, source, resource);
  return json({
    ...progress,
    done: true,
    resource: objectResource(target.bucket, object, call.url),
  });
}

/** What a rewrite's token stands for. */
interface RewritePlace {
  readonly total: number;
  readonly identity: string;
  readonly resource: object;
}

function readRewriteToken(token: string | undefined, identity: string): RewritePlace | undefined {
  if (token === undefined) return undefined;
  const place = parseJson(Buffer.from(token, 'base64')) as RewritePlace;
  if (place.identity !== identity) throw invalid('Invalid rewriteToken');
  return place;
}

/** The SDK sends its own option along with every call but the first, and the service overlooks it. */
function sentResource(request: FakeRequest): object {
  const { token: _token, ...resource } = jsonBody(request) as { readonly token?: unknown };
  return resource;
}

function readCopy({ state, request, bucket, name }: ObjectCall, target: CopyTarget): Generation {
  const { query } = request;
  const source = state.get(bucket, name, int64('sourceGeneration', query['sourceGeneration']));
  checkPreconditions(readPreconditions(query, true), source);
  checkPreconditions(readPreconditions(query), state.find(target.bucket, target.name));
  return source;
}

/** Without a resource in the body all metadata is copied; one in the body replaces all of it. */
function copied(
  { state, request }: ObjectCall,
  target: CopyTarget,
  source: Generation,
  resource: object,
): Generation {
  const { settable, sent } = readResource(resource);
  const {
    storageClass: _class,
    customTime,
    temporaryHold: _t,
    eventBasedHold: _e,
    ...kept
  } = source.settable;
  return state.write(target.bucket, {
    name: target.name,
    bytes: source.bytes,
    settable:
      sent.size === 0
        ? { ...kept, ...(customTime !== undefined && { customTime }) }
        : withoutNulls(settable),
    ...(source.componentCount !== undefined && { componentCount: source.componentCount }),
    ...kmsKey(request.query['destinationKmsKeyName']),
  });
}

/** The body as JSON. */
export function jsonBody({ body, headers }: FakeRequest): object {
  if (body.byteLength === 0) return {};
  if (!(headers['content-type'] ?? '').startsWith('application/json')) {
    throw invalid(
      `Unsupported content with type: ${headers['content-type']}`,
      'unsupportedMediaType',
    );
  }
  return parseJson(body);
}

/** A JSON object. */
export function parseJson(bytes: Buffer): object {
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString());
  } catch {
    throw invalid('Parse Error', 'parseError');
  }
  if (typeof value !== 'object' || value === null) throw invalid('Parse Error', 'parseError');
  return value;
}

/** A customer-managed key among what an object is written with. */
export function kmsKey(kmsKeyName: string | undefined): { readonly kmsKeyName?: string } {
  if (kmsKeyName === undefined) return {};
  if (!/^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/.test(kmsKeyName)) {
    throw new Refusal(400, 'invalid', 'Malformed Cloud KMS crypto key.');
  }
  return { kmsKeyName };
}

function text(value: string | number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
