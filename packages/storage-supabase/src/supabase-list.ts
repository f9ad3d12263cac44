import {
  decodeCursor,
  encodeCursor,
  isKey,
  isStorageError,
  type JsonValue,
  type ListEntry,
  type ListOptions,
  type ListPage,
  StorageError,
} from '@granary/storage-core/provider';
import { type NativeEntry, toItem } from './supabase-attributes.ts';
import type { SupabaseBucket } from './supabase-client.ts';
import { isWholePrefix, namePrefix, toKey } from './supabase-keys.ts';
import { nativeInfo } from './supabase-read.ts';

/** Most entries of an answer. https://github.com/supabase/storage/blob/master/src/storage/object.ts, read 2026-11-21 */
const PAGE_SIZE = 1000;
/**
 * Most entries of a page that the service groups itself. Behind such a page it leaves names out: behind
 * `a` it goes on at `a/`, so `a-b` is lost, and within one beyond half of a batch of 1,000. So it groups
 * only what fits one page, and all else is grouped here.
 * https://github.com/supabase/storage/blob/master/migrations/tenant/0050-search-v2-optimised.sql
 */
const GROUPED_SIZE = 400;
/** A name that nothing has, which tells a missing bucket from an empty one. */
const PROBE = 'granary-probe';

interface NativePage {
  readonly hasNext: boolean;
  readonly nextCursor?: string;
  readonly objects: readonly NativeEntry[];
  readonly folders: readonly { readonly name: string }[];
}

/** Where a walk goes on: in which of the service's pages, behind which name, and the last group told. */
interface Place {
  readonly cursor?: string;
  readonly after?: string;
  readonly group?: string;
}

/** Lists objects in the order of their names. An empty listing is asked about once more: a missing bucket looks the same. */
export async function* listObjects(
  store: SupabaseBucket,
  options: ListOptions,
): AsyncGenerator<ListPage, void, undefined> {
  const { cursor, signal } = options;
  let isEmpty = true;
  for await (const page of pagesOf(store, options)) {
    isEmpty = false;
    yield page;
  }
  if (!isEmpty || cursor !== undefined) return;
  await nativeInfo(store, PROBE, signal).catch((error: unknown) => {
    if (!isStorageError(error, 'not-found')) throw error;
  });
}

async function* pagesOf(
  store: SupabaseBucket,
  options: ListOptions,
): AsyncGenerator<ListPage, void, undefined> {
  const { delimiter, limit = Number.POSITIVE_INFINITY, cursor } = options;
  if (delimiter !== undefined && cursor === undefined) {
    const page = await groupedPage(store, options);
    if (page) {
      if (page.length > 0) yield { entries: page };
      return;
    }
  }
  let left = limit;
  let held: readonly ListEntry[] = [];
  for (let place: Place | undefined = placeOf(options); place; ) {
    const found = await flatPage(store, options, place, left);
    held = [...held, ...found.entries];
    left -= found.entries.length;
    place = found.next;
    // Where all that is left may be of the last group, one entry more has to be seen.
    if (left === 0 && place && !found.hasMore) continue;
    if (held.length > 0) {
      yield { entries: held, ...(place && { cursor: encodeCursor(options, toJson(place)) }) };
    }
    held = [];
    if (left === 0) return;
  }
  if (held.length > 0) yield { entries: held };
}

/** Everything in one page, grouped by the service; `undefined` when it does not fit one. */
async function groupedPage(
  store: SupabaseBucket,
  options: ListOptions,
): Promise<readonly ListEntry[] | undefined> {
  const { prefix = '', limit = GROUPED_SIZE, signal } = options;
  // A prefix that ends within an escape would group what it does not mean.
  if (!isWholePrefix(prefix) || limit < GROUPED_SIZE) return undefined;
  const { hasNext, objects, folders } = await nativePage(
    store,
    { prefix: namePrefix(prefix), with_delimiter: true, limit: GROUPED_SIZE },
    signal,
  );
  if (hasNext) return undefined;
  const entries: { readonly name: string; readonly entry: ListEntry }[] = [
    ...objects.map((object) => ({ name: object.name, entry: toItem(object) })),
    ...folders.map(({ name }) => ({ name, entry: { kind: 'prefix', key: toKey(name) } as const })),
  ];
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.map(({ entry }) => entry).filter(({ key }) => key.startsWith(prefix));
}

/** What one of the service's pages has from a place on, grouped here, as far as the limit allows. */
async function flatPage(
  store: SupabaseBucket,
  { prefix = '', delimiter, signal }: ListOptions,
  { cursor, after = '', group: last }: Place,
  most: number,
): Promise<{
  readonly entries: readonly ListEntry[];
  readonly next: Place | undefined;
  /** There is an entry behind these for sure. */
  readonly hasMore: boolean;
}> {
  const isExact = delimiter === undefined && namePrefix(prefix) === prefix && isWholePrefix(prefix);
  const { hasNext, nextCursor, objects } = await nativePage(
    store,
    {
      prefix: namePrefix(prefix),
      limit: isExact && after === '' ? Math.min(PAGE_SIZE, most) : PAGE_SIZE,
      ...(cursor !== undefined && { cursor }),
    },
    signal,
  );
  const entries: ListEntry[] = [];
  let group = last;
  let behind = after;
  for (const object of objects) {
    if (object.name <= after) continue;
    const key = toKey(object.name);
    const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
    const own = end < 0 ? undefined : key.slice(0, end + 1);
    if (isKey(key) && key.startsWith(prefix) && (own === undefined || own !== group)) {
      if (entries.length === most) {
        return { entries, next: placeAt(cursor, behind, group), hasMore: true };
      }
      group = own;
      entries.push(own === undefined ? toItem(object) : { kind: 'prefix', key: own });
    }
    behind = object.name;
  }
  if (!hasNext) return { entries, next: undefined, hasMore: false };
  if (nextCursor === undefined) {
    throw new StorageError('unavailable', 'a page of the listing lacks the place of the next one.');
  }
  return { entries, next: placeAt(nextCursor, undefined, group), hasMore: isExact };
}

async function nativePage(
  store: SupabaseBucket,
  query: Parameters<Parameters<Parameters<SupabaseBucket['call']>[0]>[0]['listV2']>[0],
  signal: AbortSignal | undefined,
): Promise<NativePage> {
  return (await store.call((files) => files.listV2(query), { signal })) as NativePage;
}

function placeAt(
  cursor: string | undefined,
  after: string | undefined,
  group: string | undefined,
): Place {
  return { ...(cursor && { cursor }), ...(after && { after }), ...(group && { group }) };
}

function toJson({ cursor = '', after = '', group = '' }: Place): JsonValue {
  return [cursor, after, group];
}

function placeOf(options: ListOptions): Place {
  if (options.cursor === undefined) return {};
  const position = decodeCursor(options.cursor, options);
  const [cursor, after, group] = Array.isArray(position) ? position : [];
  if (typeof cursor === 'string' && typeof after === 'string' && typeof group === 'string') {
    return placeAt(cursor, after, group);
  }
  throw new StorageError('invalid-argument', 'the cursor is not one of this listing.');
}
