import { notDrive } from './gdrive-errors.ts';
import {
  type DriveFile,
  FILE_FIELDS,
  isFolder,
  isObject,
  newestFirst,
  oldestFirst,
} from './gdrive-file.ts';
import { quoted, segmentsOf } from './gdrive-keys.ts';
import type { GdriveStore } from './gdrive-store.ts';

/** Addresses have limits; 8,000 is the one of a call in a batch. Units: characters, escaped. https://developers.google.com/drive/api/guides/performance#batch-requests, read 2026-11-21 */
const MAX_QUERY_CHARS = 6_000;
/** Names that are asked for together in one folder. */
const MAX_NAMES = 40;
/** Most entries of a page. https://developers.google.com/workspace/drive/api/reference/rest/v3/files/list, read 2026-11-21 */
export const PAGE_SIZE = 1000;

/** What there is at a path. */
export interface Place {
  /** Ids of the folders that there are on the way, from the top down; several of one name are one. */
  readonly folders: readonly (readonly string[])[];
  /** Names of folders on the way that there are not. */
  readonly missing: readonly string[];
  /** Files there, the one that is the object first. Empty where a folder is missing. */
  readonly files: readonly DriveFile[];
}

/** How {@link lookUp} looks. */
export interface LookUpOptions {
  readonly signal?: AbortSignal | undefined;
  /** Finds what is in the trash, too. Default: false. */
  readonly withTrash?: boolean;
}

interface Path {
  readonly folders: readonly string[];
  /** `undefined`: only the folders are asked for. */
  readonly leaf: string | undefined;
}

/** What was found, by the folder it is in. Things in the top folder are found under its alias. */
interface Findings {
  add(parent: string, file: DriveFile): void;
  at(parents: readonly string[], name: string, isWanted: (file: DriveFile) => boolean): DriveFile[];
}

const NOWHERE: Place = { folders: [], missing: [], files: [] };

/** What there is under a key. One request in most cases. */
export async function lookUp(
  store: GdriveStore,
  key: string,
  options: LookUpOptions,
): Promise<Place> {
  const [place = NOWHERE] = await lookUpAll(store, [key], options);
  return place;
}

/** What there is under each of several keys, in their order. */
export async function lookUpAll(
  store: GdriveStore,
  keys: readonly string[],
  options: LookUpOptions,
): Promise<readonly Place[]> {
  const paths = keys.map((key): Path => {
    const segments = [...store.root, ...segmentsOf(key)];
    return { folders: segments.slice(0, -1), leaf: segments.at(-1) };
  });
  return findPaths(store, paths, options);
}

/** The ids of a folder, below the root of keys; several where there are several of its name. */
export async function folderIds(
  store: GdriveStore,
  path: string,
  options: LookUpOptions,
): Promise<readonly string[]> {
  const folder = folderPath(store, path);
  const [place = NOWHERE] = await findPaths(store, [folder], options);
  return idsIn(place);
}

function folderPath({ root }: GdriveStore, path: string): Path {
  return { folders: [...root, ...segmentsOf(path)], leaf: undefined };
}

function idsIn({ folders, missing }: Place): readonly string[] {
  return missing.length > 0 ? [] : (folders.at(-1) ?? []);
}

/** Searches that find a folder, and what its ids are by the files they found. `undefined` where they do not fit. */
export function folderSearch(
  store: GdriveStore,
  path: string,
):
  | { readonly queries: readonly string[]; idsIn(pages: readonly Files[]): readonly string[] }
  | undefined {
  const folder = folderPath(store, path);
  const plan = planSearch(store, [folder]);
  return (
    plan && {
      queries: plan.queries.map((q) => visible(q, {})),
      idsIn: (pages) => idsIn(placeOf(store, folder, plan.gather(pages))),
    }
  );
}

/** Everything that a search finds. `undefined` when that is more than a page and only one was wanted. */
export async function search(
  store: GdriveStore,
  q: string,
  { signal, onePage = false }: LookUpOptions & { readonly onePage?: boolean },
): Promise<readonly DriveFile[] | undefined> {
  const files: DriveFile[] = [];
  let pageToken: string | undefined;
  do {
    const page: FilePage = await store.client.json<FilePage>({
      method: 'GET',
      path: 'files',
      query: { ...searchQuery(store, q), pageToken },
      signal,
    });
    files.push(...filesOf(page));
    pageToken = page.nextPageToken;
    if (onePage && pageToken !== undefined) return undefined;
  } while (pageToken !== undefined);
  return files;
}

/** The parameters of a search, without its page. */
export function searchQuery({ listQuery }: GdriveStore, q: string): Record<string, string> {
  return {
    q,
    fields: `nextPageToken,incompleteSearch,files(${FILE_FIELDS})`,
    pageSize: String(PAGE_SIZE),
    ...listQuery,
  };
}

/** Errors: `unavailable` for what is no whole page. */
export function filesOf({ files, incompleteSearch }: FilePage): readonly DriveFile[] {
  if (!Array.isArray(files)) throw notDrive('it is no list of files');
  if (incompleteSearch === true) throw notDrive('it says that its search is incomplete');
  return files;
}

type Files = readonly DriveFile[];

/** A page of a search. */
export interface FilePage {
  readonly files?: readonly DriveFile[];
  readonly nextPageToken?: string;
  readonly incompleteSearch?: boolean;
}

async function findPaths(
  store: GdriveStore,
  paths: readonly Path[],
  options: LookUpOptions,
): Promise<readonly Place[]> {
  const findings =
    (await searchAtOnce(store, paths, options)) ?? (await walkDown(store, paths, options));
  return paths.map((path) => placeOf(store, path, findings));
}

/** Looks for all paths at once. `undefined` where that is too much for one page, or too long for an address. */
async function searchAtOnce(
  store: GdriveStore,
  paths: readonly Path[],
  options: LookUpOptions,
): Promise<Findings | undefined> {
  const plan = planSearch(store, paths);
  if (plan === undefined) return undefined;
  const pages = await Promise.all(
    plan.queries.map((q) => search(store, visible(q, options), { ...options, onePage: true })),
  );
  const whole = pages.filter((files) => files !== undefined);
  return whole.length < pages.length ? undefined : plan.gather(whole);
}

/** Queries, and what the files that each of them finds are together. */
interface SearchPlan {
  readonly queries: readonly string[];
  gather(pages: readonly Files[]): Findings;
}

/**
 * Searches for all names on the way at once, wherever they are; the tree is put together here.
 * `undefined` where a query is too long for an address.
 */
function planSearch(store: GdriveStore, paths: readonly Path[]): SearchPlan | undefined {
  const tops = new Set<string>();
  const others = new Set<string>();
  for (const { folders, leaf } of paths) {
    const [top, ...below] = leaf === undefined ? folders : [...folders, leaf];
    if (top !== undefined) tops.add(top);
    for (const name of below) others.add(name);
  }
  if (tops.size === 0) return { queries: [], gather: findings };
  const atTop = inside(tops, [store.top]);
  const anywhere = named(others);
  // A name that is looked for both in the top folder and below is looked for twice: what is found
  // does not say that it is in the top folder, whose id need not be known.
  const foldedTops = new Set([...tops].map(folded));
  const isMixed = [...others].some((name) => foldedTops.has(folded(name)));
  const queries =
    others.size === 0 ? [atTop] : isMixed ? [atTop, anywhere] : [`(${atTop}) or ${anywhere}`];
  if (queries.some((q) => encodeURIComponent(q).length > MAX_QUERY_CHARS)) return undefined;
  return {
    queries,
    gather(pages) {
      const found = findings();
      for (const [index, files] of pages.entries()) {
        for (const file of files) {
          const isTop = isMixed ? index === 0 : tops.has(file.name);
          if (isTop) found.add(store.top, file);
          else for (const parent of file.parents ?? []) found.add(parent, file);
        }
      }
      return found;
    },
  };
}

/** Looks into one level of folders after the other. */
async function walkDown(
  store: GdriveStore,
  paths: readonly Path[],
  options: LookUpOptions,
): Promise<Findings> {
  const found = findings();
  const depth = Math.max(...paths.map(({ folders }) => folders.length));
  let here = paths.map((path) => ({ path, parents: [store.top] as readonly string[] }));
  for (let level = 0; level <= depth; level += 1) {
    const wanted = new Map<string, { readonly parents: readonly string[]; names: Set<string> }>();
    for (const { path, parents } of here) {
      const name = level < path.folders.length ? path.folders[level] : path.leaf;
      if (name === undefined || parents.length === 0) continue;
      const place = parents.join();
      const { names } = wanted.get(place) ?? { names: new Set<string>() };
      wanted.set(place, { parents, names: names.add(name) });
    }
    const terms = [...wanted.values()].flatMap(({ parents, names }) =>
      inGroups([...names], MAX_NAMES).map((some) => `(${inside(some, parents)})`),
    );
    for (const q of grouped(terms)) {
      const isTop = level === 0;
      for (const file of (await search(store, visible(q, options), options)) ?? []) {
        for (const parent of isTop ? [store.top] : (file.parents ?? [])) found.add(parent, file);
      }
    }
    here = here.flatMap(({ path, parents }) => {
      const name = path.folders[level];
      if (name === undefined) return [];
      return [{ path, parents: found.at(parents, name, isFolder).map(({ id }) => id) }];
    });
  }
  return found;
}

function placeOf({ top, exports }: GdriveStore, { folders, leaf }: Path, found: Findings): Place {
  const ids: (readonly string[])[] = [[top]];
  for (const [index, name] of folders.entries()) {
    const inside = found.at(ids.at(-1) ?? [], name, isFolder).toSorted(oldestFirst);
    if (inside.length === 0) return { folders: ids, missing: folders.slice(index), files: [] };
    ids.push(inside.map(({ id }) => id));
  }
  const files =
    leaf === undefined ? [] : found.at(ids.at(-1) ?? [], leaf, (file) => isObject(file, exports));
  return { folders: ids, missing: [], files: files.toSorted(newestFirst) };
}

function findings(): Findings {
  const byParent = new Map<string, Map<string, DriveFile>>();
  return {
    add(parent, file) {
      const inside = byParent.get(parent) ?? new Map<string, DriveFile>();
      byParent.set(parent, inside.set(file.id, file));
    },
    // The service compares names without regard to letter case.
    at: (parents, name, isWanted) =>
      parents.flatMap((parent) =>
        [...(byParent.get(parent)?.values() ?? [])].filter(
          (file) => file.name === name && isWanted(file),
        ),
      ),
  };
}

/** A name as a search may compare it: the service looks past letter case, and nobody says what else. */
function folded(name: string): string {
  return name.normalize('NFKD').replace(/\p{M}/gu, '').toUpperCase().toLowerCase();
}

function named(names: Iterable<string>): string {
  return `(${[...names].map((name) => `name = ${quoted(name)}`).join(' or ')})`;
}

function inside(names: Iterable<string>, parents: readonly string[]): string {
  return `${named(names)} and (${inAny(parents)})`;
}

/** In one of some folders. */
export function inAny(parents: readonly string[]): string {
  return parents.map((id) => `${quoted(id)} in parents`).join(' or ');
}

/** Items in groups of a size. */
export function inGroups<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  const groups: (readonly Item[])[] = [];
  for (let at = 0; at < items.length; at += size) groups.push(items.slice(at, at + size));
  return groups;
}

function visible(q: string, { withTrash = false }: LookUpOptions): string {
  return withTrash ? q : `trashed = false and (${q})`;
}

/** Terms joined into as few queries as fit. */
function grouped(terms: readonly string[]): readonly string[] {
  const queries: string[] = [];
  let query = '';
  for (const term of terms) {
    const longer = query === '' ? term : `${query} or ${term}`;
    if (query !== '' && encodeURIComponent(longer).length > MAX_QUERY_CHARS) {
      queries.push(query);
      query = term;
    } else {
      query = longer;
    }
  }
  return query === '' ? queries : [...queries, query];
}
