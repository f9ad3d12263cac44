import { contentTypeOf } from '../../attributes/content-type.ts';
import type { JsonValue } from '../../contract/json.ts';
import type {
  CandidateQuery,
  ListingPage,
  SearchIndex,
  StorageItem,
  StorageQuery,
} from '../../contract/listing.ts';
import type {
  ListEntry,
  ListOptions,
  ListPage,
  OperationOptions,
} from '../../contract/operations.ts';
import type { StorageProvider } from '../../contract/provider.ts';
import { isStorageError, StorageError } from '../../errors/storage-error.ts';
import { toStorageError } from '../../errors/to-storage-error.ts';
import { decodeCursor, encodeCursor } from '../../listing/cursor.ts';
import { ownOperation } from '../../provider/own-operation.ts';
import { type EngineContext, engineError, isExpired, opened, signalOf } from '../engine-context.ts';
import { runMany } from '../run-many.ts';
import { checkQuery } from './check-query.ts';
import { fieldMatcher, missingWords, textOf, wordsOf } from './match-item.ts';
import { type ItemOrder, orderOf, type Rank, selectFirst } from './order-items.ts';
import { NARROWING, planScan, type ScanPlan } from './plan-scan.ts';

/** Most items of one page of a sorted search. */
const PAGE_ITEMS = 1000;

/** The pages of a search: from the index where there is one, else by a scan of the listing. */
export async function* searchPages(
  context: EngineContext,
  query: StorageQuery,
  options: OperationOptions,
): AsyncGenerator<ListingPage<StorageItem>, void, undefined> {
  const { provider, options: engine } = context;
  try {
    checkQuery(query);
    await opened(provider, options);
    yield* engine.index === undefined
      ? scanPages(context, query, options)
      : indexPages(context, engine.index, query, options);
  } catch (error) {
    throw toStorageError(error, { provider: provider.name, operation: 'search' });
  }
}

/** What the index finds, in the keys of this engine. */
async function* indexPages(
  { prefix, now }: EngineContext,
  index: SearchIndex,
  query: StorageQuery,
  options: OperationOptions,
): AsyncGenerator<ListingPage<StorageItem>, void, undefined> {
  const full: StorageQuery =
    prefix === '' ? query : { ...query, prefix: prefix + (query.prefix ?? '') };
  for await (const { items, cursor } of index.search(full, options)) {
    const own = items
      .filter((item) => item.key.startsWith(prefix) && !isExpired(item, now))
      .map((item) => (prefix === '' ? item : { ...item, key: item.key.slice(prefix.length) }));
    yield { entries: own, ...(cursor !== undefined && { cursor }) };
  }
}

async function* scanPages(
  context: EngineContext,
  query: StorageQuery,
  options: OperationOptions,
): AsyncGenerator<ListingPage<StorageItem>, void, undefined> {
  const { provider } = context;
  const { capabilities } = provider;
  const plan = planScan(capabilities, query);
  if (plan.perKey !== undefined && !query.scan) {
    throw engineError(provider, 'unsupported', `its listings do not tell ${plan.perKey}.`, {
      hint: 'Allow a request per key with { scan: true }, or give the storage an index.',
    });
  }
  const after = query.cursor === undefined ? undefined : rankFrom(query.cursor, query);
  const order = orderOf(query);
  const inOrder =
    capabilities.listOrder === 'utf8' &&
    (query.sort === undefined || (query.sort.by === 'key' && query.sort.order !== 'desc'));
  const pages = matchingPages(context, query, plan, {
    ...signalOf(options),
    ...(query.prefix !== undefined && { prefix: query.prefix }),
    ...(plan.include && { include: ['attributes'] }),
    ...(inOrder && after !== undefined && { startAfter: after[1] }),
  });
  yield* inOrder ? streamedPages(pages, query, order) : sortedPages(pages, query, order, after);
}

/** Pages as they come: the listing has the order that is asked for. */
async function* streamedPages(
  pages: AsyncIterable<StorageItem[]>,
  query: StorageQuery,
  order: ItemOrder,
): AsyncGenerator<ListingPage<StorageItem>, void, undefined> {
  let left = query.limit ?? Number.POSITIVE_INFINITY;
  // A page is given out when the next one is known, because the last one carries no cursor.
  let held: StorageItem[] = [];
  for await (const items of pages) {
    if (items.length === 0) continue;
    if (held.length > 0) {
      left -= held.length;
      yield pageOf(held, query, order, true);
      if (left === 0) return;
    }
    held = items.slice(0, left);
    if (held.length < items.length) {
      yield pageOf(held, query, order, true);
      return;
    }
  }
  if (held.length > 0) yield pageOf(held, query, order, false);
}

/** Pages of what is selected in a walk over everything. */
async function* sortedPages(
  pages: AsyncIterable<StorageItem[]>,
  query: StorageQuery,
  order: ItemOrder,
  after: Rank | undefined,
): AsyncGenerator<ListingPage<StorageItem>, void, undefined> {
  const { limit = Number.POSITIVE_INFINITY } = query;
  // One more than asked for tells whether there is a page behind the last.
  const selection = selectFirst(order, limit + 1, after);
  for await (const items of pages) for (const item of items) selection.add(item);
  const all = selection.items();
  const end = Math.min(limit, all.length);
  for (let start = 0; start < end; start += PAGE_ITEMS) {
    const items = all.slice(start, Math.min(start + PAGE_ITEMS, end));
    yield pageOf(items, query, order, start + items.length < all.length);
  }
}

/** The items of each page of the listing that match. */
async function* matchingPages(
  context: EngineContext,
  query: StorageQuery,
  plan: ScanPlan,
  list: ListOptions,
): AsyncGenerator<StorageItem[], void, undefined> {
  const { provider, now } = context;
  const matches = fieldMatcher(query, (item) => item.contentType ?? contentTypeOf(item.key));
  const isAlive = (entry: ListEntry): entry is StorageItem =>
    entry.kind === 'item' && !isExpired(entry, now);
  for await (const { entries } of pagesOf(provider, query, plan, list)) {
    const matching = plan.stats
      ? (await statEach(context, entries.filter(isAlive), list)).filter(matches)
      : entries.filter((entry): entry is StorageItem => isAlive(entry) && matches(entry));
    yield query.text === undefined ? matching : await withText(context, query, matching, list);
  }
}

/** What is looked at: the listing, or what the provider's index has found. */
function pagesOf(
  provider: StorageProvider,
  query: StorageQuery,
  plan: ScanPlan,
  list: ListOptions,
): AsyncIterable<ListPage> {
  if (!plan.candidates) return provider.list(list);
  const { prefix, startAfter } = list;
  const narrow: CandidateQuery = {
    ...(prefix !== undefined && { prefix }),
    ...(startAfter !== undefined && { startAfter }),
    ...Object.fromEntries(
      NARROWING.filter((field) => query[field] !== undefined).map((field) => [field, query[field]]),
    ),
  };
  return ownOperation(provider)('candidates')(narrow, signalOf(list));
}

/** Items with all that `stat` tells. One that is gone meanwhile, or expired, is left out. */
async function statEach(
  context: EngineContext,
  items: readonly StorageItem[],
  options: OperationOptions,
): Promise<StorageItem[]> {
  const keys = items.map(({ key }) => key);
  const infos = await runMany(context, 'search', keys, signalOf(options), (key) =>
    context.stat(key, signalOf(options)),
  );
  return infos.flatMap((info): StorageItem[] => {
    if (info.ok) return [{ ...info.value, kind: 'item' }];
    if (isStorageError(info.error, 'not-found')) return [];
    throw info.error;
  });
}

/** The items in which every word of the text occurs somewhere. Values are read only for what is still missing. */
async function withText(
  context: EngineContext,
  { text = '', textIn = ['key', 'tags', 'metadata'] }: StorageQuery,
  items: readonly StorageItem[],
  options: OperationOptions,
): Promise<StorageItem[]> {
  const words = wordsOf(text);
  const missing = items.map((item) => {
    const places: string[] = [];
    if (textIn.includes('key')) places.push(item.key);
    if (textIn.includes('tags')) places.push(...(item.tags ?? []));
    if (textIn.includes('metadata')) places.push(textOf(item.metadata));
    return missingWords(words, places.join('\n'));
  });
  if (!textIn.includes('value')) return items.filter((_, index) => missing[index]?.length === 0);

  const keys = items.map(({ key }) => key);
  const found = await runMany(context, 'search', keys, signalOf(options), async (key, index) => {
    const open = missing[index] ?? [];
    if (open.length === 0) return true;
    const value = await context.decode(await context.get(key, signalOf(options)), {});
    return missingWords(open, textOf(value)).length === 0;
  });
  return items.filter((_, index) => {
    const result = found[index];
    if (result === undefined || result.ok) return result?.value === true;
    const { error } = result;
    // Gone meanwhile, or not readable as what it says it is: no text to find.
    if (isStorageError(error, 'not-found') || isStorageError(error, 'invalid-data')) return false;
    throw error;
  });
}

function pageOf(
  entries: readonly StorageItem[],
  query: StorageQuery,
  order: ItemOrder,
  hasMore: boolean,
): ListingPage<StorageItem> {
  const last = entries.at(-1);
  return hasMore && last !== undefined
    ? { entries, cursor: encodeCursor(identity(query), [...order.rankOf(last)]) }
    : { entries };
}

function rankFrom(cursor: string, query: StorageQuery): Rank {
  const position = placeOf(cursor, query);
  if (Array.isArray(position) && position.length === 2 && typeof position[1] === 'string') {
    return position as unknown as Rank;
  }
  throw otherSearch();
}

function placeOf(cursor: string, query: StorageQuery): JsonValue {
  try {
    return decodeCursor(cursor, identity(query));
  } catch {
    throw otherSearch();
  }
}

function otherSearch(): StorageError {
  return new StorageError('invalid-argument', '"cursor" is not one of this search.', {
    hint: 'Search with the same query again, or without the cursor from the start.',
  });
}

/** What a cursor is bound to: everything that decides which items come, and in which order. */
function identity({ cursor, limit, scan, ...query }: StorageQuery): { readonly prefix: string } {
  return { prefix: `search ${canonical(query)}` };
}

function canonical(value: unknown): string {
  if (value instanceof Date) return value.toISOString();
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const members = Object.entries(value)
    .filter(([, member]) => member !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${canonical(member)}`);
  return `{${members.join()}}`;
}
