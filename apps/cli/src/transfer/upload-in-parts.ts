import type {
  ContentRange,
  ObjectInfo,
  PartRules,
  StoredObject,
  UploadSession,
} from '@granary/storage-core';
import { isStorageError, StorageError } from '@granary/storage-core';
import { attributesOf } from './attributes.ts';
import type { CopySettings, CopyTask } from './copy-object.ts';
import { runParallel } from './run-parallel.ts';

/** Size of a part where the target does not ask for another. Units: bytes. */
const PART_BYTES = 8 * 2 ** 20;
const PARTS_IN_FLIGHT = 4;
/** Of larger parts fewer are in memory. Units: bytes. */
const BYTES_IN_FLIGHT = 64 * 2 ** 20;

interface OpenSession {
  readonly session: UploadSession;
  /** Units: bytes. */
  readonly partBytes: number;
  /** What the target holds of it already. */
  readonly held: readonly ContentRange[];
}

/**
 * Copies a large object as an upload session whose token is in the journal, so that the next run
 * goes on where this one ended. Parts that the target holds are not sent again, unless the source
 * is another write by now.
 */
export async function uploadInParts(task: CopyTask, settings: CopySettings): Promise<ObjectInfo> {
  const { to, from } = task;
  const { signal, journal, onBytes, ifAbsent } = settings;
  const info = await from.store.stat(from.key, { signal });
  const { session, partBytes, held } = await openSession(task, info, settings);

  let sentBytes = 0;
  const parts: ContentRange[] = [];
  for (const part of partsOf(info.size, partBytes)) {
    if (isHeld(part, held)) sentBytes += part.length;
    else parts.push(part);
  }
  onBytes(sentBytes);

  await runParallel(parts, partsInFlight(session.part, partBytes), async ({ offset, length }) => {
    await using object = await readPart(task, info, { offset, length }, signal);
    await session.write(offset, await object.bytes(), { signal });
    sentBytes += length;
    onBytes(sentBytes);
  });

  try {
    const done = await session.complete({ signal, ...(ifAbsent ? { ifNoneMatch: '*' } : {}) });
    await journal?.recordSession(to.key, undefined);
    return done;
  } catch (error) {
    if (isStorageError(error, 'conflict')) await journal?.recordSession(to.key, undefined);
    throw error;
  }
}

async function openSession(
  task: CopyTask,
  info: ObjectInfo,
  settings: CopySettings,
): Promise<OpenSession> {
  const { to } = task;
  const { signal, journal, contentOnly } = settings;
  const asked = settings.encrypt ? { encrypt: true } : {};
  const left = journal?.session(to.key);
  if (left !== undefined) {
    const session = await to.store
      .upload(to.key, { token: left.token, totalBytes: info.size, signal, ...asked })
      .catch(lostSession);
    if (session !== undefined && left.source === info.etag) {
      const status = await session.status({ signal }).catch(lostSession);
      if (status !== undefined) return { session, partBytes: left.partBytes, held: status.held };
    } else {
      await session?.abort({ signal }).catch(lostSession);
    }
  }
  const session = await to.store.upload(to.key, {
    totalBytes: info.size,
    signal,
    ...asked,
    ...(contentOnly ? {} : { attributes: attributesOf(info) }),
  });
  const partBytes = partSize(session.part, info.size);
  await journal?.recordSession(to.key, { source: info.etag, token: session.token, partBytes });
  return { session, partBytes, held: [] };
}

/** A session that the target no longer knows is begun anew; any other error is one. */
function lostSession(error: unknown): undefined {
  const isLost = (['not-found', 'conflict', 'invalid-argument'] as const).some((code) =>
    isStorageError(error, code),
  );
  if (!isLost) throw error;
  return undefined;
}

/** Reads a part of the same write that the session is of. */
async function readPart(
  { from }: CopyTask,
  info: ObjectInfo,
  range: ContentRange,
  signal: AbortSignal,
): Promise<StoredObject> {
  const object = await from.store.get(from.key, { range, signal });
  if (object.info.etag === info.etag) return object;
  await object.cancel();
  throw new StorageError('conflict', 'the source changed while it was copied.', {
    operation: 'copy',
    key: from.key,
    hint: 'Copy it again.',
  });
}

/** Chooses a size of parts that the target's rules allow. Errors: `too-large` when none does. */
export function partSize(rules: PartRules, totalBytes: number): number {
  const { minBytes, maxBytes, multipleOf, maxParts } = rules;
  const wanted = Math.max(PART_BYTES, minBytes, Math.ceil(totalBytes / maxParts));
  const rounded = Math.ceil(wanted / multipleOf) * multipleOf;
  const largest = Math.floor(maxBytes / multipleOf) * multipleOf;
  const size = Math.min(rounded, largest);
  if (size * maxParts < totalBytes) {
    throw new StorageError('too-large', `${totalBytes} bytes do not fit into ${maxParts} parts.`);
  }
  return size;
}

/** How many parts are read and sent at once. */
export function partsInFlight({ order }: Pick<PartRules, 'order'>, partBytes: number): number {
  if (order === 'sequential') return 1;
  return Math.max(1, Math.min(PARTS_IN_FLIGHT, Math.floor(BYTES_IN_FLIGHT / partBytes)));
}

function* partsOf(totalBytes: number, partBytes: number): Generator<ContentRange> {
  for (let offset = 0; offset < totalBytes; offset += partBytes) {
    yield { offset, length: Math.min(partBytes, totalBytes - offset) };
  }
}

function isHeld(part: ContentRange, held: readonly ContentRange[]): boolean {
  const end = part.offset + part.length;
  return held.some(({ offset, length }) => offset <= part.offset && end <= offset + length);
}
