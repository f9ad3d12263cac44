import { pickAttributes } from '../attributes/check-attributes.ts';
import { sha256Hasher } from '../attributes/sha256.ts';
import type { Body } from '../contract/body.ts';
import type { EnginePutOptions } from '../contract/engine.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import type { UploadSession } from '../contract/upload.ts';
import type { ErrorCode } from '../errors/error-codes.ts';
import { isStorageError, StorageError } from '../errors/storage-error.ts';
import { abortedError, toStorageError, unsupported } from '../errors/to-storage-error.ts';
import { type EngineContext, engineError } from './engine-context.ts';
import { operationOf } from './operation-of.ts';
import { partFlight } from './part-flight.ts';
import { type PartPlan, planParts } from './part-plan.ts';
import { hashedReader, type PartReader } from './part-reader.ts';
import type { Reporter } from './report-progress.ts';

/** Parts in flight where the caller says nothing. */
const CONCURRENCY = 4;

/** Sessions that are begun for one put at most. */
const MAX_SESSIONS = 3;

/** What going on with the session could not mend, so that its parts are given up. */
const HOPELESS: ReadonlySet<ErrorCode> = new Set(['precondition-failed', 'too-large', 'corrupted']);

/** A body on its way up in parts. */
export interface LargePut {
  readonly key: string;
  /** Absent when it is not known. Units: bytes. */
  readonly totalBytes: number | undefined;
  readonly reader: PartReader;
  /** A reader from the start of the body, where that can be read again. */
  readonly readAgain: () => PartReader | undefined;
  readonly options: EnginePutOptions;
  readonly reporter: Reporter;
}

/** The body and options that a session takes. Errors: `unsupported` for what it could not honor. */
export function checkLarge(
  { provider }: EngineContext,
  body: Body,
  options: EnginePutOptions,
): void {
  const { ifMatch, ifNoneMatch, checksum } = options;
  const { uploadConditions, uploadChecksum } = provider.capabilities;
  const refused =
    (!uploadConditions && ifMatch !== undefined && 'ifMatch') ||
    (!uploadConditions && ifNoneMatch !== undefined && 'ifNoneMatch') ||
    (!uploadChecksum && checksum && 'checksum: true');
  if (refused) {
    const what = body.size === undefined ? 'a body of unknown length' : `${body.size} bytes`;
    throw unsupported(provider.name, `${refused} for ${what}, which go up in parts,`);
  }
}

/**
 * Sends a body up in parts. At most `concurrency` parts are in flight and one is being filled. A
 * failure stops the others. The session is then aborted, unless the caller was handed its token
 * (`onSession`, `resume`) and going on may help. When the service has lost a session that was begun
 * here, another one is begun while the body can be read again.
 */
export async function putLarge(context: EngineContext, put: LargePut): Promise<ObjectInfo> {
  let { reader } = put;
  for (let sessions = 1; ; sessions += 1) {
    try {
      return await putSession(context, { ...put, reader });
    } catch (error) {
      const mayBegin = sessions < MAX_SESSIONS && isLost(error, put.options);
      const again = mayBegin ? put.readAgain() : undefined;
      if (again === undefined) throw error;
      reader = again;
    }
  }
}

/** Whether a new session may do what this one did not. What another process began, only it knows. */
function isLost(error: unknown, { ifMatch, ifNoneMatch, resume }: EnginePutOptions): boolean {
  if (!isStorageError(error, 'conflict') || !error.restart || resume !== undefined) return false;
  // A condition may fail by what the lost session has done.
  const isConditional = ifMatch !== undefined || ifNoneMatch !== undefined;
  return !isConditional || error.outcome !== 'unknown';
}

async function putSession(context: EngineContext, put: LargePut): Promise<ObjectInfo> {
  const { options, key } = put;
  const { signal, ifMatch, ifNoneMatch, onSession, resume, checksum } = options;
  const hasher = checksum ? await sha256Hasher() : undefined;
  const session = await openSession(context, put);
  const handedOut = onSession !== undefined || resume !== undefined;
  try {
    onSession?.(session);
    const reader = hasher === undefined ? put.reader : hashedReader(put.reader, hasher);
    await sendParts(context, session, { ...put, reader });
    const info = await session.complete({
      ...(signal !== undefined && { signal }),
      ...(ifMatch !== undefined && { ifMatch }),
      ...(ifNoneMatch !== undefined && { ifNoneMatch }),
      ...(hasher !== undefined && { checksum: hasher.digest() }),
    });
    put.reporter.finish();
    return info;
  } catch (error) {
    const known = toStorageError(error, { provider: context.provider.name, key }, signal);
    const isOver = HOPELESS.has(known.code) || known.restart === true;
    if (!handedOut || isOver) await session.abort().catch(() => {});
    throw known;
  }
}

/** Begins a session, or goes on with one. One that is made after the caller gave up is thrown away. */
async function openSession(context: EngineContext, put: LargePut): Promise<UploadSession> {
  const { key, options, totalBytes } = put;
  const { signal, resume, checksum, encrypt, compress } = options;
  const upload = await operationOf(context.provider, 'upload', options, key);
  const place = { operation: 'put', key, outcome: 'not-applied' } as const;
  if (signal?.aborted) throw abortedError(signal, place);
  const attributes = pickAttributes(options);
  const opening = upload(key, {
    ...(resume !== undefined && { token: resume }),
    ...(totalBytes !== undefined && { totalBytes }),
    // A session that was begun without it is refused then.
    ...(encrypt && { encrypt }),
    ...(resume === undefined && {
      attributes,
      ...(checksum && { checksum: 'sha256' as const }),
      ...(compress && { compress }),
    }),
  });
  if (signal === undefined) return opening;
  return new Promise((resolve, reject) => {
    const giveUp = () => {
      reject(abortedError(signal, place));
      if (resume === undefined) opening.then((session) => session.abort()).catch(() => {});
    };
    signal.addEventListener('abort', giveUp, { once: true });
    opening.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}

async function sendParts(
  context: EngineContext,
  session: UploadSession,
  put: LargePut,
): Promise<void> {
  const { reader, reporter, totalBytes, options } = put;
  const { part } = session;
  const { signal, resume } = options;
  if (part.needsTotal && totalBytes === undefined) {
    throw engineError(context.provider, 'unsupported', 'it must know how long an upload is.', {
      key: put.key,
      hint: 'Say how long the content is: { size }.',
    });
  }
  const plan = planParts(part, totalBytes);
  const held = resume === undefined ? [] : (await session.status(options)).held;
  const heldEnd = held.reduce((end, { offset, length }) => Math.max(end, offset + length), 0);
  if (totalBytes !== undefined && heldEnd > totalBytes) throw otherContent(heldEnd, totalBytes);

  const flight = partFlight(session, limitOf(put, session), signal, reader);
  let offset = 0;
  let done = 0;
  const reach = (bytes: number) => {
    done += bytes;
    reporter.reach(done);
  };
  try {
    if (part.order === 'sequential' && heldEnd > 0) {
      offset = await skip(reader, heldEnd);
      reach(offset);
    }
    for (let index = 0; ; index += 1) {
      const bytes = await nextPart(reader, plan, index);
      flight.check();
      if (bytes.byteLength === 0) break;
      const start = offset;
      offset += bytes.byteLength;
      const kept = held.some((has) => has.offset <= start && has.offset + has.length >= offset);
      if (kept) reach(bytes.byteLength);
      else await flight.send(start, bytes, () => reach(bytes.byteLength));
    }
    await flight.settle();
    if (heldEnd > offset) throw otherContent(heldEnd, offset);
  } finally {
    await flight.stop();
  }
}

/** One more part than `maxParts` is asked for only to find that there is none. */
async function nextPart(reader: PartReader, plan: PartPlan, index: number): Promise<Uint8Array> {
  let size: number;
  try {
    size = plan.size(index);
  } catch (error) {
    const more = await reader.take(1);
    if (more.byteLength > 0) throw error;
    return more;
  }
  return reader.take(size);
}

function limitOf({ options }: LargePut, { part }: UploadSession): number {
  return part.order === 'sequential' ? 1 : (options.concurrency ?? CONCURRENCY);
}

/** Reads and drops what the service holds already. */
async function skip(reader: PartReader, count: number): Promise<number> {
  const step = 1024 * 1024;
  for (let left = count; left > 0; ) {
    const bytes = await reader.take(Math.min(left, step));
    if (bytes.byteLength === 0) throw otherContent(count, count - left);
    left -= bytes.byteLength;
  }
  return count;
}

function otherContent(heldBytes: number, totalBytes: number): StorageError {
  return new StorageError(
    'invalid-argument',
    `the session holds ${heldBytes} bytes, more than the ${totalBytes} of this content.`,
    {
      outcome: 'not-applied',
      hint: 'Go on with the content that the session was begun with, or put without resume.',
    },
  );
}
