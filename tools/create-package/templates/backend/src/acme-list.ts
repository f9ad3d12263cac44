import {
  type ListItem,
  type ListOptions,
  type ListPage,
  listOrdered,
  type SeekFrom,
} from '@granary/storage-core/provider';
import type { AcmeClient } from './acme-client.ts';
import { toEtag } from './acme-headers.ts';

/** Entries of a page. https://docs.acme.example/api/list-objects, read 2026-11-21 */
const PAGE_SIZE = 1_000;

/** What the service answers: keys in the byte order of UTF-8. */
interface AcmePage {
  readonly objects: readonly {
    readonly key: string;
    readonly size: number;
    readonly etag: string;
    readonly modified: string;
  }[];
  readonly more: boolean;
}

/** Lists objects. Core makes groups, limits and cursors; what is left is to walk from a place. */
export function listObjects(client: AcmeClient, options: ListOptions): AsyncIterable<ListPage> {
  const { signal } = options;
  return listOrdered(options, (from) => itemsFrom(client, from, signal), { pageSize: PAGE_SIZE });
}

async function* itemsFrom(
  client: AcmeClient,
  { prefix, after, atOrAfter }: SeekFrom,
  signal: AbortSignal | undefined,
): AsyncGenerator<ListItem, void, undefined> {
  let place: string | undefined = after;
  for (;;) {
    const query = { prefix, after: place, from: atOrAfter, limit: String(PAGE_SIZE) };
    const { objects, more } = (await client.json('GET', 'objects', { query, signal })) as AcmePage;
    for (const { key, size, etag, modified } of objects) {
      yield { kind: 'item', key, size, etag: toEtag(etag), modifiedAt: new Date(modified) };
      place = key;
    }
    if (!more) return;
  }
}
