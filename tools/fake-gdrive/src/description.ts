import type { ScopeName } from './tokens.ts';

/**
 * What the fake knows of the service's description: methods with their parameters and scopes, and the
 * fields of what they answer. `check-description.ts` compares it with the published one.
 * https://www.googleapis.com/discovery/v1/apis/drive/v3/rest, read 2026-11-21
 */

/** A method as the discovery document describes it. */
export interface DescribedMethod {
  readonly http: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/drive/v3/`. Variables stand in braces. */
  readonly path: string;
  /** Parameters of the query. */
  readonly query: readonly string[];
  /** One of these is enough. */
  readonly scopes: readonly ScopeName[];
  /** Takes or gives content. */
  readonly media?: 'upload' | 'download';
}

/** Ids of methods without the leading `drive.`. */
export type MethodName =
  | 'about.get'
  | 'changes.getStartPageToken'
  | 'changes.list'
  | 'drives.get'
  | 'files.copy'
  | 'files.create'
  | 'files.delete'
  | 'files.export'
  | 'files.generateIds'
  | 'files.get'
  | 'files.list'
  | 'files.update'
  | 'revisions.delete'
  | 'revisions.get'
  | 'revisions.list'
  | 'revisions.update';

/** Parameters of every method. */
export const STANDARD_PARAMETERS: readonly string[] = [
  'alt',
  'fields',
  'key',
  'oauth_token',
  'prettyPrint',
  'quotaUser',
  'userIp',
  'uploadType',
  'upload_id',
];

const READ: readonly ScopeName[] = [
  'drive',
  'drive.appdata',
  'drive.file',
  'drive.metadata',
  'drive.metadata.readonly',
  'drive.readonly',
];
const CONTENT: readonly ScopeName[] = ['drive', 'drive.appdata', 'drive.file'];
const ALL_DRIVES = ['supportsAllDrives', 'supportsTeamDrives'];
const LABELS = ['includeLabels', 'includePermissionsForView'];

/** The methods that the fake has. */
export const METHODS: Readonly<Record<MethodName, DescribedMethod>> = {
  'about.get': { http: 'GET', path: 'about', query: [], scopes: READ },
  'changes.getStartPageToken': {
    http: 'GET',
    path: 'changes/startPageToken',
    query: ['driveId', 'teamDriveId', ...ALL_DRIVES],
    scopes: READ,
  },
  'changes.list': {
    http: 'GET',
    path: 'changes',
    query: [
      ...['driveId', 'includeCorpusRemovals', 'includeItemsFromAllDrives', 'includeRemoved'],
      ...['includeTeamDriveItems', 'pageSize', 'pageToken', 'restrictToMyDrive', 'spaces'],
      ...['teamDriveId', ...ALL_DRIVES, ...LABELS],
    ],
    scopes: READ,
  },
  'drives.get': {
    http: 'GET',
    path: 'drives/{driveId}',
    query: ['useDomainAdminAccess'],
    scopes: ['drive', 'drive.readonly'],
  },
  'files.copy': {
    http: 'POST',
    path: 'files/{fileId}/copy',
    query: [
      ...['copyComments', 'enforceSingleParent', 'ignoreDefaultVisibility', 'keepRevisionForever'],
      ...['ocrLanguage', ...ALL_DRIVES, ...LABELS],
    ],
    scopes: CONTENT,
  },
  'files.create': {
    http: 'POST',
    path: 'files',
    query: [
      ...['enforceSingleParent', 'ignoreDefaultVisibility', 'keepRevisionForever'],
      ...['ocrLanguage', 'useContentAsIndexableText', ...ALL_DRIVES, ...LABELS],
    ],
    scopes: CONTENT,
    media: 'upload',
  },
  'files.delete': {
    http: 'DELETE',
    path: 'files/{fileId}',
    query: ['enforceSingleParent', ...ALL_DRIVES],
    scopes: CONTENT,
  },
  'files.export': {
    http: 'GET',
    path: 'files/{fileId}/export',
    query: ['mimeType'],
    scopes: ['drive', 'drive.file', 'drive.readonly'],
    media: 'download',
  },
  'files.generateIds': {
    http: 'GET',
    path: 'files/generateIds',
    query: ['count', 'space', 'type'],
    scopes: CONTENT,
  },
  'files.get': {
    http: 'GET',
    path: 'files/{fileId}',
    query: ['acknowledgeAbuse', ...ALL_DRIVES, ...LABELS],
    scopes: READ,
    media: 'download',
  },
  'files.list': {
    http: 'GET',
    path: 'files',
    query: [
      ...['corpora', 'corpus', 'driveId', 'includeItemsFromAllDrives', 'includeTeamDriveItems'],
      ...['orderBy', 'pageSize', 'pageToken', 'q', 'spaces', 'teamDriveId'],
      ...[...ALL_DRIVES, ...LABELS],
    ],
    scopes: READ,
  },
  'files.update': {
    http: 'PATCH',
    path: 'files/{fileId}',
    query: [
      ...['addParents', 'enforceSingleParent', 'keepRevisionForever', 'ocrLanguage'],
      ...['removeParents', 'useContentAsIndexableText', ...ALL_DRIVES, ...LABELS],
    ],
    scopes: CONTENT,
    media: 'upload',
  },
  'revisions.delete': {
    http: 'DELETE',
    path: 'files/{fileId}/revisions/{revisionId}',
    query: [],
    scopes: CONTENT,
  },
  'revisions.get': {
    http: 'GET',
    path: 'files/{fileId}/revisions/{revisionId}',
    query: ['acknowledgeAbuse'],
    scopes: READ,
    media: 'download',
  },
  'revisions.list': {
    http: 'GET',
    path: 'files/{fileId}/revisions',
    query: ['pageSize', 'pageToken'],
    scopes: READ,
  },
  'revisions.update': {
    http: 'PATCH',
    path: 'files/{fileId}/revisions/{revisionId}',
    query: [],
    scopes: CONTENT,
  },
};

/** Fields of a file that a client may write. */
export const WRITABLE_FIELDS: readonly string[] = [
  ...['appProperties', 'contentHints', 'copyRequiresWriterPermission', 'createdTime'],
  ...['description', 'folderColorRgb', 'id', 'mimeType', 'modifiedTime', 'name'],
  ...['originalFilename', 'parents', 'properties', 'shortcutDetails', 'starred', 'trashed'],
  ...['viewedByMeTime', 'writersCanShare'],
];

/** Fields of a file that the fake tells. */
export const FILE_FIELDS: readonly string[] = [
  ...['appProperties', 'capabilities', 'copyRequiresWriterPermission', 'createdTime'],
  ...['description', 'driveId', 'explicitlyTrashed', 'exportLinks', 'headRevisionId', 'id'],
  ...['kind', 'md5Checksum', 'mimeType', 'modifiedTime', 'name', 'originalFilename'],
  ...['ownedByMe', 'parents', 'properties', 'quotaBytesUsed', 'resourceKey', 'sha1Checksum'],
  ...['sha256Checksum', 'shortcutDetails', 'size', 'spaces', 'starred', 'trashed', 'version'],
  ...['webContentLink', 'webViewLink', 'writersCanShare'],
];

/** Fields of a revision that the fake tells. */
export const REVISION_FIELDS: readonly string[] = [
  ...['id', 'keepForever', 'kind', 'md5Checksum', 'mimeType', 'modifiedTime'],
  ...['originalFilename', 'size'],
];
