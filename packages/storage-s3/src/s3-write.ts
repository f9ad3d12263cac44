import { PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import {
  type Body,
  type ObjectInfo,
  type PutOptions,
  pickAttributes,
  StorageError,
  sha256,
  sha256Hasher,
  toBody,
  toStorageError,
} from '@granary/storage-core/provider';
import { type AnswerHeaders, answerHeaders } from './s3-answer.ts';
import { attributeFields, checksumsOf, wholeSeconds } from './s3-attributes.ts';
import { heldBytes, MAX_UNKNOWN_BYTES, type SentBody, sentBody, untilAborted } from './s3-body.ts';
import type { S3Store } from './s3-client.ts';
import { conditionFields, toEtag } from './s3-conditions.ts';
import { notS3 } from './s3-errors.ts';
import { serviceFields } from './s3-native.ts';
import { statObject } from './s3-read.ts';

/** Above this, asking for the date of what was written costs nothing beside the writing. Units: bytes. */
const LARGE_BYTES = 64 * 1024 * 1024;
/** Above this, a conditional write waits for the service's word before it sends. Units: bytes. */
const EXPECT_BYTES = 2 * 1024 * 1024;

/** Writes an object in one request. What the source of the content fails with comes first. */
export async function writeObject(
  store: S3Store,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<ObjectInfo> {
  let sent: SentBody | undefined;
  try {
    const { body: content, ...checksum } = await withChecksum(store, body, options);
    const own = { writeId: options.writeId, ...checksum };
    const fields = {
      ...store.target,
      Key: key,
      ...serviceFields(store.native, options),
      ...attributeFields(options, own),
      ...conditionFields(options),
    };
    sent = await sentBody(store.client(), content, options.signal);
    return await put(store, { key, fields, sent, options, own });
  } catch (error) {
    body.cancel(error).catch(() => {});
    const failure = sent?.failure();
    if (failure === undefined) throw error;
    throw toStorageError(failure.error, { outcome: 'not-applied' }, options.signal);
  } finally {
    sent?.release();
  }
}

interface Put {
  readonly key: string;
  readonly fields: PutObjectCommandInput;
  readonly sent: SentBody;
  readonly options: PutOptions;
  readonly own: { readonly writeId?: string | undefined; readonly sha256?: string | undefined };
}

async function put(store: S3Store, { key, fields, sent, options, own }: Put): Promise<ObjectInfo> {
  const { content, size, signal } = sent;
  const command = new PutObjectCommand({
    ...fields,
    // The SDK's type of a stream is Node's own, which this package cannot name.
    Body: content as NonNullable<PutObjectCommandInput['Body']>,
    ContentLength: size,
    ...(options.checksum !== undefined && store.checksums && (await nativeChecksum(content))),
  });
  const isConditional = options.ifMatch !== undefined || options.ifNoneMatch !== undefined;
  if (isConditional && size > EXPECT_BYTES) expectContinue(command);
  const headers = answerHeaders(command);
  const output = await store.send(signal, (client, terms) => client.send(command, terms));
  if (output.ETag === undefined) throw notS3('it lacks an etag');
  const etag = toEtag(output.ETag);
  const checksums = {
    ...checksumsOf(output),
    ...(own.sha256 !== undefined && { sha256: own.sha256 }),
  };
  const info: ObjectInfo = {
    key,
    size,
    etag,
    modifiedAt: dateOf(headers),
    ...pickAttributes(options),
    ...(Object.keys(checksums).length > 0 && { checksums }),
    ...(own.writeId !== undefined && { writeId: own.writeId }),
    ...(output.VersionId !== undefined && { version: output.VersionId }),
  };
  return size > LARGE_BYTES ? dated(store, info, signal) : info;
}

/**
 * The info with the date that the service keeps: of a long write it is not the date of its answer.
 * Where it cannot be asked for, or another write came since, the answer's date stays.
 */
async function dated(
  store: S3Store,
  info: ObjectInfo,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo> {
  const { key, version, etag } = info;
  const place = { ...(signal && { signal }), ...(version !== undefined && { version }) };
  const now = await statObject(store, key, place).catch(() => undefined);
  return now?.etag === etag && now.writeId === info.writeId ? now : info;
}

/** Content with a SHA-256 for a store that keeps none by itself: it goes into the metadata, ahead of the content. */
async function withChecksum(
  store: S3Store,
  body: Body,
  { checksum, signal }: PutOptions,
): Promise<{ readonly body: Body; readonly sha256?: string }> {
  if (checksum === undefined || store.checksums) return { body };
  if (body.replayable && !body.varies && body.buffered === undefined) {
    return { body, sha256: await streamSha256(body, signal) };
  }
  if ((body.size ?? 0) > MAX_UNKNOWN_BYTES) {
    throw new StorageError(
      'unsupported',
      'this store keeps checksums only of content that can be read twice.',
      { outcome: 'not-applied', hint: 'Give bytes, a Blob or a File, or put without checksum.' },
    );
  }
  const bytes = body.buffered ?? (await heldBytes(body, signal));
  return { body: toBody(bytes), sha256: await sha256(bytes) };
}

async function streamSha256(body: Body, signal: AbortSignal | undefined): Promise<string> {
  const hasher = await sha256Hasher();
  const reader = body.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await untilAborted(reader.read(), signal);
      if (done) return hasher.digest();
      hasher.update(value);
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** The service checks the content against it, and keeps it. Of a stream it comes behind the content. */
async function nativeChecksum(
  content: SentBody['content'],
): Promise<Pick<PutObjectCommandInput, 'ChecksumAlgorithm' | 'ChecksumSHA256'>> {
  if (!(content instanceof Uint8Array)) return { ChecksumAlgorithm: 'SHA256' };
  return { ChecksumSHA256: (await sha256(content)).slice('sha256-'.length) };
}

/** Has the service look at the conditions before the content is sent. */
function expectContinue(command: PutObjectCommand): void {
  command.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { readonly headers: Record<string, string> };
      headers['Expect'] = '100-continue';
      return next(args);
    },
    { step: 'build', name: 'granaryExpect' },
  );
}

/** An answer to a put has no other date than its own, and the object's is the same up to a second. */
function dateOf(headers: AnswerHeaders): Date {
  const time = Date.parse(headers()['date'] ?? '');
  if (Number.isNaN(time)) throw notS3('it lacks a date');
  return wholeSeconds(new Date(time));
}
