import type { BlobItem, ContainerClient } from '@azure/storage-blob';
import {
  decodeCursor,
  encodeCursor,
  isKey,
  type ListEntry,
  type ListOptions,
  type ListPage,
  type ObjectInfo,
  StorageError,
} from '@granary/storage-core/provider';
import { toInfo } from './azure-attributes.ts';
import { type AzureStore, send } from './azure-client.ts';
import { toGroup, toKey, toNamePrefixes } from './azure-keys.ts';

/** Most entries of a page. https://learn.microsoft.com/rest/api/storageservices/list-blobs (read 2026-11-21) */
const PAGE_SIZE = 5_000;

/** What the SDK gives of a page, of either kind. */
interface NativePage {
  readonly continuationToken?: string;
  readonly segment: {
    readonly blobItems: readonly BlobItem[];
    readonly blobPrefixes?: readonly { readonly name: string }[];
  };
}

/** Lists objects in the service's own order and pages, one request for each. */
export async function* listObjects(
  { container }: AzureStore,
  options: ListOptions,
): AsyncGenerator<ListPage, void, undefined> {
  const { prefix = '', delimiter, cursor, limit = Number.POSITIVE_INFINITY, signal } = options;
  const includeMetadata = options.include?.includes('attributes') ?? false;
  const prefixes = toNamePrefixes(prefix);
  let [walk, marker] = cursor === undefined ? [0, ''] : placeOf(cursor, options);
  let left = limit;

  while (walk < prefixes.length) {
    const settings = { prefix: prefixes[walk] ?? '', includeMetadata };
    const page = await nextPage(container, {
      settings,
      delimiter,
      marker,
      maxPageSize: Math.min(PAGE_SIZE, left),
      signal,
    });
    marker = page.continuationToken ?? '';
    if (marker === '') walk += 1;
    const entries = entriesOf(page, prefix, includeMetadata);
    left -= entries.length;
    const hasMore = walk < prefixes.length;
    if (entries.length > 0) {
      yield hasMore ? { entries, cursor: encodeCursor(options, [walk, marker]) } : { entries };
    }
    if (left <= 0) return;
  }
}

async function nextPage(
  container: ContainerClient,
  {
    settings,
    delimiter,
    marker,
    maxPageSize,
    signal,
  }: {
    readonly settings: { readonly prefix: string; readonly includeMetadata: boolean };
    readonly delimiter: string | undefined;
    readonly marker: string;
    readonly maxPageSize: number;
    readonly signal: AbortSignal | undefined;
  },
): Promise<NativePage> {
  const paging = { maxPageSize, ...(marker !== '' && { continuationToken: marker }) };
  return send(signal, async (abortSignal) => {
    const pages =
      delimiter === undefined
        ? container.listBlobsFlat({ ...settings, abortSignal }).byPage(paging)
        : container.listBlobsByHierarchy(delimiter, { ...settings, abortSignal }).byPage(paging);
    const { value } = await pages.next();
    return value as NativePage;
  });
}

/** Leaves out what is no object of ours: folders, and what is below our own names. */
function entriesOf(
  { segment }: NativePage,
  prefix: string,
  includeMetadata: boolean,
): readonly ListEntry[] {
  const entries: ListEntry[] = [];
  for (const { name } of segment.blobPrefixes ?? []) {
    const key = toGroup(name);
    if (key?.startsWith(prefix)) entries.push({ kind: 'prefix', key });
  }
  for (const { name, properties, metadata, versionId } of segment.blobItems) {
    const key = toKey(name);
    const isMark = metadata?.['hdi_isfolder'] === 'true';
    if (!key?.startsWith(prefix) || !isKey(key) || isMark) continue;
    const info = toInfo(key, properties.contentLength, {
      ...properties,
      versionId,
      ...(includeMetadata && { metadata }),
    });
    if (includeMetadata) entries.push({ kind: 'item', ...info });
    else entries.push({ kind: 'item', ...plainFields(info) });
  }
  return entries;
}

/** Without metadata, checksums and some headers are not all known, so they are left out. */
function plainFields({ key, size, etag, modifiedAt, contentType }: ObjectInfo) {
  return { key, size, etag, modifiedAt, ...(contentType !== undefined && { contentType }) };
}

function placeOf(cursor: string, options: ListOptions): [walk: number, marker: string] {
  const place = decodeCursor(cursor, options);
  const [walk, marker] = Array.isArray(place) ? place : [];
  if (typeof walk === 'number' && typeof marker === 'string') return [walk, marker];
  throw new StorageError('invalid-argument', 'the cursor is not one of this listing.');
}
