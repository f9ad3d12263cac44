import {
  type CreateMultipartUploadCommandInput,
  GetObjectTaggingCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { type ObjectInfo, StorageError } from '@granary/storage-core/provider';
import type { S3Store } from './s3-client.ts';
import { quoted } from './s3-conditions.ts';
import type { CopyPlan } from './s3-copy.ts';
import { notS3 } from './s3-errors.ts';
import { copySource } from './s3-keys.ts';
import {
  abortParts,
  beginParts,
  type CompletedPart,
  completeParts,
  MAX_PARTS,
} from './s3-multipart.ts';
import { tagHeader } from './s3-native.ts';
import { statObject } from './s3-read.ts';

/** Parts in flight. */
const CONCURRENCY = 4;

/** What is known of the source of a large copy. */
export interface LargeSource {
  readonly info: ObjectInfo;
  readonly tagCount: number | undefined;
  readonly fields: Partial<CreateMultipartUploadCommandInput>;
}

/** Copies what one request cannot, in parts of one write of the source. */
export async function copyInParts(
  store: S3Store,
  plan: CopyPlan,
  { info, tagCount = 0, fields }: LargeSource,
): Promise<ObjectInfo> {
  const { from, to, version, ifMatch, ifNoneMatch, signal } = plan;
  const tagging = tagCount > 0 ? await tagsOf(store, plan) : '';
  const uploadId = await beginParts(
    store,
    to,
    { ...fields, ...(tagging !== '' && { Tagging: tagging }) },
    signal,
  );
  // Parts that are under way when one fails end with it.
  const stopper = new AbortController();
  const stop = () => stopper.abort(signal?.reason);
  signal?.addEventListener('abort', stop);
  try {
    const partBytes = Math.max(store.limits.copyPartBytes, Math.ceil(info.size / MAX_PARTS));
    const count = Math.ceil(info.size / partBytes);
    const parts: CompletedPart[] = [];
    let next = 0;
    const work = async () => {
      while (next < count) {
        const index = next;
        next += 1;
        const start = index * partBytes;
        const end = Math.min(info.size, start + partBytes) - 1;
        const command = new UploadPartCopyCommand({
          ...store.target,
          Key: to,
          UploadId: uploadId,
          PartNumber: index + 1,
          CopySource: copySource(store.bucket, from, version),
          CopySourceRange: `bytes=${start}-${end}`,
          CopySourceIfMatch: quoted(info.etag),
        });
        const { CopyPartResult } = await store.send(stopper.signal, (client, terms) =>
          client.send(command, terms),
        );
        if (CopyPartResult?.ETag === undefined) throw notS3('it tells of no part');
        parts[index] = { PartNumber: index + 1, ETag: CopyPartResult.ETag };
      }
    };
    const workers = Array.from({ length: CONCURRENCY }, () =>
      work().catch((error: unknown) => {
        next = count;
        stopper.abort(error);
        throw error;
      }),
    );
    await settled(workers, signal);
    await completeParts(store, to, { uploadId, parts, ifMatch, ifNoneMatch, signal });
  } catch (error) {
    await abortParts(store, to, uploadId, undefined).catch(() => {});
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  return statObject(store, to, signal ? { signal } : {});
}

/** Waits for all, then throws what went wrong first. */
async function settled(workers: readonly Promise<void>[], signal?: AbortSignal): Promise<void> {
  let failure: { readonly error: unknown } | undefined;
  const ends = workers.map((worker) =>
    worker.catch((error: unknown) => {
      failure ??= { error };
    }),
  );
  await Promise.all(ends);
  if (failure === undefined) return;
  if (signal?.aborted) throw signal.reason;
  throw failure.error;
}

/** The tags of the source, which copying in parts leaves behind. */
async function tagsOf(store: S3Store, { from, version, signal }: CopyPlan): Promise<string> {
  const command = new GetObjectTaggingCommand({
    ...store.target,
    Key: from,
    ...(version !== undefined && { VersionId: version }),
  });
  const { TagSet } = await store.send(signal, (client, terms) => client.send(command, terms));
  if (TagSet === undefined) {
    throw new StorageError('unavailable', 'the tags of the source could not be read.');
  }
  return tagHeader(Object.fromEntries(TagSet.map(({ Key = '', Value = '' }) => [Key, Value])));
}
