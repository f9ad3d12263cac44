import { createHash, randomUUID } from 'node:crypto';
import {
  type Body,
  type ObjectInfo,
  type PutOptions,
  StorageError,
  sha256,
  sha256Hasher,
  toStorageError,
} from '@granary/storage-core/provider';
import {
  type AttributeFields,
  attributeFields,
  conditionQuery,
  type GcsObject,
  OBJECT_FIELDS,
  toInfo,
} from './gcs-attributes.ts';
import type { GcsStore } from './gcs-client.ts';
import { SourceFailure } from './gcs-http.ts';
import { toName } from './gcs-keys.ts';
import { nativeFields } from './gcs-native.ts';

/** Content up to this is held in memory for its checksum where it can be read once only. Units: bytes. */
const MAX_HELD_BYTES = 8 * 1024 * 1024;

/** Writes an object in one request. What the source of the content fails with comes first. */
export async function writeObject(
  store: GcsStore,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<ObjectInfo> {
  const { signal } = options;
  try {
    const conditions = conditionQuery(options);
    const { own, held } = await checksumFacts(body, options);
    const fields = attributeFields(options, { ...own, writeId: options.writeId });
    const { resource, query } = nativeFields(store.native, options);
    return await insert(store, {
      key,
      query: { ...conditions, ...query },
      resource: { ...resource, ...expiryFields(store, options.expiresAt), ...fields },
      content: body.buffered ?? held ?? body,
      signal,
    });
  } catch (error) {
    await body.cancel(error);
    if (!(error instanceof SourceFailure)) throw error;
    throw toStorageError(error.error, { outcome: 'not-applied' }, signal);
  }
}

/** The time that a lifecycle rule with `daysSinceCustomTime` goes by. */
export function expiryFields(
  { lifecycleExpiry }: GcsStore,
  expiresAt: Date | undefined,
): { readonly customTime?: string } {
  return lifecycleExpiry && expiresAt !== undefined ? { customTime: expiresAt.toISOString() } : {};
}

interface Insert {
  readonly key: string;
  readonly query: Readonly<Record<string, string>>;
  readonly resource: AttributeFields & Readonly<Record<string, unknown>>;
  readonly content: Uint8Array | Body;
  readonly signal: AbortSignal | undefined;
}

/**
 * One request with the object's description and its content after each other.
 * https://cloud.google.com/storage/docs/uploading-objects#uploading-an-object
 */
async function insert(store: GcsStore, sent: Insert): Promise<ObjectInfo> {
  const { key, query, resource, content, signal } = sent;
  const boundary = `granary-${randomUUID()}`;
  const hash = createHash('md5');
  const md5Hash =
    content instanceof Uint8Array ? createHash('md5').update(content).digest('base64') : undefined;
  const description = JSON.stringify({
    ...resource,
    name: toName(key),
    ...(md5Hash && { md5Hash }),
  });
  const encoder = new TextEncoder();
  const head = encoder.encode(
    `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${description}\r\n--${boundary}\r\ncontent-type: ${resource.contentType}\r\n\r\n`,
  );
  const tail = encoder.encode(`\r\n--${boundary}--\r\n`);
  const size = content instanceof Uint8Array ? content.byteLength : content.size;
  const object = await store.json<GcsObject>({
    method: 'POST',
    path: `/upload/storage/v1/b/${store.bucket}/o`,
    query: { uploadType: 'multipart', fields: OBJECT_FIELDS, ...query },
    headers: {
      'content-type': `multipart/related; boundary=${boundary}`,
      ...(size !== undefined && {
        'content-length': String(head.byteLength + size + tail.byteLength),
      }),
    },
    content: related(head, content, tail, (piece) => hash.update(piece)),
    signal,
  });
  if (object.md5Hash !== undefined && object.md5Hash !== (md5Hash ?? hash.digest('base64'))) {
    throw new StorageError(
      'corrupted',
      'the service stored other content than what was sent to it.',
      { outcome: 'unknown', hint: 'Write the object again.' },
    );
  }
  return toInfo(key, object, store.keepsVersions());
}

async function* related(
  head: Uint8Array,
  content: Uint8Array | Body,
  tail: Uint8Array,
  onPiece: (piece: Uint8Array) => void,
): AsyncGenerator<Uint8Array, void, undefined> {
  yield head;
  if (content instanceof Uint8Array) {
    yield content;
  } else {
    for await (const piece of content.stream() as AsyncIterable<Uint8Array>) {
      onPiece(piece);
      yield piece;
    }
  }
  yield tail;
}

/** A SHA-256, which the service does not keep by itself: it goes ahead of the content. */
async function checksumFacts(
  body: Body,
  { checksum }: PutOptions,
): Promise<{ readonly own: { readonly sha256?: string }; readonly held?: Uint8Array }> {
  if (checksum === undefined) return { own: {} };
  if (body.buffered !== undefined) return { own: { sha256: await sha256(body.buffered) } };
  if (body.replayable && !body.varies) return { own: { sha256: await hashed(body) } };
  if (body.size === undefined || body.size > MAX_HELD_BYTES) {
    throw new StorageError(
      'unsupported',
      'a checksum of a large stream can be kept only when the content can be read twice.',
      { outcome: 'not-applied', hint: 'Give bytes, a Blob or a File, or put without checksum.' },
    );
  }
  const held = await body.bytes().catch((error: unknown) => {
    throw new SourceFailure(error);
  });
  return { own: { sha256: await sha256(held) }, held };
}

async function hashed(body: Body): Promise<string> {
  const hasher = await sha256Hasher();
  try {
    for await (const piece of body.stream() as AsyncIterable<Uint8Array>) hasher.update(piece);
  } catch (error) {
    throw new SourceFailure(error);
  }
  return hasher.digest();
}
