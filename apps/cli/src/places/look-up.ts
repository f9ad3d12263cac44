import { stat } from 'node:fs/promises';
import type { ObjectInfo } from '@granary/storage-core';
import { isStorageError, StorageError } from '@granary/storage-core/provider';
import { usageError } from '../exit-codes.ts';
import type { Places, Spot, Tree } from './open-places.ts';
import { localPath, type Place } from './parse-place.ts';

/** What there is at a place. */
export type Found =
  | ({ readonly kind: 'object'; readonly info: ObjectInfo } & Spot)
  | ({ readonly kind: 'tree' } & Tree);

/**
 * Finds out what a place is: a tree when it was written as a folder, else the object of that name,
 * else the tree below it. Errors: `not-found` when there is neither.
 */
export async function lookUp(places: Places, place: Place, signal: AbortSignal): Promise<Found> {
  if (place.isFolder || (await isLocalFolder(place))) {
    return { kind: 'tree', ...(await places.tree(place)) };
  }
  const object = await lookUpObject(places, place, signal);
  if (object !== undefined) return object;
  const tree = await places.tree(place);
  if (await hasObjects(tree, signal)) return { kind: 'tree', ...tree };
  throw nothingAt(place);
}

async function lookUpObject(
  places: Places,
  place: Place,
  signal: AbortSignal,
): Promise<Found | undefined> {
  try {
    const spot = await places.spot(place);
    return { kind: 'object', ...spot, info: await spot.store.stat(spot.key, { signal }) };
  } catch (error) {
    // What it is in can be no store, so it is one itself.
    const isNone = isStorageError(error, 'not-found') || isStorageError(error, 'invalid-config');
    if (!isNone) throw error;
    return undefined;
  }
}

function nothingAt(place: Place): StorageError {
  return new StorageError(
    'not-found',
    `${place.label}: there is no object or folder of this name.`,
    {
      hint: 'See what there is with granary ls.',
    },
  );
}

/** Whether a tree holds anything. */
async function hasObjects({ store, prefix }: Tree, signal: AbortSignal): Promise<boolean> {
  for await (const _item of store.list({ prefix, limit: 1, signal })) return true;
  return false;
}

/** Whether a place is a folder of the file system that exists, also an empty one. */
export async function isLocalFolder(place: Place): Promise<boolean> {
  if (place.url.scheme !== 'file') return false;
  const found = await stat(localPath(place)).catch(() => undefined);
  return found?.isDirectory() === true;
}

/**
 * Fails for a device, a pipe or a socket: writing an object there would put a file in its place.
 * Errors: usage.
 */
export async function refuseDevice(place: Place): Promise<void> {
  if (place.url.scheme !== 'file') return;
  const found = await stat(localPath(place)).catch(() => undefined);
  if (found === undefined || found.isFile() || found.isDirectory()) return;
  throw usageError(
    `${place.label} is no file.`,
    'Write to it with granary get, or with cat and >.',
  );
}

/** Fails for a folder in which there is nothing because it does not exist. */
export async function requireTree(tree: Tree, place: Place, signal: AbortSignal): Promise<void> {
  if (await isLocalFolder(place)) return;
  const canBeEmpty = place.url.scheme !== 'file' && place.segments.length === 0;
  if (!canBeEmpty && !(await hasObjects(tree, signal))) throw nothingAt(place);
}
