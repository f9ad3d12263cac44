import {
  afterPrefix,
  compareKeys,
  decodeCursor,
  encodeCursor,
  isKey,
  type JsonValue,
  type ListEntry,
  type ListItem,
  type ListOptions,
  type ListPage,
  StorageError,
} from '@granary/storage-core/provider';
import { type GcsObject, OBJECT_FIELDS, toInfo } from './gcs-attributes.ts';
import { type GcsStore, JSON_API } from './gcs-client.ts';
import { notGcs } from './gcs-errors.ts';
import { nameBehind, toDelimiter, toKey, toName } from './gcs-keys.ts';

/** Most entries of a page. https://cloud.google.com/storage/docs/json_api/v1/objects/list, read 2026-11-21 */
const PAGE_SIZE = 1_000;

const PLAIN_FIELDS = 'name,generation,metageneration,size,updated';

/** A page as the service answers it. */
export interface GcsPage {
  readonly kind?: string;
  readonly items?: readonly GcsObject[];
  readonly prefixes?: readonly string[];
  readonly nextPageToken?: string;
}

/** Lists objects, one request a page. Order, groups and the place between pages are the service's. */
export async function* listObjects(
  store: GcsStore,
  options: ListOptions,
): AsyncGenerator<ListPage, void, undefined> {
  const { prefix, delimiter, include = [], signal } = options;
  const isWhole = include.includes('attributes');
  const startOffset = startOf(options);
  if (startOffset === undefined) return;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  let pageToken: string | undefined;
  do {
    const page: GcsPage = await store.json<GcsPage>({
      method: 'GET',
      path: `${JSON_API}/b/${store.bucket}/o`,
      query: {
        fields: `kind,nextPageToken,prefixes,items(${isWhole ? OBJECT_FIELDS : PLAIN_FIELDS})`,
        maxResults: String(Math.min(left, PAGE_SIZE)),
        prefix: prefix === undefined || prefix === '' ? undefined : toName(prefix),
        delimiter: delimiter === undefined ? undefined : toDelimiter(delimiter),
        startOffset: startOffset === '' ? undefined : startOffset,
        pageToken,
      },
      signal,
    });
    if (page.kind !== 'storage#objects') throw notGcs('it is no listing');
    pageToken = page.nextPageToken;
    const entries = entriesOf(page, store, isWhole);
    left -= entries.length;
    const last = entries.at(-1);
    if (last !== undefined) {
      const place: JsonValue = last.kind === 'prefix' ? [last.key, last.kind] : [last.key];
      yield pageToken === undefined
        ? { entries }
        : { entries, cursor: encodeCursor(options, place) };
    }
  } while (pageToken !== undefined && left > 0);
}

/** The first name that a walk takes; empty for all, `undefined` where nothing is left. */
function startOf(options: ListOptions): string | undefined {
  const { cursor, startAfter } = options;
  const start = startAfter === undefined ? '' : nameBehind(startAfter);
  if (cursor === undefined) return start;
  const position = decodeCursor(cursor, options);
  const [key, kind] = Array.isArray(position) ? position : [];
  if (typeof key !== 'string') {
    throw new StorageError('invalid-argument', 'the cursor is not one of this listing.');
  }
  if (kind !== 'prefix') return nameBehind(key);
  const next = afterPrefix(key);
  return next === undefined ? undefined : toName(next);
}

/** The entries of a page in the order of their keys: the service tells objects and groups apart. */
function entriesOf(
  { items = [], prefixes = [] }: GcsPage,
  store: GcsStore,
  isWhole: boolean,
): ListEntry[] {
  const entries = items.flatMap((object): ListItem[] => {
    if (object.name === undefined) throw notGcs('an object has no name');
    const key = toKey(object.name);
    if (!isKey(key)) return [];
    const info = toInfo(key, object, store.keepsVersions());
    if (isWhole) return [{ kind: 'item', ...info }];
    const { size, etag, modifiedAt } = info;
    return [{ kind: 'item', key, size, etag, modifiedAt }];
  });
  if (prefixes.length === 0) return entries;
  const groups = prefixes.map((name): ListEntry => ({ kind: 'prefix', key: toKey(name) }));
  return [...entries, ...groups].sort((a, b) => compareKeys(a.key, b.key));
}
