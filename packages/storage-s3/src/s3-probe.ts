import {
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { isStorageError } from '@granary/storage-core/provider';
import type { S3Store } from './s3-client.ts';
import type { S3Condition } from './s3-conditions.ts';
import { copySource } from './s3-keys.ts';
import { abortParts } from './s3-multipart.ts';

/** An etag that no object has. */
const OTHER_ETAG = '"00000000000000000000000000000000"';

/**
 * Tries each condition on objects that are deleted again: one that must fail fails with a failed condition,
 * one that must hold holds. What a store does otherwise, it is not known to check.
 */
export async function probeConditions(
  store: S3Store,
  signal: AbortSignal | undefined,
): Promise<readonly S3Condition[]> {
  const key = `.granary-probe-${crypto.randomUUID()}`;
  const copy = `${key}-copy`;
  const proved: S3Condition[] = [];
  const source = copySource(store.bucket, key);

  async function put(conditions: { IfMatch?: string; IfNoneMatch?: string }): Promise<string> {
    const command = new PutObjectCommand({
      ...store.target,
      Key: key,
      Body: new TextEncoder().encode(crypto.randomUUID()),
      ...conditions,
    });
    const { ETag = '' } = await store.send(signal, (client, terms) => client.send(command, terms));
    return ETag;
  }

  async function copyTo(conditions: { CopySourceIfMatch?: string; IfNoneMatch?: string }) {
    const command = new CopyObjectCommand({
      ...store.target,
      Key: copy,
      CopySource: source,
      ...conditions,
    });
    await store.send(signal, (client, terms) => client.send(command, terms));
  }

  async function remove(name: string, conditions: { IfMatch?: string } = {}): Promise<void> {
    const command = new DeleteObjectCommand({ ...store.target, Key: name, ...conditions });
    await store.send(signal, (client, terms) => client.send(command, terms));
  }

  async function complete(
    id: string,
    part: string,
    conditions: { IfMatch?: string; IfNoneMatch?: string },
  ): Promise<void> {
    const command = new CompleteMultipartUploadCommand({
      ...store.target,
      Key: key,
      UploadId: id,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag: part }] },
      ...conditions,
    });
    await store.send(signal, (client, terms) => client.send(command, terms));
  }

  async function prove(condition: S3Condition, steps: () => Promise<boolean>): Promise<void> {
    try {
      if (await steps()) proved.push(condition);
    } catch (error) {
      // A store that does not know a header may refuse it in any way; a store that is away proves nothing.
      if (!isStorageError(error) || error.retryable || signal?.aborted) throw error;
    }
  }

  let etag = '';
  try {
    await prove('createIfAbsent', async () => {
      etag = await put({ IfNoneMatch: '*' });
      return refuses(put({ IfNoneMatch: '*' }));
    });
    await prove('replaceIfMatch', async () => {
      etag = await put({});
      if (!(await refuses(put({ IfMatch: OTHER_ETAG })))) return false;
      etag = await put({ IfMatch: etag });
      return true;
    });
    await prove('copyIfMatch', async () => {
      if (!(await refuses(copyTo({ CopySourceIfMatch: OTHER_ETAG })))) return false;
      await copyTo({ CopySourceIfMatch: etag });
      return true;
    });
    await prove('copyIfAbsent', async () => {
      await remove(copy);
      await copyTo({ IfNoneMatch: '*' });
      return refuses(copyTo({ IfNoneMatch: '*' }));
    });
    await prove('uploadConditions', async () => {
      etag = await put({});
      const upload = new CreateMultipartUploadCommand({ ...store.target, Key: key });
      const { UploadId = '' } = await store.send(signal, (client, terms) =>
        client.send(upload, terms),
      );
      try {
        const part = new UploadPartCommand({
          ...store.target,
          ...{ Key: key, UploadId, PartNumber: 1, Body: new Uint8Array(1) },
        });
        const { ETag = '' } = await store.send(signal, (client, terms) => client.send(part, terms));
        if (!(await refuses(complete(UploadId, ETag, { IfNoneMatch: '*' })))) return false;
        if (!(await refuses(complete(UploadId, ETag, { IfMatch: OTHER_ETAG })))) return false;
        await complete(UploadId, ETag, { IfMatch: etag });
        return true;
      } finally {
        await abortParts(store, key, UploadId, undefined).catch(() => {});
      }
    });
    await prove('deleteIfMatch', async () => {
      etag = await put({});
      if (!(await refuses(remove(key, { IfMatch: OTHER_ETAG })))) return false;
      await remove(key, { IfMatch: etag });
      return true;
    });
    return proved;
  } finally {
    await Promise.allSettled([remove(key), remove(copy)]);
  }
}

/** Whether a request fails with a failed condition. Errors: any other failure. */
async function refuses(request: Promise<unknown>): Promise<boolean> {
  try {
    await request;
    return false;
  } catch (error) {
    if (isStorageError(error, 'precondition-failed')) return true;
    throw error;
  }
}
