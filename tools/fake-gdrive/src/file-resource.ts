import { createHash } from 'node:crypto';

export const FOLDER_TYPE = 'application/vnd.google-apps.folder';
export const SHORTCUT_TYPE = 'application/vnd.google-apps.shortcut';

/** One state of a file's content. */
export interface FakeRevision {
  readonly id: string;
  readonly content: Buffer;
  readonly mimeType: string;
  readonly modifiedTime: string;
  keepForever: boolean;
}

/** A file or folder. */
export interface FakeFile {
  readonly id: string;
  name: string;
  mimeType: string;
  parent: string | undefined;
  readonly createdTime: string;
  modifiedTime: string;
  version: number;
  trashed: boolean;
  readonly space: 'drive' | 'appDataFolder';
  readonly driveId: string | undefined;
  /** The app that made it; others with `drive.file` do not see it. */
  readonly app: string;
  readonly appProperties: Map<string, Map<string, string>>;
  readonly properties: Map<string, string>;
  /** Oldest first. Empty: no content of its own. */
  readonly revisions: FakeRevision[];
  readonly rest: Record<string, unknown>;
  /** Content of a Google document by type. */
  readonly exports?: ReadonlyMap<string, Buffer> | undefined;
}

/** Whether a type is one of Google's own, which has no content to download. */
export function isGoogleType(mimeType: string): boolean {
  return mimeType.startsWith('application/vnd.google-apps.');
}

/** The resource of a revision. */
export function revisionResource(revision: FakeRevision): Readonly<Record<string, unknown>> {
  const { id, content, mimeType, modifiedTime, keepForever } = revision;
  return {
    kind: 'drive#revision',
    id,
    mimeType,
    modifiedTime,
    keepForever,
    size: String(content.byteLength),
    md5Checksum: hashOf('md5', content),
  };
}

/** Everything that is told of a file to an app. */
export function fileResource(
  file: FakeFile,
  { app, trashed }: { readonly app: string; readonly trashed: boolean },
): Readonly<Record<string, unknown>> {
  const head = file.revisions.at(-1);
  const appProperties = Object.fromEntries(file.appProperties.get(app) ?? []);
  const properties = Object.fromEntries(file.properties);
  return {
    kind: 'drive#file',
    id: file.id,
    name: file.name,
    mimeType: file.mimeType,
    ...(file.parent !== undefined && { parents: [file.parent] }),
    createdTime: file.createdTime,
    modifiedTime: file.modifiedTime,
    version: String(file.version),
    trashed,
    explicitlyTrashed: file.trashed,
    spaces: [file.space],
    starred: false,
    ownedByMe: file.driveId === undefined,
    ...(file.driveId !== undefined && { driveId: file.driveId }),
    ...(Object.keys(appProperties).length > 0 && { appProperties }),
    ...(Object.keys(properties).length > 0 && { properties }),
    ...(head !== undefined && {
      size: String(head.content.byteLength),
      quotaBytesUsed: String(head.content.byteLength),
      headRevisionId: head.id,
      md5Checksum: hashOf('md5', head.content),
      sha1Checksum: hashOf('sha1', head.content),
      sha256Checksum: hashOf('sha256', head.content),
      originalFilename: file.name,
    }),
    ...(file.exports !== undefined && {
      exportLinks: Object.fromEntries(
        [...file.exports.keys()].map((type) => [type, `https://docs.google.com/${file.id}`]),
      ),
    }),
    capabilities: {
      canReadRevisions: head !== undefined,
      canDownload: true,
      canEdit: true,
      canTrash: file.space === 'drive',
      canDelete: true,
    },
    ...file.rest,
  };
}

function hashOf(algorithm: string, content: Buffer): string {
  return createHash(algorithm).update(content).digest('hex');
}
