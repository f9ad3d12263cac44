import { FILE_FIELDS } from './description.ts';
import type { NewFile } from './drive-state.ts';
import { type KnownFields, known, selectFields } from './fields.ts';
import {
  type FakeFile,
  FOLDER_TYPE,
  fileResource,
  isGoogleType,
  SHORTCUT_TYPE,
} from './file-resource.ts';
import { contentAnswer } from './media.ts';
import { applyMetadata, checkMetadata } from './metadata.ts';
import { parseQuery } from './query.ts';
import { refusal, refuse } from './refusal.ts';
import { type Answer, type Call, count, flag, json, jsonBody, variable } from './request.ts';

export const FILE_ANSWER: KnownFields = known(FILE_FIELDS);
const LIST_ANSWER: KnownFields = {
  kind: true,
  nextPageToken: true,
  incompleteSearch: true,
  files: FILE_ANSWER,
};
/** What a file is told with where nobody chose fields. */
const DEFAULT_FIELDS = 'kind,id,name,mimeType';
/** Scopes of metadata alone give no content. */
const MEDIA_SCOPES = ['drive', 'drive.readonly', 'drive.file', 'drive.appdata'] as const;
const ABOUT_ANSWER: KnownFields = {
  kind: true,
  user: known(['kind', 'displayName', 'emailAddress', 'me', 'permissionId']),
  storageQuota: known(['limit', 'usage', 'usageInDrive', 'usageInDriveTrash']),
  maxUploadSize: true,
  appInstalled: true,
};

/** Answers with a file, as far as fields ask for it. */
export function fileAnswer(call: Call, file: FakeFile): Answer {
  // Nothing is no selection: rclone 1.60 sends it with deletes.
  const fields = call.query.get('fields') || DEFAULT_FIELDS;
  return json(selectFields(resourceOf(call, file), fields, FILE_ANSWER));
}

/** Everything that the caller may know of a file. */
export function resourceOf(
  { state, who }: Call,
  file: FakeFile,
): Readonly<Record<string, unknown>> {
  return fileResource(file, { app: who.app, trashed: state.isTrashed(file) });
}

/** The file that a request is about. */
function fileOf(call: Call): FakeFile {
  return call.state.find(variable(call, 'fileId'), call.who, flag(call, 'supportsAllDrives'));
}

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/files/get */
export function getFile(call: Call): Answer {
  const file = fileOf(call);
  if (call.query.get('alt') !== 'media') return fileAnswer(call, file);
  if (!MEDIA_SCOPES.some((scope) => call.who.scopes.has(scope))) throw refuse.scopes();
  const head = file.revisions.at(-1);
  if (head === undefined || isGoogleType(file.mimeType)) {
    throw refusal(
      403,
      'fileNotDownloadable',
      'Only files with binary content can be downloaded. Use Export with Docs Editors files.',
      { location: 'alt' },
    );
  }
  if (file.rest['isAbusive'] === true && !flag(call, 'acknowledgeAbuse')) {
    throw refusal(
      403,
      'cannotDownloadAbusiveFile',
      'This file has been identified as malware or spam and cannot be downloaded.',
    );
  }
  return contentAnswer(call, head.content, file.mimeType);
}

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/files/export */
export function exportFile(call: Call): Answer {
  const file = fileOf(call);
  const type = call.query.get('mimeType');
  if (type === null) throw refuse.badRequest('Required parameter: mimeType');
  if (file.exports === undefined) {
    throw refusal(403, 'fileNotExportable', 'Export only supports Docs Editors files.');
  }
  const content = file.exports.get(type);
  if (content === undefined) {
    throw refuse.badRequest('The requested conversion is not supported.');
  }
  return {
    status: 200,
    headers: { 'content-type': type },
    body: content,
    isContent: true,
  };
}

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/files/list */
export function listFiles(call: Call): Answer {
  const { query, state, who, fault } = call;
  const size = count(call, 'pageSize', 100, 1000);
  const driveId = query.get('driveId');
  const corpora = query.get('corpora') ?? (driveId === null ? 'user' : 'drive');
  if (!['user', 'drive', 'allDrives', 'domain'].includes(corpora)) {
    throw refuse.invalid('Invalid Value', 'corpora');
  }
  if ((corpora === 'drive') !== (driveId !== null)) {
    throw refuse.badRequest('driveId must be specified if, and only if, corpora is set to drive.');
  }
  const allDrives = flag(call, 'includeItemsFromAllDrives');
  if (driveId !== null && (!allDrives || !flag(call, 'supportsAllDrives'))) {
    throw refusal(
      403,
      'teamDriveInclusionRequired',
      'The includeItemsFromAllDrives and supportsAllDrives parameters must be set to true to search within a shared drive.',
    );
  }
  if (driveId !== null && !state.drives.has(driveId)) {
    throw refusal(404, 'notFound', `Shared drive not found: ${driveId}`, { location: 'driveId' });
  }
  const spaces = (query.get('spaces') ?? 'drive').split(',');
  if (spaces.some((space) => space !== 'drive' && space !== 'appDataFolder')) {
    throw refuse.invalid('Invalid Value', 'spaces');
  }
  if (spaces.includes('appDataFolder') && !who.scopes.has('drive.appdata')) throw refuse.scopes();
  const matches = parseQuery(query.get('q') ?? 'trashed = false or trashed = true', (id) =>
    state.resolveAlias(id),
  );
  const orderBy = query.get('orderBy');
  if (orderBy !== null && !/^(name|createdTime|modifiedTime|folder)( desc)?$/.test(orderBy)) {
    throw refuse.invalid('Invalid Value', 'orderBy');
  }
  const token = query.get('pageToken');
  const start = token === null ? 0 : placeOf(token, call);
  // The service has an order of its own; by id, so that nobody relies on it.
  const found = [...state.files.values()]
    .filter((file) => file.parent !== undefined)
    .filter((file) => spaces.includes(file.space))
    .filter((file) =>
      driveId === null ? file.driveId === undefined || allDrives : file.driveId === driveId,
    )
    .filter((file) => state.isVisible(file, who))
    .filter((file) => matches({ file, trashed: state.isTrashed(file), app: who.app }))
    .toSorted((one, other) => (one.id < other.id ? -1 : 1));
  // Trouble with the second page needs one.
  const most = fault === 'second-page' ? Math.min(size, 2) : size;
  const page = found.slice(start, start + most);
  const isLast = start + most >= found.length;
  const value = {
    kind: 'drive#fileList',
    ...(!isLast && { nextPageToken: tokenOf(start + most, call) }),
    incompleteSearch: false,
    files: page.map((file) => resourceOf(call, file)),
  };
  const fields =
    query.get('fields') ?? `kind,nextPageToken,incompleteSearch,files(${DEFAULT_FIELDS})`;
  return json(selectFields(value, fields, LIST_ANSWER));
}

/** Pages are bound to their query. */
function tokenOf(place: number, { query }: Call): string {
  return Buffer.from(JSON.stringify([place, query.get('q')])).toString('base64url');
}

function placeOf(token: string, { query }: Call): number {
  try {
    const [place, q] = JSON.parse(Buffer.from(token, 'base64url').toString()) as [number, string];
    if (Number.isInteger(place) && q === query.get('q')) return place;
  } catch {
    // Said below.
  }
  throw refuse.invalid('Invalid Value', 'pageToken');
}

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/files/create, without content */
export function createFile(call: Call): Answer {
  const metadata = jsonBody(call.body.toString());
  return fileAnswer(call, makeFile(call, metadata, Buffer.alloc(0), undefined));
}

/** Makes a file of its metadata and content. */
export function makeFile(
  call: Call,
  metadata: Readonly<Record<string, unknown>>,
  content: Buffer,
  contentType: string | undefined,
): FakeFile {
  const { state, who } = call;
  checkMetadata(metadata, 'create');
  const parents = (metadata['parents'] as readonly string[] | undefined) ?? ['root'];
  if (parents.length !== 1) {
    throw refuse.invalid('A file has exactly one parent.', 'parents');
  }
  const parentId = state.resolveAlias(parents[0] ?? '');
  checkParent(call, parentId);
  state.checkQuota(content.byteLength);
  const mimeType = String(metadata['mimeType'] ?? contentType ?? 'application/octet-stream');
  if (mimeType !== FOLDER_TYPE && mimeType !== SHORTCUT_TYPE && isGoogleType(mimeType)) {
    throw refuse.badRequest('This fake does not import documents.');
  }
  const file = state.addFile({
    id: metadata['id'] as string | undefined,
    name: String(metadata['name'] ?? 'Untitled'),
    mimeType,
    parent: parentId,
    app: who.app,
    content,
    createdTime: metadata['createdTime'] as string | undefined,
    modifiedTime: metadata['modifiedTime'] as string | undefined,
  } satisfies NewFile);
  applyMetadata(file, metadata, who.app);
  return file;
}

/** Whether the caller may put files into a folder. With `drive.file` the root may be written to, unseen. */
function checkParent(call: Call, id: string): void {
  const { state, who } = call;
  if (id === state.appDataId) {
    if (!who.scopes.has('drive.appdata')) throw refuse.scopes();
    return;
  }
  if (id === state.rootId) {
    if (!who.scopes.has('drive') && !who.scopes.has('drive.file')) throw refuse.scopes();
    return;
  }
  const parent = state.files.get(id);
  const isOfDrive = parent?.driveId === id && who.scopes.has('drive.file');
  if (parent === undefined || !(state.isVisible(parent, who) || isOfDrive)) {
    throw refuse.notFound(id);
  }
  if (parent.driveId !== undefined && !flag(call, 'supportsAllDrives')) throw refuse.notFound(id);
}

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/files/update, without content */
export function updateFile(call: Call): Answer {
  const file = fileOf(call);
  changeFile(call, file, jsonBody(call.body.toString()), false);
  return fileAnswer(call, file);
}

/** Changes what describes a file. */
export function changeFile(
  call: Call,
  file: FakeFile,
  metadata: Readonly<Record<string, unknown>>,
  withContent: boolean,
): void {
  const { state, who, query } = call;
  if (file.parent === undefined) throw refuse.files('The root folder cannot be changed.');
  checkMetadata(metadata, 'update');
  const type = metadata['mimeType'];
  if (type !== undefined && !withContent && type !== file.mimeType) {
    throw refuse.invalid('The MIME type cannot be changed without new content.', 'mimeType');
  }
  if (metadata['trashed'] === true && file.space === 'appDataFolder') {
    throw refusal(
      403,
      'notSupportedForAppDataFolderFiles',
      'Files within the Application Data folder cannot be trashed.',
    );
  }
  const added = query.get('addParents');
  const removed = query.get('removeParents');
  if (added !== null || removed !== null) {
    const target = state.resolveAlias(added ?? '');
    const leaves = (removed ?? '').split(',').map((id) => state.resolveAlias(id));
    if (added === null || added.includes(',')) throw refuse.badRequest('A file has one parent.');
    if (target !== file.parent && !leaves.includes(file.parent)) {
      throw refusal(403, 'cannotAddParent', 'Increasing the number of parents is not allowed');
    }
    checkParent(call, target);
    if (state.files.get(target)?.space !== file.space) {
      throw refusal(
        403,
        'notSupportedForAppDataFolderFiles',
        'Method not supported for files within the Application Data folder.',
      );
    }
    for (let at = state.files.get(target); at; at = state.files.get(at.parent ?? '')) {
      if (at === file) throw refuse.badRequest('A folder cannot be put into itself.');
    }
    file.parent = target;
  }
  if (typeof metadata['name'] === 'string' && metadata['name'] !== file.name) {
    file.modifiedTime = state.tick();
  }
  applyMetadata(file, metadata, who.app);
  state.touch(file);
}

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/files/copy */
export function copyFile(call: Call): Answer {
  const { who } = call;
  const source = fileOf(call);
  const metadata = jsonBody(call.body.toString());
  checkMetadata(metadata, 'copy');
  const head = source.revisions.at(-1);
  if (head === undefined && source.mimeType === FOLDER_TYPE) {
    throw refusal(403, 'cannotCopyFile', 'This file cannot be copied by the user.');
  }
  const kept = {
    name: `Copy of ${source.name}`,
    ...(source.parent !== undefined && { parents: [source.parent] }),
    ...metadata,
    appProperties: {
      ...Object.fromEntries(source.appProperties.get(who.app) ?? []),
      ...(metadata['appProperties'] as Readonly<Record<string, string>> | undefined),
    },
    properties: {
      ...Object.fromEntries(source.properties),
      ...(metadata['properties'] as Readonly<Record<string, string>> | undefined),
    },
  };
  const type = String(metadata['mimeType'] ?? source.mimeType);
  if (head === undefined || type !== source.mimeType) {
    throw refuse.badRequest('This fake does not convert files.');
  }
  const clean = {
    ...kept,
    mimeType: type,
    appProperties: withoutNulls(kept.appProperties),
    properties: withoutNulls(kept.properties),
  };
  return fileAnswer(call, makeFile(call, clean, head.content, type));
}

function withoutNulls(
  values: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/files/delete */
export function deleteFile(call: Call): Answer {
  const file = fileOf(call);
  if (file.parent === undefined) throw refuse.files('The root folder cannot be deleted.');
  call.state.remove(file);
  return { status: 204 };
}

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/files/generateIds */
export function generateIds(call: Call): Answer {
  const ids = Array.from({ length: count(call, 'count', 10, 1000) }, () => call.state.newId());
  return json({ kind: 'drive#generatedIds', space: call.query.get('space') ?? 'drive', ids });
}

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/about/get */
export function getAbout(call: Call): Answer {
  const fields = call.query.get('fields');
  if (fields === null) {
    throw refuse.invalid("The 'fields' parameter is required for this method.", 'fields');
  }
  const { state } = call;
  const used = String(state.usedBytes());
  const value = {
    kind: 'drive#about',
    user: { kind: 'drive#user', displayName: 'A User', emailAddress: 'a@example.com', me: true },
    storageQuota: {
      ...(state.quotaBytes !== undefined && { limit: String(state.quotaBytes) }),
      usage: used,
      usageInDrive: used,
      usageInDriveTrash: '0',
    },
    maxUploadSize: '5242880000000',
    appInstalled: false,
  };
  return json(selectFields(value, fields, ABOUT_ANSWER));
}

/** https://developers.google.com/workspace/drive/api/reference/rest/v3/drives/get */
export function getDrive(call: Call): Answer {
  const id = variable(call, 'driveId');
  const name = call.state.drives.get(id);
  if (name === undefined) {
    throw refusal(404, 'notFound', `Shared drive not found: ${id}`, { location: 'driveId' });
  }
  return json({ kind: 'drive#drive', id, name });
}
