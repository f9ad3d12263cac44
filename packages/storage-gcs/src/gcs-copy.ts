import {
  type AttributesPatch,
  type CopyOptions,
  isStorageError,
  type ObjectInfo,
  patchAttributes,
  type SetMetadataOptions,
  StorageError,
} from '@granary/storage-core/provider';
import {
  attributeFields,
  CONTENT_HEADERS,
  conditionQuery,
  etagParts,
  type GcsObject,
  OBJECT_FIELDS,
  toInfo,
} from './gcs-attributes.ts';
import { type GcsStore, JSON_API } from './gcs-client.ts';
import { notGcs } from './gcs-errors.ts';
import { toSegment } from './gcs-keys.ts';
import { readResource } from './gcs-read.ts';
import { expiryFields } from './gcs-write.ts';

/** So often a change of attributes is tried again when others change the object at the same time. */
const MAX_TRIES = 5;

/** What a rewrite answers: a token where it has to be called again. */
interface Rewritten {
  readonly done?: boolean;
  readonly rewriteToken?: string;
  readonly resource?: GcsObject;
}

/** A copy that the service makes. */
export interface Rewrite {
  readonly from: string;
  readonly to: string;
  readonly query: Readonly<Record<string, string | undefined>>;
  /** Replaces all that describes the source. Default: it is kept. */
  readonly resource?: object | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Copies an object inside the service. */
export async function copyObject(
  store: GcsStore,
  from: string,
  to: string,
  { sourceIfMatch, ifNoneMatch, attributes, signal }: CopyOptions,
): Promise<ObjectInfo> {
  const target = conditionQuery({ ifNoneMatch });
  if (attributes !== undefined) {
    return changed(store, from, sourceIfMatch, signal, (object) =>
      rewrite(store, {
        from,
        to,
        query: { ...target, ...sourceConditions(etagOf(object)) },
        resource: describe(store, from, object, attributes).resource,
        signal,
      }),
    ).then((object) => toInfo(to, object, store.keepsVersions()));
  }
  const wanted =
    sourceIfMatch === undefined ? {} : await checkedSource(store, from, sourceIfMatch, signal);
  try {
    const query = { ...target, ...wanted };
    const object = await rewrite(store, { from, to, query, signal });
    return toInfo(to, object, store.keepsVersions());
  } catch (error) {
    // A failed condition does not say whether the source is another write or none at all.
    if (sourceIfMatch !== undefined && isStorageError(error, 'precondition-failed')) {
      await readResource(store, from, { signal });
    }
    throw error;
  }
}

/** Changes attributes and leaves the content alone. */
export async function setObjectMetadata(
  store: GcsStore,
  key: string,
  patch: AttributesPatch,
  { ifMatch, signal }: SetMetadataOptions,
): Promise<ObjectInfo> {
  const object = await changed(store, key, ifMatch, signal, (current) => {
    const { resource, needsRewrite } = describe(store, key, current, patch);
    const conditions = conditionQuery({ ifMatch: etagOf(current) });
    if (needsRewrite) {
      return rewrite(store, {
        from: key,
        to: key,
        query: { ...conditions, ...sourceConditions(etagOf(current)) },
        resource,
        signal,
      });
    }
    return store.json<GcsObject>({
      method: 'PATCH',
      path: `${JSON_API}/b/${store.bucket}/o/${toSegment(key)}`,
      query: { ...conditions, fields: OBJECT_FIELDS },
      headers: { 'content-type': 'application/json' },
      content: new TextEncoder().encode(JSON.stringify(patchOf(current, resource))),
      signal,
    });
  });
  return toInfo(key, object, store.keepsVersions());
}

/**
 * Calls `rewrite` until the service has copied everything; large objects that change place or storage
 * class take several calls. https://cloud.google.com/storage/docs/json_api/v1/objects/rewrite
 */
export async function rewrite(
  store: GcsStore,
  { from, to, query, resource, signal }: Rewrite,
): Promise<GcsObject> {
  const { bucket } = store;
  let rewriteToken: string | undefined;
  for (;;) {
    const answer: Rewritten = await store.json<Rewritten>({
      method: 'POST',
      path: `${JSON_API}/b/${bucket}/o/${toSegment(from)}/rewriteTo/b/${bucket}/o/${toSegment(to)}`,
      query: { ...query, rewriteToken, fields: `done,rewriteToken,resource(${OBJECT_FIELDS})` },
      ...(resource !== undefined && {
        headers: { 'content-type': 'application/json' },
        content: new TextEncoder().encode(JSON.stringify(resource)),
      }),
      signal,
    });
    if (answer.done && answer.resource !== undefined) return answer.resource;
    if (answer.done !== false || answer.rewriteToken === undefined) {
      throw notGcs('it does not say whether the copy is done');
    }
    rewriteToken = answer.rewriteToken;
  }
}

/**
 * Reads an object and makes a change that holds for this write alone; when others were faster, again
 * with theirs, unless the caller asked for a certain write.
 */
async function changed(
  store: GcsStore,
  key: string,
  ifMatch: string | undefined,
  signal: AbortSignal | undefined,
  change: (object: GcsObject) => Promise<GcsObject>,
): Promise<GcsObject> {
  for (let tries = 1; ; tries += 1) {
    const current = await readResource(store, key, { signal });
    if (ifMatch !== undefined && etagOf(current) !== ifMatch) {
      throw new StorageError(
        'precondition-failed',
        'the object is another write than the one asked for.',
        {
          outcome: 'not-applied',
        },
      );
    }
    try {
      return await change(current);
    } catch (error) {
      if (!isStorageError(error, 'precondition-failed') || ifMatch !== undefined) throw error;
      const now = await readResource(store, key, { signal });
      if (etagOf(now) === etagOf(current)) throw error;
      if (tries === MAX_TRIES) {
        throw new StorageError('conflict', 'others kept changing the object.', {
          outcome: 'not-applied',
          cause: error,
        });
      }
    }
  }
}

/**
 * An object's description after a patch. The custom time that stands for its expiry goes with it; one
 * that would have to go back, or away, needs a rewrite, because a patch can only put it forward.
 * https://cloud.google.com/storage/docs/metadata#custom-time
 */
function describe(
  store: GcsStore,
  key: string,
  current: GcsObject,
  patch: AttributesPatch,
): {
  readonly resource: GcsObject & { readonly metadata: Readonly<Record<string, string>> };
  readonly needsRewrite: boolean;
} {
  const before = toInfo(key, current, false);
  const after = patchAttributes(before, patch);
  const { customTime, storageClass } = current;
  const time = customTime === undefined ? undefined : Date.parse(customTime);
  const isExpiry = time !== undefined && before.expiresAt?.getTime() === time;
  const next = isExpiry
    ? after.expiresAt?.toISOString()
    : (expiryFields(store, after.expiresAt).customTime ?? customTime);
  const isBack = time !== undefined && (next === undefined || Date.parse(next) < time);
  const own = { writeId: before.writeId, sha256: before.checksums?.['sha256'] };
  return {
    resource: {
      ...attributeFields(after, own),
      ...(next !== undefined && { customTime: next }),
      ...(storageClass !== undefined && { storageClass }),
    },
    needsRewrite: isBack,
  };
}

/** What a patch has to say so that nothing is left of the description before. */
function patchOf(
  current: GcsObject,
  {
    storageClass: _class,
    ...resource
  }: GcsObject & { readonly metadata: Readonly<Record<string, string>> },
): object {
  const gone = CONTENT_HEADERS.flatMap(([name]) =>
    resource[name] === undefined ? [[name, null]] : [],
  );
  const names = Object.keys(current.metadata ?? {});
  return {
    ...Object.fromEntries(gone),
    ...resource,
    metadata: { ...Object.fromEntries(names.map((name) => [name, null])), ...resource.metadata },
  };
}

async function checkedSource(
  store: GcsStore,
  from: string,
  sourceIfMatch: string,
  signal: AbortSignal | undefined,
): Promise<Readonly<Record<string, string>>> {
  try {
    return sourceConditions(sourceIfMatch);
  } catch (error) {
    await readResource(store, from, { signal });
    throw error;
  }
}

function sourceConditions(etag: string): Readonly<Record<string, string>> {
  const { generation, metageneration } = etagParts(etag);
  return {
    ifSourceGenerationMatch: generation,
    ifSourceMetagenerationMatch: metageneration,
  };
}

function etagOf({ generation, metageneration }: GcsObject): string {
  return `${generation}.${metageneration}`;
}
