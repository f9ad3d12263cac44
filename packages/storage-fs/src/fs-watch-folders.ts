import type { FSWatcher } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { StorageError } from '@granary/storage-core/provider';
import { codeOf, type FsCalls, isMissing } from './fs-calls.ts';
import { joinPath } from './fs-resolve.ts';

/** What a watcher tells. Paths are those below the watched folder, with slashes between names. */
export interface FolderListener {
  /**
   * Something may have happened to what is under the path. `isNew`: there was nothing before, so
   * that it was not there at all if there is nothing now either. Default: not known.
   */
  changed(path: string, isNew?: boolean): void;
  /** Everything below a path may have changed. */
  changedBelow(path: string): void;
  /** Some of what happened was not told. */
  lost(): void;
  failed(error: unknown): void;
}

/** Catches what happens in a folder and below it. Resolves when it does. */
export type FolderWatcher = (
  folder: string,
  listener: FolderListener,
) => Promise<{ close(): void | Promise<void> }>;

/** So many files of a new folder are told one by one. */
const MAX_TOLD = 1000;
/** Linux keeps as many events for a process that does not fetch them, by default. */
const QUEUED_EVENTS = 16_384;
const LIMIT_FILE = '/proc/sys/fs/inotify/max_queued_events';

/** Watches by what the system has: all below a folder at once, or on Linux each folder for itself. */
export function systemWatcher(
  calls: FsCalls,
  platform: NodeJS.Platform,
  isIgnored: (name: string) => boolean,
): FolderWatcher {
  if (platform === 'darwin' || platform === 'win32') return wholeTreeWatcher(calls);
  return eachFolderWatcher(calls, isIgnored);
}

function wholeTreeWatcher(calls: FsCalls): FolderWatcher {
  return async (folder, listener) => {
    const watcher = calls.watch(folder, { recursive: true });
    watcher.on('change', (_type, name) => {
      if (name === null) listener.lost();
      else listener.changed(String(name).replaceAll('\\', '/'));
    });
    watcher.on('error', listener.failed);
    return watcher;
  };
}

interface WatchedFolder {
  readonly watcher: FSWatcher;
  /** What is in it, as far as was told. */
  readonly names: Set<string>;
}

/**
 * Node's own recursive watching on Linux looks at folders with calls that block and misses what is
 * put into a new folder before it watches that, so folders are watched one by one here.
 */
function eachFolderWatcher(calls: FsCalls, isIgnored: (name: string) => boolean): FolderWatcher {
  return async (root, listener) => {
    const watched = new Map<string, WatchedFolder>();
    const limit = (await queueLimit()) / 2;
    let isClosed = false;
    let inTurn = 0;

    /** The system says nothing when its queue overflows; a full one in one turn is taken for that. */
    function count(): void {
      if (inTurn === 0) {
        setImmediate(() => {
          if (inTurn >= limit && !isClosed) listener.lost();
          inTurn = 0;
        });
      }
      inTurn += 1;
    }

    function absolute(path: string): string {
      return path === '' ? root : `${root}/${path}`;
    }

    function heard(path: string, type: string, name: string | null): void {
      count();
      if (name === null) listener.changedBelow(path);
      else if (!isIgnored(name)) {
        if (type === 'change') listener.changed(joinPath(path, name));
        else look(path, name).catch(fail);
      }
    }

    /** A name came, went or was given to something else. */
    async function look(path: string, name: string): Promise<void> {
      const place = joinPath(path, name);
      const [stats] = await calls.lstatAll([absolute(place)]);
      const names = watched.get(path)?.names;
      if (isClosed || names === undefined) return;
      if (stats?.isDirectory()) {
        names.add(name);
        if (!watched.has(place)) await add(place, true);
        return;
      }
      if (watched.has(place)) {
        gone(place);
        // A folder is no object; what was in it has been told.
        if (stats === undefined) names.delete(name);
      }
      if (stats !== undefined) {
        listener.changed(place, !names.has(name));
        names.add(name);
      } else if (names.delete(name)) {
        listener.changed(place);
      }
    }

    /** A folder was moved away or removed: what was in it is gone. */
    function gone(path: string): void {
      let told = 0;
      for (const [place, { watcher, names }] of watched) {
        if (place !== path && !place.startsWith(`${path}/`)) continue;
        watcher.close();
        watched.delete(place);
        for (const name of names) {
          // A folder is no object; its turn comes.
          if (watched.has(joinPath(place, name))) continue;
          told += 1;
          if (told <= MAX_TOLD) listener.changed(joinPath(place, name));
        }
      }
      if (told > MAX_TOLD) listener.changedBelow(path);
    }

    /** Watches a folder and those in it. `isNew`: nothing was told of what is in it by now. */
    async function add(path: string, isNew: boolean): Promise<void> {
      const folders = [path];
      let told = 0;
      for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
        const names = isClosed ? undefined : watchOne(next);
        if (names === undefined) continue;
        let entries: Awaited<ReturnType<FsCalls['readdir']>>;
        try {
          entries = await calls.readdir(absolute(next));
        } catch (error) {
          if (isMissing(error)) continue;
          throw error;
        }
        for (const entry of entries) {
          if (isIgnored(entry.name)) continue;
          const place = joinPath(next, entry.name);
          names.add(entry.name);
          if (entry.isDirectory()) folders.push(place);
          else if (isNew) {
            told += 1;
            if (told <= MAX_TOLD) listener.changed(place, true);
          }
        }
      }
      if (told > MAX_TOLD) listener.changedBelow(path);
    }

    /** The names of the folder, which are yet to be found; `undefined` when it is not there. */
    function watchOne(path: string): Set<string> | undefined {
      const known = watched.get(path);
      if (known !== undefined) return known.names;
      let watcher: FSWatcher;
      try {
        watcher = calls.watch(absolute(path), { recursive: false });
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw tooManyFolders(error);
      }
      const folder = { watcher, names: new Set<string>() };
      watched.set(path, folder);
      watcher.on('change', (type, name) => heard(path, type, name === null ? null : String(name)));
      watcher.on('error', (error) => {
        if (watched.get(path) === folder) watched.delete(path);
        watcher.close();
        // EPERM: Windows' word for a watched folder that was removed.
        if (!isMissing(error) && codeOf(error) !== 'EPERM') fail(error);
      });
      return folder.names;
    }

    function fail(error: unknown): void {
      if (!isClosed) listener.failed(error);
    }

    function close(): void {
      isClosed = true;
      for (const { watcher } of watched.values()) watcher.close();
      watched.clear();
    }

    try {
      await add('', false);
    } catch (error) {
      close();
      throw error;
    }
    return { close };
  };
}

async function queueLimit(): Promise<number> {
  try {
    return Number(await readFile(LIMIT_FILE, 'latin1')) || QUEUED_EVENTS;
  } catch {
    return QUEUED_EVENTS;
  }
}

function tooManyFolders(error: unknown): unknown {
  if (codeOf(error) !== 'ENOSPC') return error;
  return new StorageError(
    'quota-exceeded',
    'the system watches as many folders as it is allowed to.',
    {
      cause: error,
      hint: 'Raise fs.inotify.max_user_watches (sysctl), or pass a watcher of your own.',
    },
  );
}
