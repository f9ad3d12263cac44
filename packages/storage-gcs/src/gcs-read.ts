import type { IncomingHttpHeaders } from 'node:http';
import {
  type GetOptions,
  isStorageError,
  type ObjectInfo,
  parseContentRange,
  rangeHeader,
  readableChunks,
  type StatOptions,
  StorageError,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import { etagParts, fromHeaders, type GcsObject, OBJECT_FIELDS, toInfo } from './gcs-attributes.ts';
import { type GcsStore, JSON_API } from './gcs-client.ts';
import { fromFailure, notGcs } from './gcs-errors.ts';
import { dropBody, readBody } from './gcs-http.ts';
import { toPath, toSegment } from './gcs-keys.ts';

/** What a generation looks like. */
const GENERATION = /^[1-9]\d{0,18}$/;

/**
 * Reads an object or a part of it; the answer's body is handed on as it comes. The XML API is asked,
 * because its headers tell the metadata of the very write whose content follows.
 */
export async function readObject(
  store: GcsStore,
  key: string,
  { range, ifMatch, ifNoneMatch, version, signal }: GetOptions,
): Promise<StoredObject> {
  const wanted = ifMatch === undefined ? undefined : await readable(store, key, ifMatch, signal);
  const asking = store.open({
    method: 'GET',
    path: `/${store.bucket}/${toPath(key)}`,
    query: { generation: checkedVersion(version) },
    headers: {
      // Content that is stored as gzip comes as it is stored.
      'accept-encoding': 'gzip',
      ...(range !== undefined && { range: rangeHeader(range) }),
      ...(wanted !== undefined && {
        'x-goog-if-generation-match': wanted.generation,
        'x-goog-if-metageneration-match': wanted.metageneration,
      }),
    },
    signal,
  });
  const response = await asking.catch((error: unknown) => explained(store, key, error, signal));
  try {
    const { headers } = response;
    checkEncoding(headers);
    const info = toInfo(key, fromHeaders(headers), store.keepsVersions());
    if (info.etag === ifNoneMatch) {
      throw new StorageError('not-modified', 'the object is the one that you have.');
    }
    const source = {
      bytes: () => readBody(response, signal),
      chunks: () => readableChunks(response, fromFailure),
      cancel: () => {
        response.destroy();
      },
    };
    if (range === undefined) return storedObject(info, source);
    const part = response.statusCode === 206 && parseContentRange(headers['content-range'] ?? '');
    if (!part) {
      throw new StorageError('unavailable', 'the service ignored the range and sent everything.');
    }
    return storedObject(info, source, { range: part.range });
  } catch (error) {
    dropBody(response);
    throw error;
  }
}

/** Tells about an object without reading it. */
export async function statObject(
  store: GcsStore,
  key: string,
  { version, signal }: StatOptions,
): Promise<ObjectInfo> {
  const generation = checkedVersion(version);
  return toInfo(key, await readResource(store, key, { generation, signal }), store.keepsVersions());
}

/** The object as the JSON API tells it. */
export function readResource(
  store: GcsStore,
  key: string,
  options: { readonly generation?: string | undefined; readonly signal?: AbortSignal | undefined },
): Promise<GcsObject> {
  const { generation, signal } = options;
  return store.json<GcsObject>({
    method: 'GET',
    path: `${JSON_API}/b/${store.bucket}/o/${toSegment(key)}`,
    query: { generation, fields: OBJECT_FIELDS },
    signal,
  });
}

/** The parts of an etag to read by; one of another service still leaves a missing key missing. */
async function readable(
  store: GcsStore,
  key: string,
  ifMatch: string,
  signal: AbortSignal | undefined,
): Promise<{ readonly generation: string; readonly metageneration: string }> {
  try {
    return etagParts(ifMatch);
  } catch (error) {
    await readResource(store, key, { signal });
    throw error;
  }
}

/** A failed condition does not say whether there is another write or none at all. */
async function explained(
  store: GcsStore,
  key: string,
  error: unknown,
  signal: AbortSignal | undefined,
): Promise<never> {
  if (isStorageError(error, 'precondition-failed')) await readResource(store, key, { signal });
  throw error;
}

/** An id that is no generation is one of no version. */
function checkedVersion(version: string | undefined): string | undefined {
  if (version === undefined || GENERATION.test(version)) return version;
  throw new StorageError('not-found', 'there is no such version.');
}

/** https://cloud.google.com/storage/docs/transcoding, read 2026-11-21 */
function checkEncoding(headers: IncomingHttpHeaders): void {
  const stored = String(headers['x-goog-stored-content-encoding'] ?? 'identity');
  const served = headers['content-encoding'] ?? 'identity';
  if (stored !== served) throw notGcs(`content is stored as ${stored} and came as ${served}`);
}
