import { pickAttributes } from '../attributes/check-attributes.ts';
import { contentTypeOf } from '../attributes/content-type.ts';
import type { UpdateOptions } from '../contract/engine.ts';
import type { ObjectAttributes, ObjectInfo } from '../contract/object-info.ts';
import type { WriteConditions } from '../contract/operations.ts';
import { isStorageError } from '../errors/storage-error.ts';
import { unsupported } from '../errors/to-storage-error.ts';
import { raceAbort } from '../provider/race-abort.ts';
import {
  type EngineContext,
  engineError,
  isExpired,
  NO_OPTIONS,
  opened,
  signalOf,
} from './engine-context.ts';
import { codecsOf, essence } from './values/codecs.ts';

const MAX_ATTEMPTS = 16;
/** Longest wait after a lost race. Units: ms. */
const MAX_PAUSE_MS = 64;

/** Computes the new value of an item from what it is now. */
export type Change = (value: unknown, info: ObjectInfo | undefined) => unknown;

/** An item as an update found it. `condition` holds as long as nobody else wrote. */
interface Found {
  readonly value: unknown;
  readonly info: ObjectInfo | undefined;
  readonly condition: WriteConditions;
}

/**
 * Changes an item as a compare-and-swap: what was read is written over only when it is still
 * there, else all is done again. It never falls back to read-then-write.
 */
export async function updateItem(
  context: EngineContext,
  key: string,
  change: Change,
  options: UpdateOptions = NO_OPTIONS,
): Promise<ObjectInfo> {
  const { provider } = context;
  const { maxAttempts = MAX_ATTEMPTS, signal } = options;
  const place = { operation: 'update', key, outcome: 'not-applied' } as const;
  if (!Number.isInteger(maxAttempts) || maxAttempts < 1) {
    throw engineError(provider, 'invalid-argument', 'maxAttempts is not at least 1.', place);
  }
  const { capabilities } = await opened(provider, options);
  if (!capabilities.replaceIfMatch || !capabilities.createIfAbsent) {
    throw unsupported(provider.name, 'update, which needs conditional writes,').with(place);
  }
  if (capabilities.etagCovers === 'content' && givesAttributes(options)) {
    throw unsupported(provider.name, 'an update of attributes, which its etags leave out,').with(
      place,
    );
  }

  let lost: unknown;
  for (let attempt = 0; attempt < maxAttempts; attempt += 1) {
    if (attempt > 0) await pause(attempt, signal);
    const found = await read(context, key, options).catch(raced);
    if ('lost' in found) {
      lost = found.lost;
      continue;
    }
    const next = await change(found.value, found.info);
    if (next === undefined) {
      throw engineError(provider, 'invalid-data', 'the change gave no value.', {
        ...place,
        hint: 'Return the new value; to leave the item as it is, return the value that came in.',
      });
    }
    const written = await write(context, key, next, found, options).catch(raced);
    if (!('lost' in written)) return written;
    lost = written.lost;
  }
  throw engineError(provider, 'conflict', `others wrote meanwhile, ${maxAttempts} times.`, {
    ...place,
    hint: 'Try again later, or raise maxAttempts.',
    cause: lost,
  });
}

function givesAttributes({ metadata, tags, expiration }: UpdateOptions): boolean {
  return metadata !== undefined || tags !== undefined || expiration !== undefined;
}

async function read(context: EngineContext, key: string, options: UpdateOptions): Promise<Found> {
  const absent = { value: undefined, info: undefined };
  try {
    const object = await context.provider.get(key, signalOf(options));
    const { info } = object;
    const condition = { ifMatch: info.etag };
    if (isExpired(info, context.now)) {
      await object.cancel();
      return { ...absent, condition };
    }
    return { value: await context.decode(object, schemaOf(options)), info, condition };
  } catch (error) {
    if (!isStorageError(error, 'not-found')) throw error;
    return { ...absent, condition: { ifNoneMatch: '*' } };
  }
}

async function write(
  context: EngineContext,
  key: string,
  value: unknown,
  { info, condition }: Found,
  { maxAttempts: _once, expiration, schema, format, ...options }: UpdateOptions,
): Promise<ObjectInfo> {
  const kept = info === undefined ? {} : pickAttributes(info);
  const { contentType: recorded = contentTypeOf(key), ...rest } = kept;
  const keepsFormat = format === undefined && info !== undefined && recorded !== undefined;
  const asked = keepsFormat ? codecsOf(context.options.codecs).ofType(recorded).name : format;
  const { body, contentType } = await context.encode(key, value, {
    ...(schema !== undefined && { schema }),
    ...(asked !== undefined && { format: asked }),
  });
  const type = keepsFormat ? typeToKeep(key, recorded) : contentType;
  const attributes: ObjectAttributes = {
    ...rest,
    ...(type !== undefined && { contentType: type }),
    ...(expiration !== undefined && { expiresAt: expiration }),
  };
  return context.put(key, body, { ...attributes, ...options, ...condition });
}

function schemaOf({ schema }: UpdateOptions): Pick<UpdateOptions, 'schema'> {
  return schema === undefined ? {} : { schema };
}

/** Text is written in UTF-8, whatever it was read in. */
function typeToKeep(key: string, recorded: string): string | undefined {
  const type = /;\s*charset=/i.test(recorded) ? essence(recorded) : recorded;
  return type === contentTypeOf(key) ? undefined : type;
}

/** A lost race as a result; any other error as an error. */
function raced(error: unknown): { readonly lost: unknown } {
  if (isStorageError(error, 'precondition-failed') || isStorageError(error, 'conflict')) {
    return { lost: error };
  }
  throw error;
}

/** Waits a random while that grows with the attempts, so that racing writers get out of step. */
function pause(attempt: number, signal: AbortSignal | undefined): Promise<void> {
  const delayMs = Math.random() * Math.min(2 ** attempt, MAX_PAUSE_MS);
  return raceAbort(new Promise((resolve) => setTimeout(resolve, delayMs)), signal);
}
