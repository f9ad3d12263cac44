import {
  type ListItem,
  type ListOptions,
  type ListPage,
  listOrdered,
  type SeekFrom,
} from '@granary/storage-core/provider';
import { copyInfo } from './memory-info.ts';
import { placeOf } from './memory-keys.ts';
import type { MemoryStore } from './memory-store.ts';

const PAGE_SIZE = 1000;

/** Core makes groups, limits and cursors; what is left is to walk the keys in order from a place. */
export function listObjects(store: MemoryStore, options: ListOptions): AsyncIterable<ListPage> {
  return listOrdered(options, (from) => itemsFrom(store, from), { pageSize: PAGE_SIZE });
}

/** Walks the keys there were when the walk began, and leaves out those that are gone by now. */
function* itemsFrom(
  store: MemoryStore,
  from: SeekFrom,
): Generator<ListItem, void, SeekFrom | undefined> {
  const keys = store.sortedKeys();
  for (let place = placeFor(keys, from); place < keys.length; place += 1) {
    const key = keys[place] ?? '';
    if (!key.startsWith(from.prefix)) return;
    const object = store.objects.get(key);
    if (object === undefined) continue;
    const jump = yield { kind: 'item', ...copyInfo(object.info) };
    if (jump !== undefined) place = placeFor(keys, jump) - 1;
  }
}

function placeFor(
  keys: readonly string[],
  { prefix, after, atOrAfter = prefix }: SeekFrom,
): number {
  const place = Math.max(placeOf(keys, prefix), placeOf(keys, atOrAfter));
  if (after === undefined) return place;
  const afterPlace = placeOf(keys, after);
  return Math.max(place, keys[afterPlace] === after ? afterPlace + 1 : afterPlace);
}
