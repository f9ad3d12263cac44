import { randomUUID } from 'node:crypto';
import {
  type BatchOptions,
  type BatchResult,
  type DeleteOptions,
  type DeleteResult,
  isStorageError,
  StorageError,
} from '@granary/storage-core/provider';
import { conditionQuery } from './gcs-attributes.ts';
import { type GcsStore, JSON_API } from './gcs-client.ts';
import { fromAnswer, notGcs } from './gcs-errors.ts';
import { toSegment } from './gcs-keys.ts';

/** Calls in one batch. https://cloud.google.com/storage/docs/batch, read 2026-11-21 */
const BATCH_SIZE = 100;

/** Deletes an object, or a generation of it for good. */
export async function deleteObject(
  store: GcsStore,
  key: string,
  { ifMatch, version, signal }: DeleteOptions,
): Promise<DeleteResult> {
  if (version !== undefined && !/^[1-9]\d{0,18}$/.test(version)) return { existed: false };
  try {
    const { text } = await store.send({
      method: 'DELETE',
      path: `${JSON_API}/b/${store.bucket}/o/${toSegment(key)}`,
      query: { generation: version, ...conditionQuery({ ifMatch }) },
      signal,
    });
    if (text !== '') throw notGcs('it has content');
    return { existed: true };
  } catch (error) {
    if (!isStorageError(error, 'not-found')) throw error;
    if (ifMatch === undefined) return { existed: false };
    throw new StorageError('precondition-failed', 'there is no object to hold the etag against.', {
      status: error.status,
      outcome: 'not-applied',
      cause: error,
    });
  }
}

/** Deletes objects, a hundred with each request, and tells what became of each. */
export async function deleteObjects(
  store: GcsStore,
  keys: readonly string[],
  { signal }: BatchOptions,
): Promise<readonly BatchResult<DeleteResult>[]> {
  const results: BatchResult<DeleteResult>[] = [];
  for (let start = 0; start < keys.length; start += BATCH_SIZE) {
    results.push(...(await deleteBatch(store, keys.slice(start, start + BATCH_SIZE), signal)));
  }
  return results;
}

/** https://cloud.google.com/storage/docs/batch#http */
async function deleteBatch(
  store: GcsStore,
  keys: readonly string[],
  signal: AbortSignal | undefined,
): Promise<BatchResult<DeleteResult>[]> {
  const boundary = `granary-${randomUUID()}`;
  const parts = keys.map((key, index) => {
    const path = `${JSON_API}/b/${store.bucket}/o/${toSegment(key)}`;
    return `--${boundary}\r\ncontent-type: application/http\r\ncontent-id: <${index}>\r\n\r\nDELETE ${path} HTTP/1.1\r\n\r\n\r\n`;
  });
  const { headers, text } = await store.send({
    method: 'POST',
    path: '/batch/storage/v1',
    headers: { 'content-type': `multipart/mixed; boundary=${boundary}` },
    content: new TextEncoder().encode(`${parts.join('')}--${boundary}--\r\n`),
    signal,
  });
  const answers = readBatch(headers['content-type'] ?? '', text);
  return keys.map((key, index) => {
    const answer = answers.get(index);
    // What has no answer may have happened.
    if (answer === undefined) return { key, ok: false, error: notGcs('a part of it is missing') };
    return resultOf(key, answer);
  });
}

interface PartAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

function resultOf(key: string, answer: PartAnswer): BatchResult<DeleteResult> {
  if (answer.status >= 200 && answer.status < 300) {
    return { key, ok: true, value: { existed: true } };
  }
  const error = fromAnswer(answer);
  if (error.code === 'not-found') return { key, ok: true, value: { existed: false } };
  return { key, ok: false, error };
}

/** The answers of a batch by the number of their call. */
function readBatch(contentType: string, text: string): ReadonlyMap<number, PartAnswer> {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/.exec(contentType) ?? [];
  const boundary = quoted ?? plain;
  if (boundary === undefined) throw notGcs('it is no batch');
  const answers = new Map<number, PartAnswer>();
  for (const part of text.split(`--${boundary}`)) {
    const [, id] = /^content-id:\s*<?response-(\d+)>?/im.exec(part) ?? [];
    const start = part.search(/^HTTP\/1\.[01] \d{3}/m);
    if (id === undefined || start < 0) continue;
    const [head = '', ...rest] = part.slice(start).split(/\r?\n\r?\n/);
    const [line = '', ...lines] = head.split(/\r?\n/);
    answers.set(Number(id), {
      status: Number(line.split(' ')[1]),
      headers: Object.fromEntries(lines.map(headerOf)),
      text: rest.join('\n\n').trim(),
    });
  }
  return answers;
}

function headerOf(line: string): [string, string] {
  const at = line.indexOf(':');
  return [line.slice(0, at).toLowerCase(), line.slice(at + 1).trim()];
}
