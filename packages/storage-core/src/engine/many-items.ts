import type { ManyOptions, SaveEntry } from '../contract/engine.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import type { BatchOptions, BatchResult, DeleteResult, PutEntry } from '../contract/operations.ts';
import type { SaveOptions } from '../contract/values.ts';
import { toStorageError, unsupported } from '../errors/to-storage-error.ts';
import { checkConcurrency } from './check-concurrency.ts';
import {
  type EngineContext,
  expiredError,
  isExpired,
  NO_OPTIONS,
  opened,
  putOptionsOf,
  saveToPut,
  signalOf,
} from './engine-context.ts';
import { itemProgress, runMany } from './run-many.ts';

/**
 * Most items in one call of a provider's own batch, and the content after which no more is added: each
 * batch waits for its commit, and holds what it sends. Units: bytes.
 */
const BATCH = { items: 4000, bytes: 8 * 1024 * 1024 };
/** Most objects whose bodies are held at once. */
const HELD_OBJECTS = 64;

/** Saves several items: in the provider's own batches where it has them, else side by side. */
export async function saveMany(
  context: EngineContext,
  entries: readonly SaveEntry[],
  options: ManyOptions = NO_OPTIONS,
): Promise<BatchResult<ObjectInfo>[]> {
  const { putMany, capabilities } = await batchOf(context, 'saveMany', options);
  const keys = entries.map(({ key }) => key);
  if (putMany === undefined) return saveEach(context, entries, options);

  const encoded = await runMany(context, 'saveMany', keys, silent(options), async (_key, index) =>
    toPutEntry(context, entries[index] as SaveEntry),
  );
  const largest = capabilities.maxPutBytes ?? Number.POSITIVE_INFINITY;
  const alone = (entry: PutEntry) =>
    entry.options?.ifNoneMatch !== undefined || (entry.body.size ?? 0) > largest;
  if (!options.atomic && encoded.some((result) => result.ok && alone(result.value))) {
    return saveEach(context, entries, options);
  }
  return inBatches(
    encoded,
    options,
    ({ body }) => body.size ?? 0,
    (good) =>
      putMany(
        good.map(({ value }) => value),
        batchOptions(options),
      ),
  );
}

/** Loads several items. */
export async function loadMany(
  context: EngineContext,
  keys: readonly string[],
  options: ManyOptions = NO_OPTIONS,
): Promise<BatchResult<unknown>[]> {
  const { provider, now } = context;
  const { getMany } = await batchOf(context, 'loadMany', options);
  if (getMany === undefined || options.atomic) {
    return runMany(context, 'loadMany', keys, options, async (key) =>
      context.decode(await context.get(key, signalOf(options)), {}),
    );
  }
  const progress = itemProgress(options, keys.length);
  const results: BatchResult<unknown>[] = [];
  for (let start = 0; start < keys.length; start += HELD_OBJECTS) {
    const found = await getMany(keys.slice(start, start + HELD_OBJECTS), signalOf(options));
    const values = found.map(async (result): Promise<BatchResult<unknown>> => {
      if (!result.ok) return result;
      const { key, value: object } = result;
      try {
        if (!isExpired(object.info, now)) {
          return { key, ok: true, value: await context.decode(object, {}) };
        }
        await object.cancel();
        throw expiredError(provider, 'loadMany', key);
      } catch (error) {
        return { key, ok: false, error: toStorageError(error, { operation: 'loadMany', key }) };
      }
    });
    results.push(...(await Promise.all(values)));
    progress(found.length);
  }
  return results;
}

/** Deletes several objects. */
export async function deleteMany(
  context: EngineContext,
  keys: readonly string[],
  options: ManyOptions = NO_OPTIONS,
): Promise<BatchResult<DeleteResult>[]> {
  const { deleteMany: native } = await batchOf(context, 'deleteMany', options);
  if (native === undefined) {
    return runMany(context, 'deleteMany', keys, options, (key) =>
      context.provider.delete(key, signalOf(options)),
    );
  }
  const all = keys.map((key): BatchResult<string> => ({ key, ok: true, value: key }));
  return inBatches(
    all,
    options,
    () => 0,
    (good) =>
      native(
        good.map(({ value }) => value),
        batchOptions(options),
      ),
  );
}

/** The provider with its batches. Errors: `unsupported` for `atomic` where batches are not. */
async function batchOf({ provider }: EngineContext, operation: string, options: ManyOptions) {
  checkConcurrency(options.concurrency);
  const ready = await opened(provider, options);
  if (options.atomic && (operation === 'loadMany' || !ready.capabilities.atomicBatch)) {
    throw unsupported(provider.name, 'atomic: true').with({ operation });
  }
  return ready;
}

function saveEach(
  context: EngineContext,
  entries: readonly SaveEntry[],
  options: ManyOptions,
): Promise<BatchResult<ObjectInfo>[]> {
  const keys = entries.map(({ key }) => key);
  return runMany(context, 'saveMany', keys, options, async (key, index) => {
    const { value, key: _key, ...rest } = entries[index] as SaveEntry;
    const save: SaveOptions = { ...rest, ...signalOf(options) };
    const { body, contentType } = await context.encode(key, value, save);
    return context.put(key, body, saveToPut(save, contentType));
  });
}

async function toPutEntry(
  context: EngineContext,
  { key, value, ...options }: SaveEntry,
): Promise<PutEntry> {
  const { body, contentType } = await context.encode(key, value, options);
  return { key, body, options: putOptionsOf(saveToPut(options, contentType)) };
}

type Good<Item> = Extract<BatchResult<Item>, { readonly ok: true }>;

/** Sends what could be prepared in batches, and puts the results in the places of their items. */
async function inBatches<Item, Value>(
  prepared: readonly BatchResult<Item>[],
  options: ManyOptions,
  bytesOf: (item: Item) => number,
  send: (good: readonly Good<Item>[]) => Promise<readonly BatchResult<Value>[]>,
): Promise<BatchResult<Value>[]> {
  const results: (BatchResult<Value> | undefined)[] = prepared.map((result) =>
    result.ok ? undefined : result,
  );
  const places = prepared.flatMap((result, index) => (result.ok ? [{ result, index }] : []));
  const failed = prepared.find((result) => !result.ok);
  if (options.atomic && failed !== undefined && !failed.ok) throw failed.error;

  const progress = itemProgress(options, prepared.length);
  if (places.length < prepared.length) progress(prepared.length - places.length);
  const bytesAt = ({ result }: (typeof places)[number]) => bytesOf(result.value);
  for (const batch of options.atomic ? [places] : cut(places, bytesAt)) {
    if (batch.length === 0) continue;
    const sent = await send(batch.map(({ result }) => result));
    batch.forEach(({ index }, place) => {
      results[index] = sent[place];
    });
    progress(batch.length);
  }
  return results as BatchResult<Value>[];
}

/** Groups of at most `BATCH.items`, which end where they have `BATCH.bytes`. */
function cut<Item>(items: readonly Item[], bytesOf: (item: Item) => number): Item[][] {
  const batches: Item[][] = [];
  let bytes = 0;
  for (const item of items) {
    const last = batches.at(-1);
    if (last === undefined || last.length === BATCH.items || bytes >= BATCH.bytes) {
      batches.push([item]);
      bytes = 0;
    } else {
      last.push(item);
    }
    bytes += bytesOf(item);
  }
  return batches;
}

function batchOptions(options: ManyOptions): BatchOptions {
  return { ...signalOf(options), ...(options.atomic && { atomic: true }) };
}

function silent({ onProgress: _told, ...options }: ManyOptions): ManyOptions {
  return options;
}
