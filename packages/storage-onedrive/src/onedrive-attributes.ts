import {
  contentTypeOf,
  type ListItem,
  type ObjectInfo,
  StorageError,
} from '@granary/storage-core/provider';
import { unreadable } from './onedrive-errors.ts';

/** A driveItem, as far as it matters here. https://learn.microsoft.com/graph/api/resources/driveitem, read 2026-11-21 */
export interface DriveItem {
  readonly id: string;
  readonly name: string;
  /** Units: bytes. */
  readonly size: number;
  /** Of the whole item: also a rename changes it. */
  readonly eTag: string;
  /** Of the content. */
  readonly cTag?: string;
  readonly createdDateTime: string;
  readonly lastModifiedDateTime: string;
  readonly file?: { readonly hashes?: DriveHashes };
  readonly folder?: { readonly childCount?: number };
  readonly parentReference?: { readonly driveId?: string };
  readonly '@microsoft.graph.downloadUrl'?: string;
}

/** https://learn.microsoft.com/graph/api/resources/hashes, read 2026-11-21 */
export interface DriveHashes {
  /** As base64. */
  readonly quickXorHash?: string;
  /** As hex, upper case. Personal accounts alone. */
  readonly sha1Hash?: string;
  readonly sha256Hash?: string;
}

/** The fields of a {@link DriveItem} that every answer is asked for. */
export const ITEM_FIELDS =
  'id,name,size,eTag,cTag,createdDateTime,lastModifiedDateTime,file,folder';

/** A driveItem out of an answer. Errors: `unavailable` for what is none. */
export function toDriveItem(json: unknown): DriveItem {
  const item = (json ?? {}) as DriveItem;
  const isOne =
    typeof item.id === 'string' &&
    typeof item.name === 'string' &&
    typeof item.lastModifiedDateTime === 'string';
  if (!isOne) throw unreadable();
  return item;
}

/** Whether an item is an object: folders, notebooks and links to other drives are none. */
export function isFile(item: DriveItem): boolean {
  return item.file !== undefined;
}

/** The identity of a write. A rename and a share leave it alone. */
export function etagOf({ cTag, eTag }: DriveItem): string {
  return cTag ?? eTag;
}

/** The info of an object. Its content type is what its name says: the service's own guesses vary. */
export function toInfo(key: string, item: DriveItem, version?: string): ObjectInfo {
  const { size, lastModifiedDateTime, createdDateTime, id, file } = item;
  const contentType = contentTypeOf(key);
  const checksums = toChecksums(file?.hashes);
  return {
    key,
    size: size ?? 0,
    etag: etagOf(item),
    modifiedAt: new Date(lastModifiedDateTime),
    createdAt: new Date(createdDateTime),
    id,
    ...(version !== undefined && { version }),
    ...(contentType !== undefined && { contentType }),
    ...(checksums && { checksums }),
  };
}

export function toItem(key: string, item: DriveItem): ListItem {
  return { kind: 'item', ...toInfo(key, item) };
}

function toChecksums(hashes: DriveHashes = {}): Readonly<Record<string, string>> | undefined {
  const { quickXorHash, sha1Hash, sha256Hash } = hashes;
  const told = {
    ...(quickXorHash && { quickxor: `quickxor-${quickXorHash}` }),
    ...(sha1Hash && { sha1: `sha1-${fromHex(sha1Hash)}` }),
    ...(sha256Hash && { sha256: `sha256-${fromHex(sha256Hash)}` }),
  };
  return Object.keys(told).length === 0 ? undefined : told;
}

function fromHex(hex: string): string {
  const bytes = hex.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
  return btoa(String.fromCharCode(...bytes));
}

/** An etag that can be held against an item. Errors: `precondition-failed` for what no item has. */
export function checkEtag(etag: string, item: DriveItem | undefined): void {
  if (item !== undefined && etagOf(item) === etag) return;
  throw new StorageError('precondition-failed', 'the object is another write than asked for.', {
    outcome: 'not-applied',
  });
}
