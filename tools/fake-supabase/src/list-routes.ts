import { invalidRequest, refusal, refuse } from './refusal.ts';
import { type Call, header, jsonOf, needsAuthorization, onlyQuery, sendJson } from './request.ts';
import type { StoredFile } from './state.ts';

const MAX_PAGE = 1000;

interface Row {
  readonly name: string;
  readonly id: string | null;
  readonly updated_at: string | null;
  readonly created_at: string | null;
  readonly last_accessed_at: string | null;
  readonly metadata: Readonly<Record<string, unknown>> | null;
}

/** `POST /object/list/:bucket`: one folder. https://github.com/supabase/storage/blob/master/src/http/routes/object/listObjects.ts */
export async function listFolder(call: Call): Promise<void> {
  const asked = await jsonOf(call, {
    'prefix!': 'string',
    limit: 'integer',
    offset: 'integer',
    sortBy: 'object',
    search: 'string',
  });
  const { limit = 100, offset = 0, search = '' } = asked as { [name: string]: number & string };
  if (limit < 1) throw invalidRequest('body/limit must be >= 1');
  const folder = asked['prefix'] as string;
  const start = folder === '' || folder.endsWith('/') ? folder : `${folder}/`;
  const prefix = `${start}${search}`;
  const { column, isAscending } = sortOf(asked, [
    'name',
    'updated_at',
    'created_at',
    'last_accessed_at',
  ]);
  const folders = new Set<string>();
  const rows: Row[] = [];
  for (const file of seen(call)) {
    if (!file.name.toLowerCase().startsWith(prefix.toLowerCase())) continue;
    const [head = '', ...rest] = file.name.slice(start.length).split('/');
    if (rest.length === 0) rows.push({ ...rowOf(file), name: head });
    else if (!folders.has(head)) {
      folders.add(head);
      rows.push(folderRow(head));
    }
  }
  rows.sort((a, b) => compare(String(a[column] ?? ''), String(b[column] ?? '')));
  if (!isAscending) rows.reverse();
  sendJson(call, rows.slice(offset, offset + limit));
}

/** `POST /object/list-v2/:bucket`. https://github.com/supabase/storage/blob/master/src/http/routes/object/listObjectsV2.ts */
export async function listV2(call: Call): Promise<void> {
  const asked = await jsonOf(call, {
    prefix: 'string',
    limit: 'integer',
    cursor: 'string',
    with_delimiter: 'boolean',
    sortBy: 'object',
  });
  const { isAscending, column } = sortOf(asked, ['name', 'updated_at', 'created_at']);
  if (column !== 'name') throw refusal(501, 'NotSupported', 'the fake sorts by name alone');
  const prefix = (asked['prefix'] as string | undefined) ?? '';
  const limit = Math.min((asked['limit'] as number | undefined) ?? MAX_PAGE, MAX_PAGE);
  if (limit < 1) throw invalidRequest('body/limit must be >= 1');
  const cursor = asked['cursor'] as string | undefined;
  const after = cursor === undefined ? undefined : placeOfCursor(cursor);
  if (call.fault() === 'second-page' && after !== undefined) {
    throw refusal(500, 'DatabaseError', 'database error', { httpStatus: 500 });
  }
  const rows: Row[] = seen(call)
    .filter(({ name }) => name.startsWith(prefix))
    .map(rowOf);
  if (!isAscending) rows.reverse();
  const grouped = asked['with_delimiter'] === true;
  const all = grouped ? searchV2(rows, prefix, after, limit + 1) : behind(rows, after, isAscending);
  const most = call.fault() === 'second-page' ? Math.min(1, limit) : limit;
  const page = all.slice(0, most);
  const hasNext = all.length > most;
  const last = page.at(-1);
  sendJson(call, {
    hasNext,
    ...(hasNext && last && { nextCursor: encodeCursor(last.name), nextCursorKey: last.name }),
    folders: page.filter(({ id }) => id === null).map((row) => ({ ...row, name: `${row.name}/` })),
    objects: page.filter(({ id }) => id !== null),
  });
}

/**
 * Groups as `storage.search_v2` makes them, with what it gets wrong: behind a cursor that is a plain
 * name it goes on at `name/`, so names between, such as `a-b` behind `a`, are left out.
 * https://github.com/supabase/storage/blob/master/migrations/tenant/0050-search-v2-optimised.sql
 */
function searchV2(
  rows: readonly Row[],
  prefix: string,
  after: string | undefined,
  most: number,
): readonly Row[] {
  const seek = after === undefined ? prefix : seekBehind(rows, after);
  const found: Row[] = [];
  for (const row of rows) {
    if (row.name < seek) continue;
    const slash = row.name.indexOf('/', prefix.length);
    if (slash < 0) found.push(row);
    else if (found.at(-1)?.name !== row.name.slice(0, slash) || found.at(-1)?.id !== null) {
      found.push(folderRow(row.name.slice(0, slash)));
    }
    if (found.length === most) break;
  }
  return found;
}

function seekBehind(rows: readonly Row[], after: string): string {
  const isFolder = rows.some(({ name }) => name.startsWith(`${after}/`));
  return isFolder ? `${after}0` : `${after}/`;
}

function behind(
  rows: readonly Row[],
  after: string | undefined,
  isAscending: boolean,
): readonly Row[] {
  if (after === undefined) return rows;
  return rows.filter(({ name }) => (isAscending ? name > after : name < after));
}

/** What the caller may see. A bucket that does not exist has nothing to see. */
function seen(call: Call): readonly StoredFile[] {
  needsAuthorization(call);
  onlyQuery(call, []);
  const caller = call.access.authenticated(header(call, 'authorization'));
  return call.state
    .sorted(call.path[2] ?? '')
    .filter((file) => call.access.may(caller, 'select', file));
}

function rowOf(file: StoredFile): Row {
  return {
    name: file.name,
    id: file.id,
    updated_at: file.updatedAt.toISOString(),
    created_at: file.createdAt.toISOString(),
    last_accessed_at: file.updatedAt.toISOString(),
    metadata: {
      eTag: file.etag,
      size: file.content.length,
      mimetype: file.mimetype,
      cacheControl: file.cacheControl,
      lastModified: file.lastModified.toISOString(),
      contentLength: file.content.length,
      httpStatusCode: 200,
    },
  };
}

function folderRow(name: string): Row {
  return {
    name,
    id: null,
    updated_at: null,
    created_at: null,
    last_accessed_at: null,
    metadata: null,
  };
}

function sortOf(
  asked: Readonly<Record<string, unknown>>,
  columns: readonly string[],
): { readonly column: keyof Row; readonly isAscending: boolean } {
  const sortBy = asked['sortBy'] as Readonly<Record<string, unknown>> | undefined;
  if (sortBy === undefined) return { column: 'name', isAscending: true };
  const { column, order = 'asc', ...unknown } = sortBy;
  if (!columns.includes(String(column)) || Object.keys(unknown).length > 0) {
    throw invalidRequest('body/sortBy/column must be equal to one of the allowed values');
  }
  if (order !== 'asc' && order !== 'desc') {
    throw invalidRequest('body/sortBy/order must be equal to one of the allowed values');
  }
  return { column: column as keyof Row, isAscending: order === 'asc' };
}

function encodeCursor(name: string): string {
  return Buffer.from(`l:${name}`).toString('base64');
}

function placeOfCursor(cursor: string): string {
  const [, name] = /^l:(.*)/.exec(Buffer.from(cursor, 'base64').toString()) ?? [];
  if (name === undefined) throw refuse.parameter('continuation token');
  return name;
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
