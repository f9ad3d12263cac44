import { batch } from './batch-route.ts';
import { listChanges, startPageToken } from './change-routes.ts';
import {
  type DescribedMethod,
  METHODS,
  type MethodName,
  STANDARD_PARAMETERS,
} from './description.ts';
import {
  copyFile,
  createFile,
  deleteFile,
  exportFile,
  generateIds,
  getAbout,
  getDrive,
  getFile,
  listFiles,
  updateFile,
} from './file-routes.ts';
import { refusal, refuse } from './refusal.ts';
import type { Answer, Call, Handler } from './request.ts';
import { deleteRevision, getRevision, listRevisions, updateRevision } from './revision-routes.ts';
import { continueUpload, uploadFile } from './upload-routes.ts';

const HANDLERS: Readonly<Record<MethodName, Handler>> = {
  'about.get': getAbout,
  'changes.getStartPageToken': startPageToken,
  'changes.list': listChanges,
  'drives.get': getDrive,
  'files.copy': copyFile,
  'files.create': createFile,
  'files.delete': deleteFile,
  'files.export': exportFile,
  'files.generateIds': generateIds,
  'files.get': getFile,
  'files.list': listFiles,
  'files.update': updateFile,
  'revisions.delete': deleteRevision,
  'revisions.get': getRevision,
  'revisions.list': listRevisions,
  'revisions.update': updateRevision,
};

const ROUTES = (Object.entries(METHODS) as [MethodName, DescribedMethod][])
  // A path without variables comes before one that would take its last word for an id.
  .toSorted(([, one], [, other]) => one.path.split('{').length - other.path.split('{').length)
  .map(([name, method]) => ({
    name,
    method,
    pattern: new RegExp(`^${method.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`),
  }));

/** Whether the address is one of a resumable upload, which needs no token. */
export function isSession(path: string, query: URLSearchParams): boolean {
  return path.startsWith('/upload/') && query.has('upload_id');
}

/** Answers a request. Errors: refusals. */
export function route(call: Call): Answer {
  const { path, query, method, who } = call;
  if (isSession(path, query)) return continueUpload(call);
  if (path === '/batch/drive/v3' && method === 'POST') return batch(call, route);
  const isUpload = path.startsWith('/upload/drive/v3/');
  const below = isUpload ? path.slice('/upload/drive/v3/'.length) : path.slice('/drive/v3/'.length);
  if (!isUpload && !path.startsWith('/drive/v3/')) throw notThere(path);
  for (const { name, method: described, pattern } of ROUTES) {
    const match = pattern.exec(below);
    if (match === null || described.http !== method) continue;
    if (isUpload && described.media !== 'upload') continue;
    checkQuery(described, query, isUpload);
    if (!described.scopes.some((scope) => who.scopes.has(scope))) throw refuse.scopes();
    const variables = Object.fromEntries(
      Object.entries(match.groups ?? {}).map(([key, value]) => [key, decodeURIComponent(value)]),
    );
    const handler = isUpload ? uploadFile : HANDLERS[name];
    return handler({ ...call, variables });
  }
  throw notThere(path);
}

function checkQuery(
  { query: allowed, media }: DescribedMethod,
  query: URLSearchParams,
  isUpload: boolean,
): void {
  for (const name of query.keys()) {
    if (allowed.includes(name) || STANDARD_PARAMETERS.includes(name)) {
      if (query.getAll(name).length === 1) continue;
      throw refuse.badRequest(`The parameter "${name}" is there twice.`);
    }
    throw refuse.badRequest(
      `Invalid JSON payload received. Unknown name "${name}": Cannot bind query parameter.`,
    );
  }
  const alt = query.get('alt') ?? 'json';
  if (alt !== 'json' && !(alt === 'media' && media === 'download')) {
    throw refuse.invalid('Invalid Value', 'alt');
  }
  if (query.has('uploadType') && !isUpload) throw refuse.badRequest('Not an upload.');
}

function notThere(path: string) {
  return refusal(404, 'notFound', `The requested URL ${path} was not found on this server.`);
}
