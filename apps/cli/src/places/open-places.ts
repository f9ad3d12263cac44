import type { StorageEngine } from '@granary/storage-core';
import { isStorageError, StorageError, type StorageUrl } from '@granary/storage-core/provider';
import type { Backends } from '../backends/find-backend.ts';
import { isSameOrigin, type Place, storeId, urlOf } from './parse-place.ts';
import { storeDepth } from './store-root.ts';

/** Everything below a point of a store. */
export interface Tree {
  readonly store: StorageEngine;
  /** Empty, or ends with a slash. */
  readonly prefix: string;
}

/** One object of a store, whether or not it exists. */
export interface Spot {
  readonly store: StorageEngine;
  readonly key: string;
}

/** Opens stores by place. A store is opened once, and all are closed together. */
export interface Places {
  tree(place: Place): Promise<Tree>;
  /** Errors: `invalid-config` where the place can be nothing but a store. */
  spot(place: Place): Promise<Spot>;
  /** Two trees, in one store where one holds both, so that it can copy by itself. */
  trees(one: Place, other: Place): Promise<readonly [Tree, Tree]>;
  /** Two objects, in one store where one holds both. */
  spots(one: Place, other: Place): Promise<readonly [Spot, Spot]>;
  close(): Promise<void>;
}

export function openPlaces(backends: Pick<Backends, 'open'>): Places {
  const stores = new Map<string, Promise<StorageEngine>>();

  function open(url: StorageUrl): Promise<StorageEngine> {
    const id = storeId(url);
    const store = stores.get(id) ?? backends.open(url);
    stores.set(id, store);
    return store;
  }

  /** Opens a store at a depth of a place; where a backend has no folders in its URLs, at its root. */
  async function openAt(
    place: Place,
    depth: number,
  ): Promise<{ readonly store: StorageEngine; readonly below: string }> {
    const { segments } = place;
    const at = async (count: number) => ({
      store: await open(urlOf(place, segments.slice(0, count))),
      below: segments.slice(count).join('/'),
    });
    return at(depth).catch((error: unknown) => {
      const isElsewhere = depth > 0 && place.url.scheme !== 'file';
      if (!isElsewhere || !isStorageError(error, 'invalid-config')) throw error;
      return at(0).catch(() => {
        throw error;
      });
    });
  }

  async function treeAt(place: Place, depth: number): Promise<Tree> {
    const { store, below } = await openAt(place, depth);
    return { store, prefix: below === '' ? '' : `${below}/` };
  }

  async function spotAt(place: Place, depth: number): Promise<Spot> {
    const { store, below } = await openAt(place, depth);
    return { store, key: below };
  }

  async function tree(place: Place): Promise<Tree> {
    return treeAt(place, await storeDepth(place, 'tree'));
  }

  async function spot(place: Place): Promise<Spot> {
    if (place.segments.length === 0) {
      throw new StorageError('invalid-config', `${place.label} names a store, not an object.`, {
        hint: 'Add the key of an object to it.',
      });
    }
    return spotAt(place, await storeDepth(place, 'object'));
  }

  /** Opens both at the deepest point that they share, or each by itself. */
  async function both<End>(
    one: Place,
    other: Place,
    keySegments: number,
    at: (place: Place, depth: number) => Promise<End>,
    alone: (place: Place) => Promise<End>,
  ): Promise<readonly [End, End]> {
    const depth = sharedDepth(one, other, keySegments);
    if (depth !== undefined) {
      try {
        return await Promise.all([at(one, depth), at(other, depth)]);
      } catch (error) {
        // What they share is above what can be a store.
        if (!isStorageError(error, 'invalid-config')) throw error;
      }
    }
    return Promise.all([alone(one), alone(other)]);
  }

  return {
    tree,
    spot,
    trees: (one, other) => both(one, other, 0, treeAt, tree),
    spots: (one, other) => both(one, other, 1, spotAt, spot),
    async close() {
      const opened = await Promise.allSettled(stores.values());
      stores.clear();
      await Promise.all(
        opened.map((result) => (result.status === 'fulfilled' ? result.value.close() : undefined)),
      );
    },
  };
}

/**
 * How many segments two places share; nothing where they can share no store. In the file system the
 * store that a place is in decides that, not what paths have in common.
 */
function sharedDepth(one: Place, other: Place, keySegments: number): number | undefined {
  if (one.url.scheme === 'file' || !isSameOrigin(one, other)) return undefined;
  if (one.config !== undefined) return 0;
  const most = Math.min(one.segments.length, other.segments.length) - keySegments;
  let depth = 0;
  while (depth < most && one.segments[depth] === other.segments[depth]) depth += 1;
  return depth;
}
