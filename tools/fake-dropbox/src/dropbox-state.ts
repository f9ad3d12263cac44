import { createHash, randomBytes } from 'node:crypto';
import { contentHash } from './content-hash.ts';
import { lowerOf, nameOf, parentOf } from './paths.ts';
import { routeError, type Tagged, tagged } from './refusal.ts';

/** A file as the service keeps it. */
export interface StoredFile {
  readonly kind: 'file';
  readonly id: string;
  /** As it is shown, from the root. */
  readonly path: string;
  readonly rev: string;
  readonly content: Buffer;
  readonly hash: string;
  readonly clientModified: Date;
  readonly serverModified: Date;
  /** Documents of Paper and Google have to be exported. */
  readonly isDownloadable: boolean;
}

/** A folder. */
export interface StoredFolder {
  readonly kind: 'folder';
  readonly id: string;
  readonly path: string;
}

export type Entry = StoredFile | StoredFolder;

/** Something that happened to a path, for cursors. */
export interface Happening {
  readonly lower: string;
  readonly path: string;
}

/** How a file is written. */
export interface Commit {
  readonly path: string;
  readonly content: Buffer;
  readonly mode: 'add' | 'overwrite' | { readonly update: string };
  readonly strict: boolean;
  readonly autorename: boolean;
  readonly clientModified?: Date | undefined;
}

/** One account's files. */
export interface DropboxState {
  /** Every file and folder, by the path in lower case. */
  readonly entries: Map<string, Entry>;
  readonly happenings: Happening[];
  /** Every revision of a file, by its rev. */
  readonly revisions: Map<string, StoredFile>;
  /** What a part of the fake keeps beside the files: links, sessions, jobs, cursors. */
  shelf<Value>(part: string): Map<string, Value>;
  now(): Date;
  find(path: string): Entry | undefined;
  /** Errors: those of `WriteError`, given to `wrap`. */
  write(commit: Commit, wrap: (error: Tagged) => Tagged): StoredFile;
  makeFolder(path: string, wrap: (error: Tagged) => Tagged): StoredFolder;
  remove(entry: Entry): void;
  relocate(from: Entry, to: string, how: 'copy' | 'move', wrap: (error: Tagged) => Tagged): Entry;
  /** What lies below a folder, however deep. */
  below(lower: string): readonly Entry[];
  used(): number;
  /** Tells when something happens next. Returns what ends the waiting. */
  onChange(listener: () => void): () => void;
}

/** Makes an empty account. */
export function dropboxState(now: () => Date, capacityBytes: () => number): DropboxState {
  const entries = new Map<string, Entry>();
  const happenings: Happening[] = [];
  const revisions = new Map<string, StoredFile>();
  const listeners = new Set<() => void>();
  const shelves = new Map<string, Map<string, unknown>>();
  let written = 0;

  function tell(path: string): void {
    happenings.push({ lower: lowerOf(path), path });
    for (const listener of [...listeners]) listener();
  }

  function keep<Kept extends Entry>(entry: Kept): Kept {
    entries.set(lowerOf(entry.path), entry);
    if (entry.kind === 'file') revisions.set(entry.rev, entry);
    tell(entry.path);
    return entry;
  }

  function used(): number {
    let bytes = 0;
    for (const entry of entries.values()) if (entry.kind === 'file') bytes += entry.content.length;
    return bytes;
  }

  function nextRev(): string {
    written += 1;
    return `5f0c1b2a${written.toString(16).padStart(6, '0')}`;
  }

  /** Makes the folders above a path; their letters stay as they were first. Returns the path as it is shown. */
  function settle(path: string, wrap: (error: Tagged) => Tagged): string {
    const parent = parentOf(path);
    if (parent === '') return path;
    const above = entries.get(lowerOf(parent));
    if (above?.kind === 'file') throw routeError(wrap(tagged('conflict', 'file_ancestor')));
    const shown = above?.path ?? makeFolder(parent, wrap).path;
    return `${shown}/${nameOf(path)}`;
  }

  function makeFolder(path: string, wrap: (error: Tagged) => Tagged): StoredFolder {
    const there = entries.get(lowerOf(path));
    if (there !== undefined) throw routeError(wrap(tagged('conflict', there.kind)));
    return keep({ kind: 'folder', id: newId(), path: settle(path, wrap) });
  }

  function freePath(path: string): string {
    const dot = nameOf(path).lastIndexOf('.');
    const end = dot > 0 ? path.length - (nameOf(path).length - dot) : path.length;
    for (let number = 1; ; number += 1) {
      const free = `${path.slice(0, end)} (${number})${path.slice(end)}`;
      if (!entries.has(lowerOf(free))) return free;
    }
  }

  function write(commit: Commit, wrap: (error: Tagged) => Tagged): StoredFile {
    const { path, content, mode, strict, autorename, clientModified } = commit;
    const there = entries.get(lowerOf(path));
    const hash = contentHash(content);
    const problem = conflictOf(there, hash, mode, strict);
    if (problem !== undefined) {
      if (!autorename) throw routeError(wrap(tagged('conflict', problem)));
      return write({ ...commit, path: freePath(path), mode: 'add', autorename: false }, wrap);
    }
    // "If the target path refers to a file with identical contents, nothing gets written."
    if (there?.kind === 'file' && there.hash === hash) return there;
    const freed = there?.kind === 'file' ? there.content.length : 0;
    if (used() - freed + content.length > capacityBytes()) {
      throw routeError(wrap(tagged('insufficient_space')));
    }
    const at = wholeSeconds(now());
    return keep({
      kind: 'file',
      id: there?.id ?? newId(),
      path: there?.path ?? settle(path, wrap),
      rev: nextRev(),
      content,
      hash,
      clientModified: clientModified ?? at,
      serverModified: at,
      isDownloadable: true,
    });
  }

  function below(lower: string): readonly Entry[] {
    return [...entries.entries()]
      .filter(([path]) => path.startsWith(`${lower}/`))
      .map(([, entry]) => entry);
  }

  function remove(entry: Entry): void {
    const lower = lowerOf(entry.path);
    for (const inner of below(lower)) entries.delete(lowerOf(inner.path));
    entries.delete(lower);
    tell(entry.path);
  }

  function relocate(
    from: Entry,
    to: string,
    how: 'copy' | 'move',
    wrap: (error: Tagged) => Tagged,
  ): Entry {
    const there = entries.get(lowerOf(to));
    if (there !== undefined) throw routeError(wrap(tagged('conflict', there.kind)));
    const inner = below(lowerOf(from.path));
    const shown = settle(to, wrap);
    if (how === 'move') remove(from);
    const at = wholeSeconds(now());
    const placed = (entry: Entry): Entry => {
      const path = shown + entry.path.slice(from.path.length);
      const id = how === 'move' ? entry.id : newId();
      if (entry.kind === 'folder') return keep({ ...entry, id, path });
      return keep({ ...entry, id, path, rev: nextRev(), serverModified: at });
    };
    const top = placed(from);
    for (const entry of inner) placed(entry);
    return top;
  }

  return {
    entries,
    happenings,
    revisions,
    shelf<Value>(part: string): Map<string, Value> {
      const shelf = shelves.get(part) ?? new Map<string, unknown>();
      shelves.set(part, shelf);
      return shelf as Map<string, Value>;
    },
    now,
    find: (path) => entries.get(lowerOf(path)),
    write,
    makeFolder,
    remove,
    relocate,
    below,
    used,
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** What stands in the way of a write. */
function conflictOf(
  there: Entry | undefined,
  hash: string,
  mode: Commit['mode'],
  strict: boolean,
): 'file' | 'folder' | undefined {
  if (there?.kind === 'folder') return 'folder';
  if (there === undefined) return typeof mode === 'object' && strict ? 'file' : undefined;
  if (there.hash === hash && !strict) return undefined;
  if (mode === 'add') return 'file';
  return typeof mode === 'object' && mode.update !== there.rev ? 'file' : undefined;
}

/** Order of a listing, which the service does not document: not that of names. */
export function listingOrder(lower: string): string {
  return createHash('sha1').update(lower).digest('hex');
}

function newId(): string {
  return `id:${randomBytes(16).toString('base64url')}`;
}

function wholeSeconds(date: Date): Date {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
}
