import {
  isBeforeSeek,
  type ListItem,
  type ListOptions,
  type ListPage,
  listOrdered,
  type SeekFrom,
} from '@granary/storage-core/provider';
import type { LocalStore } from './localstorage-store.ts';

const PAGE_SIZE = 1000;

/** Core makes groups, limits and cursors; what is left is to walk the keys in order from a place. */
export function listItems(store: LocalStore, options: ListOptions): AsyncIterable<ListPage> {
  return listOrdered(options, (from) => itemsFrom(store, from), { pageSize: PAGE_SIZE });
}

/** Walks the keys there were when the walk began, and leaves out those that are gone by now. */
function* itemsFrom(
  store: LocalStore,
  from: SeekFrom,
): Generator<ListItem, void, SeekFrom | undefined> {
  let place = from;
  for (const key of store.keys(from.prefix)) {
    if (isBeforeSeek(key, place)) continue;
    const item = store.look(key);
    if (item === undefined) continue;
    // Of a damaged item the key alone is sure; it is there to be seen and deleted.
    const info = item === 'damaged' ? { key } : item.info;
    place = (yield { kind: 'item', ...info }) ?? place;
  }
}
