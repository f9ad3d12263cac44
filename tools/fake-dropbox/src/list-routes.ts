import { flag, NO_EXTRAS, text, whole } from './check-fields.ts';
import { type Entry, listingOrder } from './dropbox-state.ts';
import { deletedMetadata, metadataOf } from './metadata.ts';
import { lowerOf, parentOf, pathProblem } from './paths.ts';
import { badRequest, routeError, tagged } from './refusal.ts';
import { type Call, json, type Routes } from './request.ts';

/** Where a listing stands, and how many happenings it has told. Nobody else can read or make one. */
interface Cursor {
  readonly lower: string;
  readonly recursive: boolean;
  readonly limit: number;
  readonly exports: boolean;
  /** Order of the last entry of the snapshot; `null` when all of it was told. */
  readonly after: string | null;
  readonly told: number;
  readonly epoch: number;
}

const MAX_LIMIT = 2000;
/** Units: s. */
const SHORTEST_POLL = 30;
const LONGEST_POLL = 480;

const folderFields = {
  'path!': text('PathROrId'),
  recursive: flag,
  limit: whole(1, MAX_LIMIT),
  include_non_downloadable_files: flag,
  include_mounted_folders: flag,
  ...NO_EXTRAS,
};

/** Listings, which are the feed of changes too. */
export const listRoutes: Routes = {
  'files/list_folder': {
    host: 'api',
    style: 'rpc',
    scope: 'files.metadata.read',
    fields: folderFields,
    answer: (call) => page(call, begin(call, '')),
  },
  'files/list_folder/continue': {
    host: 'api',
    style: 'rpc',
    scope: 'files.metadata.read',
    fields: { 'cursor!': text('Cursor') },
    answer: (call) => page(call, cursorOf(call)),
  },
  'files/list_folder/get_latest_cursor': {
    host: 'api',
    style: 'rpc',
    scope: 'files.metadata.read',
    fields: folderFields,
    answer: (call) => json({ cursor: keep(call, begin(call, null)) }),
  },
  'files/list_folder/longpoll': {
    host: 'notify',
    style: 'rpc',
    auth: 'noauth',
    fields: { 'cursor!': text('Cursor'), timeout: whole(SHORTEST_POLL, LONGEST_POLL) },
    answer(call) {
      const cursor = cursorOf(call);
      const { state, arg, request } = call;
      const hasChanges = () => cursor.after !== null || newsOf(call, cursor).length > 0;
      if (hasChanges()) return json({ changes: true });
      return new Promise((resolve) => {
        const end = (changes: boolean) => {
          clearTimeout(timer);
          stop();
          request.gone.removeEventListener('abort', leave);
          resolve(json({ changes }));
        };
        const leave = () => end(false);
        const timer = setTimeout(leave, Number(arg['timeout'] ?? SHORTEST_POLL) * 1000);
        const stop = state.onChange(() => {
          if (hasChanges()) end(true);
        });
        request.gone.addEventListener('abort', leave);
      });
    },
  },
};

function begin(call: Call, after: string | null): Cursor {
  const {
    path,
    recursive = false,
    limit = MAX_LIMIT,
    include_non_downloadable_files: exports = true,
  } = call.arg;
  const lower = lowerOf(String(path));
  if (pathProblem(lower) === 'malformed_path') throw routeError(tagged('path', 'malformed_path'));
  checkFolder(call, lower);
  const { happenings } = call.state;
  return {
    lower,
    recursive: recursive === true,
    limit: Number(limit),
    exports: exports !== false,
    after,
    told: happenings.length,
    epoch: call.settings.cursorEpoch,
  };
}

function checkFolder({ state }: Call, lower: string): void {
  if (lower === '') return;
  const entry = state.entries.get(lower);
  if (entry === undefined) throw routeError(tagged('path', 'not_found'));
  if (entry.kind === 'file') throw routeError(tagged('path', 'not_folder'));
}

function keep({ state }: Call, cursor: Cursor): string {
  const name = `AA${crypto.randomUUID().replaceAll('-', '')}`;
  state.shelf<Cursor>('cursors').set(name, cursor);
  return name;
}

function cursorOf(call: Call): Cursor {
  const cursor = call.state.shelf<Cursor>('cursors').get(String(call.arg['cursor']));
  if (cursor === undefined) throw badRequest(call.name, 'Invalid "cursor" parameter');
  if (cursor.epoch !== call.settings.cursorEpoch) throw routeError(tagged('reset'));
  return cursor;
}

/** Whether a path is one that the listing tells of. A listing of all that is below tells of the folder too. */
function isIn(lower: string, cursor: Cursor): boolean {
  if (!cursor.recursive) return parentOf(lower) === cursor.lower && lower !== '';
  return lower.startsWith(`${cursor.lower}/`) || (lower === cursor.lower && lower !== '');
}

function isTold(entry: Entry, { exports }: Cursor): boolean {
  return entry.kind === 'folder' || exports || entry.isDownloadable;
}

/** What has happened since, each path once. */
function newsOf(
  { state }: Call,
  cursor: Cursor,
): readonly { readonly lower: string; readonly path: string }[] {
  const latest = new Map<string, { lower: string; path: string }>();
  for (const happening of state.happenings.slice(cursor.told)) {
    if (!isIn(happening.lower, cursor)) continue;
    latest.delete(happening.lower);
    latest.set(happening.lower, happening);
  }
  return [...latest.values()];
}

/** The next entries: first those of the snapshot, then what has happened meanwhile. */
function page(call: Call, cursor: Cursor): ReturnType<typeof json> {
  const { state } = call;
  checkFolder(call, cursor.lower);
  if (cursor.after === null) {
    const told = state.happenings.length;
    const entries = newsOf(call, cursor).flatMap(({ lower, path }) => {
      const entry = state.entries.get(lower);
      if (entry === undefined) return [deletedMetadata(path)];
      return isTold(entry, cursor) ? [metadataOf(entry)] : [];
    });
    return json({ entries, cursor: keep(call, { ...cursor, told }), has_more: false });
  }
  const after = cursor.after;
  const left = [...state.entries.entries()]
    .filter(([lower, entry]) => isIn(lower, cursor) && isTold(entry, cursor))
    .map(([lower, entry]) => ({ order: listingOrder(lower), entry }))
    .filter(({ order }) => order > after)
    .sort((a, b) => (a.order < b.order ? -1 : 1));
  const entries = left.slice(0, cursor.limit);
  const last = entries.at(-1)?.order ?? after;
  const isWhole = entries.length === left.length;
  const next: Cursor = { ...cursor, after: isWhole ? null : last };
  return json({
    entries: entries.map(({ entry }) => metadataOf(entry)),
    cursor: keep(call, next),
    has_more: !isWhole || newsOf(call, next).length > 0,
  });
}
