import {
  type Body,
  type ObjectInfo,
  type PartRules,
  type PutOptions,
  partGrid,
  pickAttributes,
  type StorageProvider,
  sourceStream,
  toBody,
  type UploadSession,
  unsupported,
} from '@granary/storage-core/provider';
import { waitFor } from '../quota/wait-for.ts';
import { chunksOf, joinChunks, takeChunks, wrapped } from './chunks.ts';

/** Longest stream of unknown length that is held to go up in one request. Units: bytes. */
const HELD_BYTES = 8 * 1024 * 1024;
/** Parts that are on their way at once. */
const CONCURRENCY = 3;

/** Whether a provider takes a body of this size in parts alone (SPEC PUT-5). */
export function takesInParts({ capabilities }: StorageProvider, size: number | undefined): boolean {
  const { maxPutBytes, upload } = capabilities;
  return maxPutBytes !== undefined && upload === true && (size === undefined || size > maxPutBytes);
}

/**
 * Writes content whose stored size is not known before to a provider that wants to know it: in one
 * request when it turns out small, else in parts, of which a few are in memory.
 * Errors: `unsupported` for a condition that parts cannot keep.
 */
export async function putInParts(
  below: StorageProvider,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<ObjectInfo> {
  const { maxPutBytes = Number.POSITIVE_INFINITY } = below.capabilities;
  const source = chunksOf(() => body.stream());
  const most = Math.min(maxPutBytes, HELD_BYTES);
  const { signal, ifMatch, ifNoneMatch } = options;
  const head = await waitFor(takeChunks(source, most + 1), signal);
  if (head.ended) return below.put(key, toBody(joinChunks(head.chunks)), options);
  const session = await beginSession(below, key, body.size, options);
  try {
    if (session.part.needsTotal && body.size === undefined) {
      throw unsupported(below.name, 'content whose stored size is not known before').with({
        hint: 'Store it as it is, with its size given.',
      });
    }
    const rest = wrapped(head.chunks, source);
    await sendParts(session, toBody(sourceStream(rest)).stream(), body.size, signal);
    return await session.complete({
      ...(signal !== undefined && { signal }),
      ...(ifMatch !== undefined && { ifMatch }),
      ...(ifNoneMatch !== undefined && { ifNoneMatch }),
    });
  } catch (error) {
    await session.abort().catch(() => {});
    throw error;
  }
}

async function beginSession(
  below: StorageProvider,
  key: string,
  totalBytes: number | undefined,
  options: PutOptions,
): Promise<UploadSession> {
  const { signal, ifMatch, ifNoneMatch, writeId, native, objectTags } = options;
  const { encrypt, compress, checksum } = options;
  const { upload, capabilities } = below;
  if (upload === undefined) throw unsupported(below.name, 'upload');
  const isConditional = ifMatch !== undefined || ifNoneMatch !== undefined;
  if (isConditional && !capabilities.uploadConditions) {
    const condition = ifMatch === undefined ? "ifNoneMatch: '*'" : 'ifMatch';
    throw unsupported(below.name, `${condition} for content that goes up in parts`);
  }
  return upload(key, {
    attributes: pickAttributes(options),
    ...(totalBytes !== undefined && { totalBytes }),
    ...(signal !== undefined && { signal }),
    ...(writeId !== undefined && { writeId }),
    ...(native !== undefined && { native }),
    ...(objectTags !== undefined && { objectTags }),
    ...(encrypt !== undefined && { encrypt }),
    ...(compress !== undefined && { compress }),
    ...(checksum !== undefined && capabilities.uploadChecksum && { checksum }),
  });
}

async function sendParts(
  session: UploadSession,
  stream: ReadableStream<Uint8Array>,
  totalBytes: number | undefined,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { part } = session;
  const reader = chunksOf(() => stream);
  const sizeAt = partSizes(part, totalBytes);
  const lanes = part.order === 'sequential' ? 1 : CONCURRENCY;
  const sending = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let left: Uint8Array = new Uint8Array(0);
  let offset = 0;
  try {
    for (;;) {
      const wanted = sizeAt(offset);
      const more = await waitFor(takeChunks(reader, wanted - left.byteLength), signal);
      const all = joinChunks([left, ...more.chunks]);
      const bytes = all.byteLength > wanted ? all.slice(0, wanted) : all;
      left = all.subarray(bytes.byteLength);
      if (failures.length > 0) throw failures[0];
      if (bytes.byteLength === 0) break;
      const sent = session
        .write(offset, bytes, signal === undefined ? {} : { signal })
        .catch((error: unknown) => {
          failures.push(error);
        })
        .finally(() => sending.delete(sent));
      sending.add(sent);
      offset += bytes.byteLength;
      if (sending.size >= lanes) await Promise.race(sending);
    }
    await Promise.all(sending);
    if (failures.length > 0) throw failures[0];
  } catch (error) {
    reader.cancel(error).catch(() => {});
    await Promise.all(sending);
    throw error;
  }
}

/** Sizes of parts that keep the session's rules, as core cuts them. */
function partSizes(rules: PartRules, totalBytes: number | undefined): (offset: number) => number {
  const { minBytes, maxBytes, multipleOf, maxParts } = rules;
  const largest = Math.max(Math.floor(maxBytes / multipleOf) * multipleOf, 1);
  const grid = partGrid(totalBytes, maxParts);
  return (offset) => {
    const wanted = Math.max(grid.stepAt(offset), minBytes);
    return Math.min(Math.ceil(wanted / multipleOf) * multipleOf, largest);
  };
}
