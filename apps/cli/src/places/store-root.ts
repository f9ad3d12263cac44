import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { localPath, type Place } from './parse-place.ts';

/** What the file system's backend keeps at the root of a store that something was written to. */
const STORE_MARK: string = join('.granary', 'format.json');

/**
 * Returns how many segments of a place lead to the root of its store. In the file system that is
 * the nearest folder with a store in it, at or above the place; where there is none, and elsewhere,
 * it is the folder that was meant: the place itself for a tree, the one it is in for an object. A
 * store with a name is its own root.
 */
export async function storeDepth(place: Place, kind: 'tree' | 'object'): Promise<number> {
  const { segments, url, config } = place;
  if (config !== undefined) return 0;
  const deepest = kind === 'tree' ? segments.length : segments.length - 1;
  if (url.scheme !== 'file') return deepest;
  for (let depth = deepest; depth > 0; depth -= 1) {
    const folder = localPath({ ...place, segments: segments.slice(0, depth) });
    const mark = await stat(join(folder, STORE_MARK)).catch(() => undefined);
    if (mark?.isFile() === true) return depth;
  }
  return deepest;
}
