import { type Address, itemAt, parseAddress, startOf } from './address.ts';
import type { Downloads } from './content-routes.ts';
import { deltaPage } from './delta-routes.ts';
import type { Drive, Item } from './drive-state.ts';
import {
  checkIfMatch,
  describedAs,
  itemJson,
  onlySelect,
  selected,
  selectedFields,
} from './item-json.ts';
import { refuse } from './refusal.ts';
import {
  conflictBehaviorOf,
  type FakeAnswer,
  type FakeRequest,
  fieldsOf,
  jsonOf,
  onlyQuery,
} from './request.ts';
import type { Uploads } from './upload-routes.ts';
import { answerVersion } from './version-routes.ts';

const BEHAVIOR = '@microsoft.graph.conflictBehavior';
/** "This method only supports files up to 250 MB": driveitem-put-content. Units: bytes. */
const MAX_PUT = 250 * 1024 * 1024;
const MAX_PAGE = 1000;
const PAGE = 200;

/** What the routes of a drive work with. */
export interface Surroundings {
  readonly downloads: Downloads;
  readonly uploads: Uploads;
  readonly tellsVersionUrls: boolean;
  appFolder(drive: Drive): Item;
}

/** Answers a request below a drive; `path` is what comes after the drive. */
export function answerItem(
  drive: Drive,
  path: string,
  request: FakeRequest,
  around: Surroundings,
): FakeAnswer {
  const { method } = request;
  if (path === '') return method === 'GET' ? driveJson(drive, request) : refused();
  const [, item = '', rest] = /^(.*?)(?:\/|:\/)versions(\/.*)?$/.exec(path) ?? [];
  if (item !== '') {
    const found = itemAt(drive, parseAddress(item), () => around.appFolder(drive));
    return answerVersion(drive, found, rest ?? '', request, around);
  }
  const address = parseAddress(path);
  const appFolder = () => around.appFolder(drive);
  const json = (item: Item) =>
    itemJson(drive, item, (one) => around.downloads.urlOf(drive, one, request.origin));

  switch (`${method} ${address.action}`) {
    case 'GET ': {
      onlySelect(request);
      const fields = selectedFields(request);
      return { status: 200, body: selected(json(itemAt(drive, address, appFolder)), fields) };
    }
    case 'GET children':
      return childrenPage(drive, itemAt(drive, address, appFolder), request, json);
    case 'POST children':
      return makeFolder(drive, itemAt(drive, address, appFolder), request, json);
    case 'GET content': {
      onlyQuery(request, []);
      const item = itemAt(drive, address, appFolder);
      if (item.content === undefined) throw refuse.request('A folder has no content.');
      const location = around.downloads.urlOf(drive, item, request.origin);
      return { status: 302, headers: { location } };
    }
    case 'PUT content':
      return putContent(drive, address, startOf(drive, address, appFolder), request, json);
    case 'PATCH ':
      return updateItem(drive, itemAt(drive, address, appFolder), request, json);
    case 'DELETE ': {
      onlyQuery(request, []);
      return remove(drive, itemAt(drive, address, appFolder), request);
    }
    case 'POST permanentDelete':
      // It is there under the drive's id alone, in any version of the page.
      if (!request.path.startsWith('/v1.0/drives/')) throw refuse.method();
      return remove(drive, itemAt(drive, address, appFolder), request);
    case 'POST createUploadSession': {
      onlyQuery(request, []);
      const from = startOf(drive, address, appFolder);
      checkIfMatch(request, drive.find(from, address.segments));
      return around.uploads.begin(drive, from, address.segments, request);
    }
    case 'GET delta':
      if (address.from !== 'root' || address.segments.length > 0)
        throw refuse.request('Only root.');
      return deltaPage(drive, request);
    default:
      return refused();
  }
}

function refused(): never {
  throw refuse.method();
}

// https://learn.microsoft.com/graph/api/drive-get, read 2026-11-21
function driveJson(drive: Drive, request: FakeRequest): FakeAnswer {
  onlySelect(request);
  const used = drive.usedBytes();
  const total = drive.totalBytes;
  const all: Record<string, unknown> = {
    id: drive.id,
    driveType: drive.driveType,
    quota: { total, used, remaining: total - used, deleted: 0, state: 'normal' },
  };
  const names = request.query.get('$select')?.split(',') ?? Object.keys(all);
  for (const name of names) if (!(name in all)) throw refuse.request(`No property '${name}'.`);
  return { status: 200, body: Object.fromEntries(names.map((name) => [name, all[name]])) };
}

// https://learn.microsoft.com/graph/api/driveitem-list-children, read 2026-11-21
function childrenPage(
  drive: Drive,
  folder: Item,
  request: FakeRequest,
  json: (item: Item) => Record<string, unknown>,
): FakeAnswer {
  onlyQuery(request, ['$select', '$top', '$skiptoken']);
  const fields = selectedFields(request);
  if (folder.content !== undefined) throw refuse.request('A file has no children.');
  const top = request.query.get('$top');
  const size = top === null ? PAGE : Number(top);
  if (!Number.isInteger(size) || size < 1 || size > MAX_PAGE) {
    throw refuse.request('The value of $top is invalid.');
  }
  const token = request.query.get('$skiptoken');
  const after = token === null ? '' : Buffer.from(token, 'base64url').toString();
  const found = drive.children(folder.id).filter(({ name }) => name.toLowerCase() > after);
  const page = found.slice(0, size);
  const next = new URL(request.path, request.origin);
  for (const [name, value] of request.query) next.searchParams.set(name, value);
  const last = page.at(-1)?.name.toLowerCase() ?? '';
  next.searchParams.set('$skiptoken', Buffer.from(last).toString('base64url'));
  return {
    status: 200,
    body: {
      value: page.map((item) => selected(json(item), fields)),
      ...(found.length > size && { '@odata.nextLink': next.href }),
    },
  };
}

// https://learn.microsoft.com/graph/api/driveitem-post-children, read 2026-11-21
function makeFolder(
  drive: Drive,
  parent: Item,
  request: FakeRequest,
  json: (item: Item) => object,
): FakeAnswer {
  onlyQuery(request, []);
  const { name, folder, ...options } = jsonOf(request, ['name', 'folder', BEHAVIOR]);
  if (typeof name !== 'string' || folder === undefined) throw refuse.request('No folder is named.');
  fieldsOf(folder, []);
  if (parent.content !== undefined) throw refuse.request('A file has no children.');
  const behavior = conflictBehaviorOf(options[BEHAVIOR], 'fail');
  const there = drive.find(parent, [name]);
  if (there !== undefined && (behavior === 'fail' || there.content !== undefined)) {
    throw refuse.taken();
  }
  return { status: there ? 200 : 201, body: json(there ?? drive.makeFolder(parent, name)) };
}

// https://learn.microsoft.com/graph/api/driveitem-put-content, read 2026-11-21
function putContent(
  drive: Drive,
  { segments }: Address,
  from: Item,
  request: FakeRequest,
  json: (item: Item) => object,
): FakeAnswer {
  onlyQuery(request, [BEHAVIOR]);
  const mimeType = request.headers['content-type'];
  if (mimeType === undefined) throw refuse.request('Content-Type is missing.');
  if (request.body.length > MAX_PUT) throw refuse.request('The content is too large.');
  const behavior = conflictBehaviorOf(request.query.get(BEHAVIOR), 'replace');
  const path = segments.length === 0 ? [from.name] : segments;
  const start = segments.length === 0 ? (drive.item(from.parentId ?? '') ?? from) : from;
  const parent = drive.folder(start, path.slice(0, -1));
  const { item, isNew } = drive.write(parent, path.at(-1) ?? '', {
    content: request.body,
    mimeType,
    behavior,
    check: (existing) => checkIfMatch(request, existing),
  });
  return { status: isNew ? 201 : 200, body: json(item) };
}

// https://learn.microsoft.com/graph/api/driveitem-move, read 2026-11-21
function updateItem(
  drive: Drive,
  item: Item,
  request: FakeRequest,
  json: (item: Item) => object,
): FakeAnswer {
  onlyQuery(request, []);
  checkIfMatch(request, item);
  const body = jsonOf(request, [
    'name',
    'parentReference',
    'description',
    'fileSystemInfo',
    BEHAVIOR,
  ]);
  if (body['description'] !== undefined || body['fileSystemInfo'] !== undefined) {
    const changed = drive.describe(item, describedAs(drive, body, item));
    if (body['name'] === undefined && body['parentReference'] === undefined) {
      return { status: 200, body: json(changed) };
    }
    throw refuse.request('The fake does one thing at a time.');
  }
  const reference = fieldsOf(body['parentReference'] ?? {}, ['id', 'driveId', 'path']);
  const id = reference['id'] ?? item.parentId;
  if (id === 'root' || typeof id !== 'string') throw refuse.request('No parent is named.');
  const parent = drive.item(id);
  if (parent === undefined || parent.content !== undefined) throw refuse.noItem();
  const name = body['name'] ?? item.name;
  if (typeof name !== 'string') throw refuse.request('The name is no text.');
  const behavior = conflictBehaviorOf(body[BEHAVIOR], 'fail');
  return { status: 200, body: json(drive.update(item, { parent, name, behavior })) };
}

// https://learn.microsoft.com/graph/api/driveitem-delete, read 2026-11-21
function remove(drive: Drive, item: Item, request: FakeRequest): FakeAnswer {
  checkIfMatch(request, item);
  if (item.id === drive.root.id) throw refuse.request('The root cannot be deleted.');
  drive.remove(item);
  return { status: 204 };
}
