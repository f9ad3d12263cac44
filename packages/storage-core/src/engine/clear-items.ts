import type { ClearOptions, ClearResult, ManyOptions, SweepOptions } from '../contract/engine.ts';
import type { BatchResult, ListItem, ListOptions } from '../contract/operations.ts';
import { isStorageError } from '../errors/storage-error.ts';
import { unsupported } from '../errors/to-storage-error.ts';
import {
  type EngineContext,
  engineError,
  isExpired,
  NO_OPTIONS,
  opened,
  signalOf,
} from './engine-context.ts';
import { deleteMany } from './many-items.ts';
import { itemProgress, runMany } from './run-many.ts';

type Failed = ClearResult['failed'][number];

/** Deletes what starts with a prefix, page by page while it is listed. */
export async function clearItems(
  context: EngineContext,
  prefix: string,
  options: ClearOptions,
): Promise<ClearResult> {
  const { provider } = context;
  const { all, onProgress: _told, ...many } = options;
  if (prefix === '' && all !== true) {
    throw engineError(provider, 'invalid-argument', 'no prefix was given.', {
      operation: 'clear',
      outcome: 'not-applied',
      hint: 'To delete everything, say so: clear({ all: true }).',
    });
  }
  const { atomicBatch } = (await opened(provider, options)).capabilities;
  if (many.atomic && !atomicBatch) {
    throw unsupported(provider.name, 'atomic: true').with({ operation: 'clear' });
  }
  const progress = itemProgress(options, undefined);
  const result = tally();
  const pending: string[] = [];
  for await (const page of provider.list({ prefix, ...signalOf(options) })) {
    const keys = page.entries.map(({ key }) => key);
    if (many.atomic) {
      pending.push(...keys);
      continue;
    }
    result.add(await deleteMany(context, keys, many));
    progress(keys.length);
  }
  if (pending.length > 0) {
    result.add(await deleteMany(context, pending, many));
    progress(pending.length);
  }
  return result.total();
}

/** Deletes the items whose time is up. */
export async function sweepItems(
  context: EngineContext,
  prefix = '',
  options: SweepOptions = NO_OPTIONS,
): Promise<ClearResult> {
  const { provider, now } = context;
  const { scan = false, onProgress: _told, ...many } = options;
  const {
    attributes = 'none',
    listFields = [],
    listAttributes,
  } = (await opened(provider, options)).capabilities;
  const result = tally();
  if (attributes === 'none') return result.total();
  const listed = listFields.includes('expiresAt') || listAttributes === true;
  if (!listed && !scan) {
    throw engineError(provider, 'unsupported', 'its listings do not tell when items expire.', {
      operation: 'sweep',
      hint: 'Allow a request per key: sweep(prefix, { scan: true }).',
    });
  }
  const query: ListOptions = {
    prefix,
    ...signalOf(options),
    ...(listAttributes && !listFields.includes('expiresAt') && { include: ['attributes'] }),
  };
  const progress = itemProgress(options, undefined);
  for await (const page of provider.list(query)) {
    const items = page.entries.filter((entry): entry is ListItem => entry.kind === 'item');
    const candidates = listed ? items.filter((item) => isExpired(item, now)) : items;
    const keys = candidates.map(({ key }) => key);
    const swept = await runMany(context, 'sweep', keys, many, (_key, index) =>
      deleteExpired(context, candidates[index] as ListItem, many),
    );
    result.add(swept.filter((one) => !one.ok || one.value));
    progress(items.length);
  }
  return result.total();
}

/** Deletes an item that is still expired; whether it was. An item renewed meanwhile stays. */
async function deleteExpired(
  { provider, now }: EngineContext,
  item: ListItem,
  options: ManyOptions,
): Promise<boolean> {
  const { deleteIfMatch, etagCovers } = provider.capabilities;
  const signal = signalOf(options);
  try {
    // Only an etag that covers attributes changes when the expiry alone is moved.
    const sure = deleteIfMatch && etagCovers === 'attributes' && item.etag !== undefined;
    const info = sure && isExpired(item, now) ? item : await provider.stat(item.key, signal);
    if (!isExpired(info, now)) return false;
    const { etag } = info;
    await provider.delete(item.key, {
      ...signal,
      ...(deleteIfMatch && etag !== undefined && { ifMatch: etag }),
    });
    return true;
  } catch (error) {
    const gone = isStorageError(error, 'not-found') || isStorageError(error, 'precondition-failed');
    if (gone) return false;
    throw error;
  }
}

function tally() {
  let deleted = 0;
  const failed: Failed[] = [];
  return {
    add(results: readonly BatchResult<unknown>[]): void {
      for (const result of results) {
        if (result.ok) deleted += 1;
        else failed.push({ key: result.key, error: result.error });
      }
    },
    total: (): ClearResult => ({ deleted, failed }),
  };
}
