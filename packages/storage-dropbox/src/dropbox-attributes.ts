import type { ListItem, ObjectInfo } from '@granary/storage-core/provider';
import { unreadable } from './dropbox-errors.ts';
import { hexToBase64 } from './dropbox-hash.ts';

/** A file as answers have it. https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21: `FileMetadata` */
export interface NativeFile {
  readonly '.tag'?: 'file';
  readonly id: string;
  readonly name: string;
  readonly path_lower?: string | null;
  readonly path_display?: string | null;
  readonly rev: string;
  readonly size: number;
  readonly server_modified: string;
  readonly content_hash?: string;
  readonly is_downloadable?: boolean;
}

/** A folder, or what is gone, as answers have it. */
export interface NativePlace {
  readonly '.tag': 'folder' | 'deleted';
  readonly name: string;
  readonly path_lower?: string | null;
  readonly path_display?: string | null;
}

/** `Metadata` of the description. */
export type NativeEntry = (NativeFile & { readonly '.tag': 'file' }) | NativePlace;

/** What a file tells of an object. */
export function toInfo(key: string, file: NativeFile): ObjectInfo {
  const { id, rev, size, server_modified: modified, content_hash: hash } = file;
  if (typeof modified !== 'string' || typeof rev !== 'string') throw unreadable();
  return {
    key,
    size,
    etag: etagOf(file),
    modifiedAt: new Date(modified),
    id,
    ...(hash !== undefined && { checksums: { dropbox: `dropbox-${hexToBase64(hash)}` } }),
    version: rev,
  };
}

/** An entry of a listing. */
export function toItem(key: string, file: NativeFile): ListItem {
  return { kind: 'item', ...toInfo(key, file) };
}

/**
 * The identity of what is stored: the hash of the content. A rev is none, since writing the same bytes again
 * makes none: "If the target path refers to a file with identical contents, nothing gets written".
 * https://github.com/dropbox/dropbox-api-spec/blob/main/files.stone, read 2026-11-21: `WriteMode`
 */
export function etagOf({ content_hash: hash, rev }: NativeFile): string {
  return hash ?? `rev-${rev}`;
}
