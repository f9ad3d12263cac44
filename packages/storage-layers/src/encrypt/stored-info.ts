import {
  isStorageError,
  type ListEntry,
  type ObjectAttributes,
  type ObjectInfo,
  type OperationOptions,
} from '@granary/storage-core/provider';
import { openRecord, RECORD_NAME } from './attributes-record.ts';
import type { Bytes } from './ciphers.ts';
import type { Binding, FileKeyring } from './file-cipher.ts';
import { plainSize } from './layout.ts';
import { damaged } from './tink-stream.ts';

/** What of an info is about the write and not about what was written. */
const ABOUT_WRITE = ['etag', 'modifiedAt', 'createdAt', 'id', 'version', 'writeId'] as const;

/** An info as it is above, and which write its attributes belong to. */
export interface OpenedInfo {
  readonly info: ObjectInfo;
  /** Absent where the object has no record. */
  readonly recordId?: Bytes;
}

/** Turns what the store below tells about encrypted objects into what is told above. */
export interface InfoOpener {
  /** Errors: `corrupted` for a size or attributes that nothing encrypted has; `permission-denied`. */
  open(key: string, info: ObjectInfo, options: OperationOptions): Promise<OpenedInfo>;
  /** An entry of a listing. Attributes that cannot be read are left out, unless they were asked for. */
  openEntry(entry: ListEntry, needed: boolean, options: OperationOptions): Promise<ListEntry>;
}

export function hasRecord(info: Partial<ObjectInfo>): boolean {
  return info.metadata !== undefined && Object.hasOwn(info.metadata, RECORD_NAME);
}

/** An info of an object whose content and attributes are known. Errors: `corrupted`. */
export function infoOver(key: string, info: ObjectInfo, attributes: ObjectAttributes): ObjectInfo {
  const size = plainSize(info.size);
  if (size === undefined) throw damaged(`no encrypted object has its ${info.size} bytes`);
  return { ...aboutWrite(info), ...attributes, key, size } as ObjectInfo;
}

export function infoOpener(
  keyring: FileKeyring,
  binding: Binding,
  isRequired: boolean,
): InfoOpener {
  async function recordOf(
    key: string,
    info: Partial<ObjectInfo>,
    options: OperationOptions,
  ): Promise<{ readonly attributes: ObjectAttributes; readonly recordId?: Bytes }> {
    if (!hasRecord(info)) return { attributes: {} };
    const record = info.metadata?.[RECORD_NAME] ?? null;
    const { attributes, fileId } = await openRecord(keyring, record, binding, key, options);
    return { attributes, recordId: fileId };
  }

  return {
    async open(key, info, options) {
      const { attributes, ...id } = await recordOf(key, info, options);
      return { info: infoOver(key, info, attributes), ...id };
    },
    async openEntry(entry, needed, options) {
      if (entry.kind === 'prefix') return entry;
      const { key, size } = entry;
      const isEncrypted = isRequired || hasRecord(entry);
      if (!isEncrypted) {
        // Only the content itself would tell whether it is plain.
        const { size: _size, checksums: _checksums, ...sure } = entry;
        return isPlainSize(size) ? entry : sure;
      }
      const plain = size === undefined ? undefined : plainSize(size);
      let attributes: ObjectAttributes = {};
      try {
        attributes = (await recordOf(key, entry, options)).attributes;
      } catch (error) {
        if (needed || !isUnreadable(error))
          throw isStorageError(error) ? error.with({ key }) : error;
      }
      return {
        kind: 'item',
        key,
        ...aboutWrite(entry),
        ...(plain !== undefined && { size: plain }),
        ...attributes,
      };
    },
  };
}

/** What an info tells of an object that cannot be opened: its write, and the stored size where no content has it. */
export function bareInfo(key: string, info: ObjectInfo): ObjectInfo {
  return { ...aboutWrite(info), key, size: plainSize(info.size) ?? info.size } as ObjectInfo;
}

/** Errors of an object that is damaged, or that no key here opens. */
export function isUnreadable(error: unknown): boolean {
  return isStorageError(error, 'corrupted') || isStorageError(error, 'permission-denied');
}

/** Whether content of this size can only be plain. Units: bytes. */
export function isPlainSize(sizeBytes: number | undefined): boolean {
  return sizeBytes !== undefined && plainSize(sizeBytes) === undefined;
}

function aboutWrite(info: Partial<ObjectInfo>): Partial<ObjectInfo> {
  const told = ABOUT_WRITE.filter((name) => info[name] !== undefined);
  return Object.fromEntries(told.map((name) => [name, info[name]]));
}
