import type { Stats } from 'node:fs';
import {
  type Checksums,
  contentTypeOf,
  type ListItem,
  type ObjectAttributes,
  type ObjectInfo,
} from '@granary/storage-core/provider';

/** Makes whole numbers of times in ms, as exactly as Node tells them: a double keeps 1/4096 ms until 2039. */
const PER_MS = 4096;

/** What is kept about an object besides its file. */
export interface Described {
  readonly attributes: ObjectAttributes;
  readonly checksums?: Checksums | undefined;
  readonly createdAt?: Date | undefined;
}

/**
 * The identity of a write: which file it is, how long, when it was written and when it last
 * changed in any way. The last one nobody can set back, so an edit shows that kept length and time.
 */
export function etagOf({ ino, size, mtimeMs, ctimeMs }: Stats): string {
  return `${ino}-${size}-${mtimeMs * PER_MS}-${ctimeMs * PER_MS}`;
}

/**
 * What a companion knows a file's content by. Unlike the etag it stays when a folder is copied
 * with its times, and it is known before the file gets its name.
 */
export function fingerprintOf({ size, mtimeMs }: Pick<Stats, 'size' | 'mtimeMs'>): string {
  return `${size}-${mtimeMs * PER_MS}`;
}

export function infoOf(key: string, stats: Stats, described: Described | undefined): ObjectInfo {
  const info: Writable<ObjectInfo> = {
    key,
    size: stats.size,
    etag: etagOf(stats),
    modifiedAt: new Date(stats.mtimeMs),
  };
  addDescription(key, info, described);
  return info;
}

/** An entry of a plain listing: what the file itself tells. */
export function itemOf(key: string, stats: Stats): Writable<ListItem> {
  return {
    kind: 'item',
    key,
    size: stats.size,
    etag: etagOf(stats),
    modifiedAt: new Date(stats.mtimeMs),
  };
}

/** An entry of a listing with attributes. */
export function describedItemOf(
  key: string,
  stats: Stats,
  described: Described | undefined,
): ListItem {
  const item = itemOf(key, stats);
  addDescription(key, item, described);
  return item;
}

type Writable<Fields> = { -readonly [Name in keyof Fields]: Fields[Name] };

function addDescription(
  key: string,
  info: Writable<Partial<ObjectInfo>>,
  described: Described | undefined,
): void {
  const attributes = described?.attributes;
  const contentType = attributes?.contentType ?? contentTypeOf(key);
  if (attributes !== undefined) Object.assign(info, attributes);
  if (contentType !== undefined) info.contentType = contentType;
  if (described?.checksums !== undefined) info.checksums = described.checksums;
  if (described?.createdAt !== undefined) info.createdAt = described.createdAt;
}
