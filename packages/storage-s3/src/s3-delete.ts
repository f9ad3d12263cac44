import { DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import {
  type BatchOptions,
  type BatchResult,
  type DeleteOptions,
  type DeleteResult,
  isStorageError,
  StorageError,
  toStorageError,
} from '@granary/storage-core/provider';
import { answerHeaders, checkAnswer } from './s3-answer.ts';
import type { S3Store } from './s3-client.ts';
import { conditionFields } from './s3-conditions.ts';
import { fromFailure, notS3 } from './s3-errors.ts';

/** Keys of one request. https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html, read 2026-11-21 */
const MAX_KEYS = 1_000;
/** Requests for single keys at once. */
const MAX_SINGLE = 8;

/**
 * Characters that XML 1.0 cannot hold, or that its readers change: such keys are deleted one by one.
 * https://www.w3.org/TR/xml/#charsets, read 2026-11-21
 */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for
const NOT_IN_XML = /[\u0000-\u001f\u007f-\u009f\u2028\ufffe\uffff]|^\s|\s$/;

/** Deletes an object or one of its versions. S3 does not say whether there was one. */
export async function deleteObject(
  store: S3Store,
  key: string,
  { ifMatch, version, signal }: DeleteOptions,
): Promise<DeleteResult> {
  const command = new DeleteObjectCommand({
    ...store.target,
    Key: key,
    ...conditionFields({ ifMatch }),
    ...(version !== undefined && { VersionId: version }),
  });
  const headers = answerHeaders(command);
  try {
    await store.send(signal, (client, terms) => client.send(command, terms));
    checkAnswer(headers);
    return {};
  } catch (error) {
    if (!isStorageError(error)) throw error;
    if (error.code === 'not-found' && ifMatch !== undefined) {
      throw new StorageError('precondition-failed', 'there is no object with this etag.', {
        status: error.status,
        requestId: error.requestId,
        outcome: 'not-applied',
      });
    }
    const isGone = error.code === 'not-found';
    // An id that the service never gave is one of no version.
    const isNoVersion = version !== undefined && error.code === 'invalid-argument';
    if (isGone || isNoVersion) return {};
    throw error;
  }
}

/** Deletes many objects, in groups of as many as one request takes. */
export async function deleteObjects(
  store: S3Store,
  keys: readonly string[],
  { signal }: BatchOptions,
): Promise<readonly BatchResult<DeleteResult>[]> {
  const results = new Map<string, BatchResult<DeleteResult>>();
  const unique = [...new Set(keys)];
  const together = unique.filter((key) => !NOT_IN_XML.test(key));
  for (let start = 0; start < together.length; start += MAX_KEYS) {
    const group = together.slice(start, start + MAX_KEYS);
    for (const result of await deleteGroup(store, group, signal)) results.set(result.key, result);
  }
  const single = unique.filter((key) => NOT_IN_XML.test(key));
  for (let start = 0; start < single.length; start += MAX_SINGLE) {
    const group = single.slice(start, start + MAX_SINGLE);
    const done = await Promise.all(group.map((key) => deleteOne(store, key, signal)));
    for (const result of done) results.set(result.key, result);
  }
  return keys.map((key) => results.get(key) ?? failed(key, notS3('it leaves a key out')));
}

async function deleteGroup(
  store: S3Store,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly BatchResult<DeleteResult>[]> {
  const command = new DeleteObjectsCommand({
    ...store.target,
    Delete: { Objects: keys.map((key) => ({ Key: key })) },
  });
  try {
    const { Deleted = [], Errors = [] } = await store.send(signal, (client, terms) =>
      client.send(command, terms),
    );
    const deleted = Deleted.flatMap(({ Key }) => (Key === undefined ? [] : [succeeded(Key)]));
    const refused = Errors.flatMap(({ Key, Code, Message }) => {
      if (Key === undefined) return [];
      if (Code === 'NoSuchKey') return [succeeded(Key)];
      return [failed(Key, fromFailure({ name: Code, Code, message: Message, ...IN_ANSWER }))];
    });
    return [...deleted, ...refused];
  } catch (error) {
    return keys.map((key) => failed(key, toStorageError(error, { key }, signal)));
  }
}

/** The status of a batch's answer says nothing of its parts: their codes do. */
const IN_ANSWER = { $metadata: { httpStatusCode: 503 } };

async function deleteOne(
  store: S3Store,
  key: string,
  signal: AbortSignal | undefined,
): Promise<BatchResult<DeleteResult>> {
  try {
    return { key, ok: true, value: await deleteObject(store, key, signal ? { signal } : {}) };
  } catch (error) {
    return failed(key, toStorageError(error, { key }, signal));
  }
}

function succeeded(key: string): BatchResult<DeleteResult> {
  return { key, ok: true, value: {} };
}

function failed(key: string, error: StorageError): BatchResult<DeleteResult> {
  return { key, ok: false, error: error.with({ key }) };
}
