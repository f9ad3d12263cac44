import {
  attributeBeyondName,
  type CompanionSide,
  contentTypeOf,
  type ListItem,
  type ObjectAttributes,
  type ObjectInfo,
} from '@granary/storage-core/provider';

/** What a file says of itself. A `File` is a picture of the moment it was taken. */
export type FileStamp = Pick<File, 'lastModified' | 'size'>;

/**
 * The identity of a write. Writes of a key are one after another and each gets a later time than
 * the one before, so no two have the same; a file that a person edits has another one too.
 */
export function etagOf({ lastModified, size }: FileStamp): string {
  return `${lastModified}-${size}`;
}

export function infoOf(key: string, file: FileStamp, side: CompanionSide | undefined): ObjectInfo {
  const info: Writable<ObjectInfo> = {
    key,
    size: file.size,
    etag: etagOf(file),
    modifiedAt: new Date(file.lastModified),
  };
  describe(key, info, side);
  return info;
}

/** An entry of a plain listing: what the file itself tells. */
export function itemOf(key: string, file: FileStamp): ListItem {
  const { size, lastModified } = file;
  return { kind: 'item', key, size, etag: etagOf(file), modifiedAt: new Date(lastModified) };
}

/** Nothing where the key alone says all. */
export function attributesFor(key: string, attributes: ObjectAttributes): ObjectAttributes {
  return attributeBeyondName(key, attributes) === undefined ? {} : attributes;
}

type Writable<Fields> = { -readonly [Name in keyof Fields]: Fields[Name] };

function describe(
  key: string,
  info: Writable<Partial<ObjectInfo>>,
  side: CompanionSide | undefined,
): void {
  const contentType = side?.attributes.contentType ?? contentTypeOf(key);
  if (side !== undefined) Object.assign(info, side.attributes);
  if (contentType !== undefined) info.contentType = contentType;
  if (side?.checksums !== undefined) info.checksums = side.checksums;
  if (side?.createdAt !== undefined) info.createdAt = side.createdAt;
}
