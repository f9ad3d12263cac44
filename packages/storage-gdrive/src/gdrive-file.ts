import { notDrive } from './gdrive-errors.ts';

/** A file or folder as the service tells it, as far as it is looked at. */
export interface DriveFile {
  readonly id: string;
  readonly name: string;
  readonly mimeType: string;
  readonly parents?: readonly string[];
  readonly size?: string;
  readonly createdTime?: string;
  readonly modifiedTime?: string;
  readonly headRevisionId?: string;
  readonly version?: string;
  readonly md5Checksum?: string;
  readonly sha256Checksum?: string;
  readonly appProperties?: Readonly<Record<string, string>>;
  readonly trashed?: boolean;
  readonly capabilities?: { readonly canReadRevisions?: boolean };
}

/** Fields that make a whole info. https://developers.google.com/workspace/drive/api/reference/rest/v3/files, read 2026-11-21 */
export const FILE_FIELDS =
  'id,name,mimeType,parents,size,createdTime,modifiedTime,headRevisionId,version,md5Checksum,sha256Checksum,appProperties,trashed,capabilities/canReadRevisions';

/** https://developers.google.com/workspace/drive/api/guides/mime-types, read 2026-11-21 */
export const FOLDER_TYPE = 'application/vnd.google-apps.folder';
const GOOGLE_TYPE = 'application/vnd.google-apps.';

/** Whether it is a folder. */
export function isFolder({ mimeType }: DriveFile): boolean {
  return mimeType === FOLDER_TYPE;
}

/** Whether it is one of Google's own kinds: a document, a shortcut, a folder. */
function isGoogleKind({ mimeType }: Pick<DriveFile, 'mimeType'>): boolean {
  return mimeType.startsWith(GOOGLE_TYPE);
}

/** What a Google document is exported as; `undefined` for one that is no object here. */
export function exportTypeOf(
  { mimeType }: DriveFile,
  exports: Readonly<Record<string, string>>,
): string | undefined {
  if (!mimeType.startsWith(GOOGLE_TYPE)) return undefined;
  const kind = mimeType.slice(GOOGLE_TYPE.length);
  return Object.hasOwn(exports, kind) ? exports[kind] : undefined;
}

/** Whether a file is an object: it has content, or is exported. Shortcuts are none and are not followed. */
export function isObject(file: DriveFile, exports: Readonly<Record<string, string>>): boolean {
  return !isGoogleKind(file) || exportTypeOf(file, exports) !== undefined;
}

/** Of files with one name the one that changed last comes first, and with it the greatest id. */
export function newestFirst(one: DriveFile, other: DriveFile): number {
  const [ours = '', theirs = ''] = [one.modifiedTime, other.modifiedTime];
  if (ours !== theirs) return Date.parse(theirs) - Date.parse(ours) || (ours < theirs ? 1 : -1);
  return one.id < other.id ? 1 : -1;
}

/** Of folders with one name the one that was made first comes first: there new files go. */
export function oldestFirst(one: DriveFile, other: DriveFile): number {
  const [ours = '', theirs = ''] = [one.createdTime, other.createdTime];
  if (ours !== theirs) return ours < theirs ? -1 : 1;
  return one.id < other.id ? -1 : 1;
}

/** The file in an answer. Errors: `unavailable` for an answer that is none. */
export function toFile(answer: object): DriveFile {
  const file = answer as Partial<DriveFile>;
  if (typeof file.id !== 'string' || typeof file.mimeType !== 'string') {
    throw notDrive('it is no file');
  }
  return file as DriveFile;
}
