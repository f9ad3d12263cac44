import type { ListItem, ObjectInfo } from '@granary/storage-core';
import { isStorageError } from '@granary/storage-core/provider';
import type { KeyFilter } from './glob-filter.ts';
import type { Tree } from './open-places.ts';

/** A field that a walk must know of every object. */
export type NeededField = 'size' | 'etag' | 'modifiedAt' | 'contentType' | 'checksums';

export interface WalkSettings {
  readonly signal: AbortSignal;
  readonly filter?: KeyFilter;
  /** Asks for the info of each object whose listing entry lacks one of these. */
  readonly need?: readonly NeededField[];
  /** An object whose info cannot be read is yielded as the listing tells of it. Default: it ends the walk. */
  readonly passesUnreadable?: boolean;
}

/** Yields every object below a point, with its key from there. */
export async function* walkTree(
  { store, prefix }: Tree,
  { signal, filter, need = [], passesUnreadable = false }: WalkSettings,
): AsyncGenerator<ListItem> {
  /** `undefined` where there is nothing any more. */
  async function infoOf(key: string): Promise<Partial<ObjectInfo> | undefined> {
    try {
      return await store.stat(key, { signal });
    } catch (error) {
      if (isStorageError(error, 'not-found')) return undefined;
      if (passesUnreadable && isUnreadable(error)) return {};
      throw error;
    }
  }

  for await (const item of store.list({ prefix, signal })) {
    const key = item.key.slice(prefix.length);
    if (isFolderMark(item)) continue;
    if (filter?.(key) === false) continue;
    const isLacking = need.some((field) => item[field] === undefined);
    const info = isLacking ? await infoOf(item.key) : {};
    if (info !== undefined) yield { ...item, ...info, key };
  }
}

/** Whether an object is there that is damaged, or that no key here opens. */
export function isUnreadable(error: unknown): boolean {
  return isStorageError(error, 'corrupted') || isStorageError(error, 'permission-denied');
}

/**
 * Whether an entry of a listing is what consoles of object stores make for an empty folder: an empty
 * object that ends with a slash, which is no key. There is nothing in it to copy or to compare.
 */
export function isFolderMark({ key, size }: Pick<ListItem, 'key' | 'size'>): boolean {
  return size === 0 && (key === '' || key.endsWith('/'));
}
