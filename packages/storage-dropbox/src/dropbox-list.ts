import {
  compareKeys,
  decodeCursor,
  encodeCursor,
  isKey,
  type ListEntry,
  type ListOptions,
  type ListPage,
} from '@granary/storage-core/provider';
import { type NativeEntry, toItem } from './dropbox-attributes.ts';
import type { DropboxStore } from './dropbox-client.ts';
import { folderPage, hasFiles, type NativePage, PAGE_SIZE } from './dropbox-folders.ts';
import { isPart, lowerOf, placeOf, toPath, toSegments } from './dropbox-keys.ts';
import { type Place, placeJson, readPlace, type Source } from './dropbox-place.ts';
import { findFile } from './dropbox-read.ts';

/** How many folders are looked into at the same time. */
const PROBES = 8;

/** What one walk knows besides its place. */
interface Walk {
  readonly store: DropboxStore;
  readonly options: ListOptions;
  /** What the names in the folder of the prefix begin with. */
  readonly start: string;
  /** Files that were told, since the service tells again of those that change meanwhile. */
  readonly seen: Set<string>;
  readonly groups: Set<string>;
  /** Folders that have files, in lower case. */
  readonly filled: Set<string>;
  /** Names of folders as they are written, by path in lower case: those in the paths of files may be written otherwise. */
  readonly names: Map<string, string>;
}

/** Lists objects. The service's pages come in no order; each is sorted, which is an order where all fits one. */
export async function* listObjects(
  store: DropboxStore,
  options: ListOptions,
): AsyncGenerator<ListPage, void, undefined> {
  const { prefix = '', limit = Number.POSITIVE_INFINITY, cursor } = options;
  const where = placeOf(prefix);
  if (where === undefined) return;
  const walk: Walk = {
    store,
    options,
    start: where.start,
    seen: new Set(),
    groups: new Set(),
    filled: new Set(),
    names: new Map(),
  };
  const path = where.folder === '' ? store.root : toPath(where.folder, store.root);
  let place: Place | undefined =
    cursor === undefined ? undefined : readPlace(decodeCursor(cursor, options), store.root);
  let left = limit;
  let isOpen = false;
  while (left > 0) {
    const step = place === undefined ? await firstStep(walk, path) : await nextStep(walk, place);
    // One more than is wanted, so that it is known whether there is more.
    const { entries, rest } = await takeEntries(step.candidates, left + 1);
    const told = entries.slice(0, left);
    const kept = [...entries.slice(left).map(({ key }) => key), ...rest];
    left -= told.length;
    place = {
      sources: step.sources,
      ...(kept.length > 0 && { again: { source: step.source, left: kept } }),
    };
    const isMore = kept.length > 0 || (await goesOn(walk, step.sources, left));
    if (told.length > 0 || (isOpen && !isMore)) {
      yield { entries: told, ...(isMore && { cursor: encodeCursor(options, placeJson(place)) }) };
    }
    isOpen = isMore;
    if (!isMore) return;
  }
}

/** An entry, or what may turn out to be one. */
interface Candidate {
  readonly key: string;
  resolve(): ListEntry | Promise<ListEntry | undefined>;
}

interface Step {
  /** In the order of keys. */
  readonly candidates: readonly Candidate[];
  /** Where they are from. */
  readonly source: Source;
  /** What comes then. */
  readonly sources: readonly Source[];
}

/**
 * All that is below the prefix in one request, where it fits one. Where it does not, a listing with a
 * delimiter or with the start of a name goes by folders, so that not everything is read.
 */
async function firstStep(walk: Walk, path: string): Promise<Step> {
  const { limit = PAGE_SIZE, delimiter } = walk.options;
  const isWhole = walk.start === '' && delimiter === undefined;
  const most = isWhole ? Math.min(PAGE_SIZE, limit + 1) : PAGE_SIZE;
  const source: Source = { path, recursive: true, limit: most };
  const page = await pageOf(walk, source);
  if (isWhole || !page?.has_more) return stepOf(walk, source, page, []);
  const flat: Source = { path, recursive: false, limit: PAGE_SIZE };
  for (const entry of page.entries) noteFilled(walk, entry);
  return stepOf(walk, flat, await pageOf(walk, flat), []);
}

async function nextStep(walk: Walk, { sources, again }: Place): Promise<Step> {
  if (again !== undefined) {
    // Other entries may be on that page by now, whose turn comes later.
    const apart: Walk = { ...walk, seen: new Set(), groups: new Set() };
    const { candidates } = stepOf(apart, again.source, await pageOf(walk, again.source), []);
    const found = new Map(candidates.map((candidate) => [candidate.key, candidate]));
    // What came or went meanwhile may have moved them to another page.
    const left = again.left.map(
      (key): Candidate => found.get(key) ?? { key, resolve: () => entryAt(walk, key) },
    );
    return { candidates: left, source: again.source, sources };
  }
  const [source, ...rest] = sources;
  // There always is one: a place without any is the end.
  if (source === undefined) {
    return { candidates: [], source: { path: '', recursive: false, limit: 1 }, sources: [] };
  }
  return stepOf(walk, source, await pageOf(walk, source), rest);
}

/** Whether there is more. Behind the limit that has to be sure, so it is looked for. */
async function goesOn(walk: Walk, behind: readonly Source[], left: number): Promise<boolean> {
  if (left > 0) return behind.length > 0;
  const ahead: Walk = { ...walk, seen: new Set(walk.seen), groups: new Set(walk.groups) };
  for (let sources = behind; sources.length > 0; ) {
    const step = await nextStep(ahead, { sources });
    if ((await takeEntries(step.candidates, 1)).entries.length > 0) return true;
    sources = step.sources;
  }
  return false;
}

/** So many entries or a few more, as far as there are, and the keys that are not looked at yet. */
async function takeEntries(
  candidates: readonly Candidate[],
  most: number,
): Promise<{ readonly entries: readonly ListEntry[]; readonly rest: readonly string[] }> {
  const entries: ListEntry[] = [];
  let at = 0;
  while (at < candidates.length && entries.length < most) {
    const some = candidates.slice(at, at + PROBES).map((candidate) => candidate.resolve());
    for (const entry of some.some(isPending) ? await Promise.all(some) : some) {
      if (entry !== undefined && !isPending(entry)) entries.push(entry);
    }
    at += some.length;
  }
  return { entries, rest: candidates.slice(at).map(({ key }) => key) };
}

function isPending(
  entry: ListEntry | Promise<ListEntry | undefined> | undefined,
): entry is Promise<ListEntry | undefined> {
  return entry instanceof Promise;
}

function pageOf(walk: Walk, source: Source): Promise<NativePage | undefined> {
  const { path, recursive, limit, cursor } = source;
  const { signal } = walk.options;
  return folderPage(walk.store, { path, recursive, limit }, cursor, { signal });
}

/** What a page tells, and the folders that it leaves to be listed. */
function stepOf(
  walk: Walk,
  source: Source,
  page: NativePage | undefined,
  rest: readonly Source[],
): Step {
  if (page === undefined) return { candidates: [], source, sources: rest };
  const { delimiter } = walk.options;
  for (const entry of page.entries) {
    if (entry['.tag'] === 'folder') walk.names.set(entry.path_lower ?? '', entry.name);
  }
  const files = page.entries
    .flatMap((entry) => entriesOf(walk, source, entry))
    .map((entry): Candidate => ({ key: entry.key, resolve: () => entry }));
  const folders = source.recursive
    ? []
    : page.entries.flatMap((entry) => folderOf(walk, source, entry));
  const isGroup = ({ key }: Folder) => key !== undefined && delimiter !== undefined;
  const groups = folders.filter(isGroup).map((folder) => groupCandidate(walk, folder));
  const deeper = folders
    .filter((folder) => !isGroup(folder))
    .map(({ path }): Source => ({ path, recursive: true, limit: PAGE_SIZE }));
  const next = page.has_more ? [{ ...source, cursor: page.cursor }] : [];
  const candidates = [...files, ...groups].sort((a, b) => compareKeys(a.key, b.key));
  return { candidates, source, sources: [...next, ...deeper, ...rest] };
}

/** The object that a file is, or the group that it is in. */
function entriesOf(walk: Walk, source: Source, entry: NativeEntry): readonly ListEntry[] {
  const { prefix = '', delimiter } = walk.options;
  const lower = entry.path_lower ?? '';
  if (entry['.tag'] !== 'file' || walk.seen.has(lower)) return [];
  const key = toSegments(namesOf(walk, source, entry));
  if (key === undefined || !isKey(key) || !key.startsWith(prefix)) return [];
  const end = delimiter === undefined ? -1 : key.indexOf(delimiter, prefix.length);
  if (end >= 0) return groupOnce(walk, key.slice(0, end + 1));
  walk.seen.add(lower);
  return [toItem(key, entry)];
}

function groupOnce({ groups }: Walk, key: string): readonly ListEntry[] {
  if (groups.has(key)) return [];
  groups.add(key);
  return [{ kind: 'prefix', key }];
}

interface Folder {
  readonly path: string;
  /** `undefined`: the folder is the beginning of a long name. */
  readonly key: string | undefined;
}

/** A folder that keys with the prefix can be in. */
function folderOf(walk: Walk, source: Source, entry: NativeEntry): readonly Folder[] {
  const { prefix = '' } = walk.options;
  if (entry['.tag'] !== 'folder') return [];
  const path = `${source.path}/${entry.name}`;
  if (isPart(entry.name)) return [{ path, key: undefined }];
  const key = toSegments(namesOf(walk, source, entry));
  return key?.startsWith(prefix) ? [{ path, key: `${key}/` }] : [];
}

/** The group of a folder, if there are files in it: people keep empty ones. */
function groupCandidate(walk: Walk, { path, key = '' }: Folder): Candidate {
  const { signal } = walk.options;
  return {
    key,
    async resolve() {
      const isFilled =
        walk.filled.has(lowerOf(path)) || (await hasFiles(walk.store, path, { signal }));
      return isFilled ? groupOnce(walk, key)[0] : undefined;
    },
  };
}

/** One entry by its key, where there still is one. */
async function entryAt(
  { store, options: { signal } }: Walk,
  key: string,
): Promise<ListEntry | undefined> {
  if (key.endsWith('/')) {
    const isFilled = await hasFiles(store, toPath(key.slice(0, -1), store.root), { signal });
    return isFilled ? { kind: 'prefix', key } : undefined;
  }
  const file = await findFile(store, toPath(key, store.root), { signal });
  return file && toItem(key, file);
}

/** Names from the root to an entry: those of the folder that is listed as they were asked for. */
function namesOf(walk: Walk, source: Source, entry: NativeEntry): readonly string[] {
  const depth = source.path.split('/').length;
  const shown = (entry.path_display ?? '').split('/');
  const lower = (entry.path_lower ?? '').split('/');
  const asked = source.path.slice(walk.store.root.length).split('/').slice(1);
  const between = shown
    .slice(depth, -1)
    .map((name, at) => walk.names.get(lower.slice(0, depth + at + 1).join('/')) ?? name);
  return shown.length > depth ? [...asked, ...between, entry.name] : [];
}

function noteFilled({ filled }: Walk, entry: NativeEntry): void {
  if (entry['.tag'] !== 'file') return;
  let folder = lowerOf(entry.path_lower ?? '');
  for (let slash = folder.lastIndexOf('/'); slash > 0; slash = folder.lastIndexOf('/')) {
    folder = folder.slice(0, slash);
    filled.add(folder);
  }
}
