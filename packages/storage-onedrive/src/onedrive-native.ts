import { isStorageError, StorageError } from '@granary/storage-core/provider';
import { type DriveItem, toDriveItem } from './onedrive-attributes.ts';
import type { OneDrive } from './onedrive-client.ts';

/** Times of a file on the user's own device. https://learn.microsoft.com/graph/api/resources/filesysteminfo, read 2026-11-21 */
export interface FileSystemInfo {
  readonly createdDateTime?: Date | string;
  readonly lastAccessedDateTime?: Date | string;
  readonly lastModifiedDateTime?: Date | string;
}

/**
 * What `native` of a put or an upload takes: fields that the service lets an application set. What
 * happens where the name is taken is not among them, since conditions depend on it.
 * https://learn.microsoft.com/graph/api/resources/driveitemuploadableproperties, read 2026-11-21
 */
export interface OneDriveNativeOptions {
  /** What people read beside the file. Personal accounts alone. */
  readonly description?: string;
  readonly fileSystemInfo?: FileSystemInfo;
}

/** The fields as they are sent. */
export interface NativeFields {
  readonly description?: string;
  readonly fileSystemInfo?: Readonly<Record<string, string>>;
}

/** Names that `native` of a put or an upload takes. */
export const NATIVE_OPTIONS: readonly string[] = ['description', 'fileSystemInfo'];

const TIMES: readonly string[] = [
  'createdDateTime',
  'lastAccessedDateTime',
  'lastModifiedDateTime',
];

/** Checks what was given, and writes it as the service wants it. Errors: `invalid-argument`. */
export function nativeFields(
  native: Readonly<Record<string, unknown>> | undefined,
): NativeFields | undefined {
  const { description, fileSystemInfo: times } = native ?? {};
  if (description === undefined && times === undefined) return undefined;
  if (description !== undefined && typeof description !== 'string') {
    throw refused('"description" is a text.');
  }
  const fileSystemInfo = times === undefined ? undefined : toTimes(times);
  return {
    ...(description !== undefined && { description }),
    ...(fileSystemInfo && { fileSystemInfo }),
  };
}

/**
 * Says of a file what its write could not: a request that carries content carries nothing else.
 * https://learn.microsoft.com/graph/api/driveitem-update, read 2026-11-21
 */
export async function describe(
  drive: OneDrive,
  { id, eTag }: DriveItem,
  native: NativeFields,
  signal: AbortSignal | undefined,
): Promise<DriveItem> {
  const headers = { 'content-type': 'application/json', 'if-match': eTag };
  const body = JSON.stringify(native);
  try {
    return toDriveItem(
      await drive.json({ method: 'PATCH', path: `/items/${id}`, headers, body, signal }),
    );
  } catch (error) {
    const { status, requestId } = isStorageError(error) ? error : {};
    throw new StorageError(
      isStorageError(error) ? error.code : 'unknown',
      'the content is stored, and what "native" says of it is not.',
      { cause: error, status, requestId, outcome: 'unknown', hint: 'Write it again.' },
    );
  }
}

function toTimes(times: unknown): Readonly<Record<string, string>> {
  if (typeof times !== 'object' || times === null) {
    throw refused('"fileSystemInfo" is an object of times.');
  }
  const sent: Record<string, string> = {};
  for (const [name, value] of Object.entries(times)) {
    if (!TIMES.includes(name)) {
      throw refused(`"fileSystemInfo" has no ${JSON.stringify(name)}, but ${TIMES.join(', ')}.`);
    }
    const date = value instanceof Date ? value : new Date(String(value));
    if (Number.isNaN(date.getTime())) throw refused(`"${name}" of "fileSystemInfo" is no date.`);
    sent[name] = date.toISOString();
  }
  return sent;
}

function refused(reason: string): StorageError {
  return new StorageError('invalid-argument', `the option "native" does not fit: ${reason}`, {
    outcome: 'not-applied',
  });
}
