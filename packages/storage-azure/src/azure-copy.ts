import type { BlobGetPropertiesResponse, BlockBlobClient } from '@azure/storage-blob';
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
  factsOf,
  metadataOfCopy,
  type NativeAttributes,
  toEtag,
  toInfo,
  toNative,
  writeConditions,
  writtenInfo,
} from './azure-attributes.ts';
import { type AzureStore, blobOf, send } from './azure-client.ts';
import { DRAFT_NAMES, toName } from './azure-keys.ts';

/** How long to wait between looks at a copy that goes on. Units: ms. */
const POLL_MS = 500;
/** How often attributes are changed again that somebody else changed meanwhile. */
const MAX_TRIES = 8;

/** A copy inside the account. */
export interface CopyJob {
  readonly source: BlockBlobClient;
  readonly from: string;
  readonly to: string;
  readonly sourceIfMatch?: string | undefined;
  readonly ifMatch?: string | undefined;
  readonly ifNoneMatch?: '*' | undefined;
  readonly attributes?: AttributesPatch | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a blob is, and how it was found. */
interface Found {
  readonly info: ObjectInfo;
  readonly facts: BlobGetPropertiesResponse;
}

/** Copies an object with its attributes and its tags, without its bytes passing through here. */
export async function copyObject(
  store: AzureStore,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<ObjectInfo> {
  const { signal, attributes, sourceIfMatch, ifNoneMatch } = options;
  const source = blobOf(store, toName(from));
  if (from !== to) return copyBlob(store, { source, from, to, ...options });
  const found = await find(source, from, sourceIfMatch, signal);
  if (ifNoneMatch !== undefined) throw exists();
  if (attributes === undefined) return found.info;
  return setObjectMetadata(store, from, attributes, {
    ...(sourceIfMatch !== undefined && { ifMatch: sourceIfMatch }),
    ...(signal && { signal }),
  });
}

/**
 * Changes attributes in one step that all readers see as one. Headers and metadata are set by two
 * requests, so a change of both is made ready aside and copied over.
 */
export async function setObjectMetadata(
  store: AzureStore,
  key: string,
  patch: AttributesPatch,
  { ifMatch, signal }: SetMetadataOptions,
): Promise<ObjectInfo> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await changeOnce(store, key, patch, ifMatch, signal);
    } catch (error) {
      if (ifMatch !== undefined || !isStorageError(error, 'precondition-failed')) throw error;
      if (attempt < MAX_TRIES) continue;
      throw new StorageError('conflict', 'others keep changing the object.', {
        outcome: 'not-applied',
      });
    }
  }
}

/** Copies a blob, or an old version of one, to a key. */
export async function copyBlob(store: AzureStore, job: CopyJob): Promise<ObjectInfo> {
  const { source, from, to, sourceIfMatch, attributes, signal } = job;
  const target = writeConditions({ ifMatch: job.ifMatch, ifNoneMatch: job.ifNoneMatch });
  const found = await find(source, from, sourceIfMatch, signal);
  const tags = await tagsOf(source, found.facts, signal);
  const facts = factsOf(found.info, from === to);
  const native = toNative(patchAttributes(found.info, attributes), facts);
  const step = { key: to, found, native, tags, target, signal };
  const blob = blobOf(store, toName(to));
  if (isSame(native.blobHTTPHeaders, toNative(found.info).blobHTTPHeaders)) {
    return startCopy(source, blob, step);
  }
  return withDraft(store, async (draft) => {
    await startCopy(source, draft, { ...step, target: {} });
    await setHeaders(draft, native, found, signal);
    return startCopy(draft, blob, { ...step, isDraft: true });
  });
}

async function changeOnce(
  store: AzureStore,
  key: string,
  patch: AttributesPatch,
  ifMatch: string | undefined,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo> {
  const blob = blobOf(store, toName(key));
  const found = await find(blob, key, ifMatch, signal);
  const facts = factsOf(found.info, true);
  const before = toNative(found.info, facts);
  const native = toNative(patchAttributes(found.info, patch), facts);
  const conditions = { ifMatch: `"${found.info.etag}"` };
  if (isSame(native.blobHTTPHeaders, before.blobHTTPHeaders)) {
    const answer = await send(signal, (abortSignal) =>
      blob.setMetadata(native.metadata, { conditions, abortSignal }),
    );
    return changedInfo(key, found, native, answer);
  }
  if (isSame(native.metadata, before.metadata)) {
    const answer = await setHeaders(blob, native, found, signal, conditions);
    // Headers belong to the version that is there; metadata makes another one.
    const { versionId } = found.facts;
    return changedInfo(key, found, native, { ...answer, versionId });
  }
  return copyBlob(store, {
    source: blob,
    from: key,
    to: key,
    sourceIfMatch: found.info.etag,
    ifMatch: found.info.etag,
    attributes: patch,
    signal,
  });
}

async function find(
  blob: BlockBlobClient,
  key: string,
  ifMatch: string | undefined,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const facts = await send(signal, (abortSignal) =>
    blob.getProperties({ conditions: writeConditions({ ifMatch }), abortSignal }),
  );
  return { facts, info: toInfo(key, facts.contentLength, facts) };
}

/** Copying takes metadata along, but no tags. */
async function tagsOf(
  source: BlockBlobClient,
  { tagCount }: BlobGetPropertiesResponse,
  signal: AbortSignal | undefined,
): Promise<Record<string, string> | undefined> {
  if (!tagCount) return undefined;
  const { tags } = await send(signal, (abortSignal) => source.getTags({ abortSignal }));
  return tags;
}

/** Sends all headers: those left out are cleared, the checksum too. */
function setHeaders(
  blob: BlockBlobClient,
  { blobHTTPHeaders }: NativeAttributes,
  { facts }: Found,
  signal: AbortSignal | undefined,
  conditions: { readonly ifMatch?: string } = {},
) {
  const headers = {
    ...blobHTTPHeaders,
    ...(facts.contentMD5 && { blobContentMD5: facts.contentMD5 }),
  };
  return send(signal, (abortSignal) => blob.setHTTPHeaders(headers, { conditions, abortSignal }));
}

/** What a copy is told. */
interface CopyStep {
  readonly key: string;
  readonly found: Found;
  readonly native: NativeAttributes;
  readonly tags: Record<string, string> | undefined;
  readonly target: { readonly ifMatch?: string; readonly ifNoneMatch?: string };
  /** The source is ours, and nobody else writes it. */
  readonly isDraft?: boolean;
  readonly signal: AbortSignal | undefined;
}

async function startCopy(
  source: BlockBlobClient,
  target: BlockBlobClient,
  { key, found, native, tags, target: conditions, isDraft = false, signal }: CopyStep,
): Promise<ObjectInfo> {
  const { accessTier, accessTierInferred } = found.facts;
  const answer = await copyNow(
    source,
    target,
    {
      conditions,
      ...(!isDraft && { sourceConditions: { ifMatch: `"${found.info.etag}"` } }),
      metadata: metadataOfCopy(native.metadata, found.facts.metadata),
      ...(tags && { tags }),
      ...(accessTier && accessTierInferred === false && { tier: accessTier }),
    },
    signal,
  );
  return changedInfo(key, found, native, answer);
}

/** What the service tells of a copy that is done. */
export interface CopyAnswer {
  readonly etag?: string | undefined;
  readonly lastModified?: Date | undefined;
  readonly versionId?: string | undefined;
}

/**
 * Copies inside the account and waits until it is done. A copy that is under way is never aborted:
 * the service would leave an empty blob behind.
 * https://learn.microsoft.com/rest/api/storageservices/abort-copy-blob (read 2026-11-21)
 */
export async function copyNow(
  source: BlockBlobClient,
  target: BlockBlobClient,
  options: NonNullable<Parameters<BlockBlobClient['beginCopyFromURL']>[1]>,
  signal: AbortSignal | undefined,
): Promise<CopyAnswer> {
  return send(signal, async (abortSignal) => {
    const poller = await target.beginCopyFromURL(source.url, {
      ...options,
      intervalInMs: POLL_MS,
      abortSignal,
    });
    const answer = await Promise.race([poller.pollUntilDone(), untilAborted(abortSignal)]);
    if (answer.copyStatus === 'success') return answer;
    throw new StorageError('unavailable', `the copy ended as ${String(answer.copyStatus)}.`, {
      outcome: 'unknown',
    });
  });
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError')), {
      once: true,
    });
  });
}

/** Makes something ready under a name of our own, which is removed whatever happens. */
async function withDraft<Result>(
  store: AzureStore,
  work: (draft: BlockBlobClient) => Promise<Result>,
): Promise<Result> {
  const draft = blobOf(store, `${DRAFT_NAMES}${crypto.randomUUID()}`);
  try {
    return await work(draft);
  } finally {
    // What stays behind is hidden and costs space; the copy itself is done or has failed already.
    await draft.deleteIfExists().catch(() => undefined);
  }
}

function isSame(one: object, other: object): boolean {
  const text = (fields: object) => JSON.stringify(Object.entries(fields).toSorted());
  return text(one) === text(other);
}

function changedInfo(
  key: string,
  { info, facts }: Found,
  native: NativeAttributes,
  { etag, lastModified, versionId }: CopyAnswer,
): ObjectInfo {
  const { contentMD5 } = facts;
  const changed = { etag: etag && toEtag(etag), lastModified, versionId, contentMD5 };
  return writtenInfo(key, info.size, native, changed);
}

function exists(): StorageError {
  return new StorageError('precondition-failed', 'the target exists already.', {
    outcome: 'not-applied',
  });
}
