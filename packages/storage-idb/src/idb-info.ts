import {
  type Checksums,
  type ListItem,
  type ObjectAttributes,
  type ObjectInfo,
  pickAttributes,
} from '@granary/storage-core/provider';
import { toKey, toPlace } from './idb-keys.ts';
import type { BodyRef, InfoRow } from './idb-schema.ts';

/** Something that is still being put together. */
export type Mutable<Shape> = { -readonly [Name in keyof Shape]: Shape[Name] };

const HEADERS = [
  'contentEncoding',
  'contentLanguage',
  'contentDisposition',
  'cacheControl',
] as const;

/** What a write makes of an object. */
export interface NewInfo {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  /** Units: ms since 1970. */
  readonly now: number;
  readonly attributes: ObjectAttributes;
  readonly checksums?: Checksums | undefined;
  readonly writeId?: string | undefined;
  readonly body?: BodyRef | undefined;
  readonly sharedBody?: string | undefined;
}

/** The row of an object that is written over `before`: times never go back, and the creation is kept. */
export function toRow(info: NewInfo, before: InfoRow | undefined): InfoRow {
  const { key, size, etag, checksums, writeId, body, sharedBody } = info;
  const { contentType, metadata, tags, expiresAt, ...headers } = pickAttributes(info.attributes);
  const modifiedAt = Math.max(info.now, before?.modifiedAt ?? 0);
  const createdAt = before === undefined ? modifiedAt : createdAtOf(before);
  const row: Mutable<InfoRow> = {
    place: toPlace(key),
    size,
    etag,
    modifiedAt,
  };
  if (createdAt !== modifiedAt) row.createdAt = createdAt;
  if (contentType !== undefined) {
    row.contentType = contentType;
    row.mediaType = mediaTypeOf(contentType);
  }
  if (HEADERS.some((name) => headers[name] !== undefined)) row.headers = headers;
  if (metadata !== undefined) row.metadata = metadata;
  if (tags !== undefined) row.tags = tags;
  if (expiresAt !== undefined) row.expiresAt = expiresAt.getTime();
  if (checksums !== undefined) row.checksums = checksums;
  if (writeId !== undefined) row.writeId = writeId;
  if (body !== undefined) row.body = body;
  if (sharedBody !== undefined) row.sharedBody = sharedBody;
  return row;
}

/** What a caller is told. The row has come out of the database, so nobody else has it. */
export function toInfo(row: InfoRow): ObjectInfo {
  const { size, etag, contentType, headers, metadata, tags, expiresAt, checksums, writeId } = row;
  const info: Mutable<ObjectInfo> = {
    key: toKey(row.place),
    size,
    etag,
    modifiedAt: new Date(row.modifiedAt),
    createdAt: new Date(createdAtOf(row)),
  };
  if (contentType !== undefined) info.contentType = contentType;
  if (headers !== undefined) Object.assign(info, headers);
  if (metadata !== undefined) info.metadata = metadata;
  if (tags !== undefined) info.tags = tags;
  if (expiresAt !== undefined) info.expiresAt = new Date(expiresAt);
  if (checksums !== undefined) info.checksums = checksums;
  if (writeId !== undefined) info.writeId = writeId;
  return info;
}

/** The entry of a listing. */
export function toItem(row: InfoRow): ListItem {
  return { kind: 'item', ...toInfo(row) };
}

/** Units: ms since 1970. */
function createdAtOf({ createdAt, modifiedAt }: InfoRow): number {
  return createdAt ?? modifiedAt;
}

/** A content type in lower case, without its parameters. */
export function mediaTypeOf(contentType: string): string {
  return (contentType.split(';', 1)[0] ?? '').trim().toLowerCase();
}
