import { constants } from 'node:fs';
import { codeOf, type FsCalls, isMissing } from './fs-calls.ts';
import { linkRefused } from './fs-errors.ts';

const { O_RDONLY } = constants;
// Windows has neither.
const O_DIRECTORY = constants.O_DIRECTORY ?? 0;
const O_NOFOLLOW = constants.O_NOFOLLOW ?? 0;
/** Folders kept open between operations. */
const MAX_KEPT = 128;
/** So often a folder is made again when others remove it as empty at the same time. */
const MAX_MAKES = 64;
/** What file systems say that have no sync for folders. */
const CANNOT_SYNC = new Set(['EINVAL', 'ENOTSUP', 'EPERM', 'EACCES', 'EISDIR']);

/**
 * A folder of the store that was found where it should be, with no symbolic link on the way.
 * Where the system has `/proc`, it is pinned: a name in it means the same folder until `release`,
 * whatever happens to its path. Elsewhere `confirm` looks again.
 */
export interface Folder {
  /** Absolute, without links. */
  readonly path: string;
  /** A path for system calls. */
  at(name: string): string;
  /** Makes the names in it durable. Calls at the same time share one sync. */
  sync(): Promise<void>;
  /** Fails when the folder is not where it was any more. */
  confirm(): Promise<void>;
  release(): void;
}

/** The folders of a store, by their path inside it; the root's is empty. */
export interface Folders {
  /**
   * The folder, when it is kept open and still in its place; looked at again when that was longer
   * ago than `trustMs`. Makes no call that blocks. Units: ms. Default: 0.
   */
  kept(path: string, trustMs?: number): Folder | undefined;
  /** Errors: `ENOENT` and `ENOTDIR` as the system gives them; `permission-denied` for a link. */
  open(path: string): Promise<Folder>;
  /** Opens it, made with its parents where they are missing. Errors: `ENOTDIR` when a file is in the way. */
  make(path: string): Promise<Folder>;
  /** Whether an open file is the one of this absolute path, and no link led to it. */
  holds(fd: number, path: string): Promise<boolean> | boolean;
  /** Fails when a link is on the way to a path inside the store. Errors: `permission-denied`. */
  refuseLinks(path: string): Promise<void>;
  /** The absolute path of one inside the store. */
  absolute(path: string): string;
  close(): void;
}

export interface FoldersSettings {
  /** The root's absolute path without links. */
  readonly root: string;
  readonly calls: FsCalls;
  /** Where open files have paths by their number; `undefined` where they have none. */
  readonly descriptors: string | undefined;
  /** Whether new folders are made durable. */
  readonly isDurable: boolean;
  readonly platform: NodeJS.Platform;
}

interface Kept {
  readonly fd: number;
  readonly path: string;
  readonly folder: Folder;
  users: number;
  checkedAtMs: number;
  /** Not in the map any more; closed with its last user. */
  isDropped: boolean;
  wasUsed: boolean;
}

export function openFolders(settings: FoldersSettings): Folders {
  const { root, calls, descriptors, isDurable, platform } = settings;
  const keptFolders = new Map<string, Kept>();
  const start = root.endsWith('/') ? root : `${root}/`;

  function absolute(path: string): string {
    return path === '' ? root : start + path;
  }

  function isInPlace(fd: number, path: string): boolean {
    return calls.readlinkSync(`${descriptors}/${fd}`) === path;
  }

  function drop(path: string, kept: Kept): void {
    keptFolders.delete(path);
    kept.isDropped = true;
    if (kept.users === 0) calls.closeSync(kept.fd);
  }

  function kept(path: string, trustMs = 0): Folder | undefined {
    const found = keptFolders.get(path);
    if (found === undefined) return undefined;
    if (trustMs === 0 || performance.now() - found.checkedAtMs > trustMs) {
      if (!isInPlace(found.fd, found.path)) {
        drop(path, found);
        return undefined;
      }
      found.checkedAtMs = performance.now();
    }
    found.users += 1;
    found.wasUsed = true;
    return found.folder;
  }

  function keep(path: string, fd: number): Folder {
    const base = `${descriptors}/${fd}/`;
    const full = absolute(path);
    const folder: Folder = {
      path: full,
      at: (name) => base + name,
      sync: sharedSync(() => calls.fsync(fd)),
      confirm: async () => {},
      release() {
        own.users -= 1;
        if (own.isDropped && own.users === 0) calls.closeSync(fd);
      },
    };
    const own: Kept = {
      ...{ fd, path: full, folder, users: 1, isDropped: false, wasUsed: true },
      checkedAtMs: performance.now(),
    };
    const other = keptFolders.get(path);
    if (other !== undefined) drop(path, other);
    keptFolders.set(path, own);
    if (keptFolders.size > MAX_KEPT) dropOldest();
    return folder;
  }

  /** Drops a folder that was not used since it was last passed over. */
  function dropOldest(): void {
    for (const [path, candidate] of keptFolders) {
      if (candidate.wasUsed || candidate.users > 0) {
        candidate.wasUsed = false;
        keptFolders.delete(path);
        keptFolders.set(path, candidate);
      } else {
        drop(path, candidate);
      }
      if (keptFolders.size <= MAX_KEPT) return;
    }
  }

  async function openAt(path: string, place: string): Promise<Folder> {
    let fd: number;
    try {
      fd = await calls.open(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    } catch (error) {
      if (!isMissing(error) && codeOf(error) !== 'ELOOP') throw error;
      await refuseLinks(path);
      throw error;
    }
    if (isInPlace(fd, absolute(path))) return keep(path, fd);
    await calls.close(fd);
    await refuseLinks(path);
    // It was moved away just now.
    throw missing(absolute(path));
  }

  /** Where no path of a descriptor can be had, the path is looked at before and after its use. */
  async function openByPath(path: string): Promise<Folder> {
    const full = absolute(path);
    async function confirm(): Promise<void> {
      const [real, stats] = await Promise.all([calls.realpath(full), calls.lstat(full)]);
      if (real !== full) {
        await refuseLinks(path);
        // Its name differs in letter case or Unicode form, so it is another folder's.
        throw missing(full);
      }
      if (!stats.isDirectory()) throw failure('ENOTDIR', full);
    }
    await confirm();
    return {
      path: full,
      at: (name) => `${full}/${name}`,
      sync: sharedSync(() => syncByPath(full)),
      confirm,
      release() {},
    };
  }

  async function syncByPath(path: string): Promise<void> {
    // Windows cannot sync a folder and does not need it: renames go through the journal.
    if (platform === 'win32') return;
    const fd = await calls.open(path, O_RDONLY);
    try {
      await calls.fsync(fd);
    } finally {
      await calls.close(fd);
    }
  }

  /** Finds the link in a path, from the root on. */
  async function refuseLinks(path: string): Promise<void> {
    for (let end = path.indexOf('/'); ; end = path.indexOf('/', end + 1)) {
      const place = end < 0 ? path : path.slice(0, end);
      const stats = await calls.lstat(absolute(place)).catch(() => undefined);
      if (stats?.isSymbolicLink()) throw linkRefused(place);
      if (stats === undefined || end < 0) return;
    }
  }

  async function open(path: string): Promise<Folder> {
    if (descriptors === undefined) return openByPath(path);
    return kept(path) ?? openAt(path, absolute(path));
  }

  async function make(path: string): Promise<Folder> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await open(path);
      } catch (error) {
        if (codeOf(error) !== 'ENOENT' || attempt === MAX_MAKES) throw error;
      }
      await makeIn(path);
    }
  }

  async function makeIn(path: string): Promise<void> {
    if (path === '') {
      await makeRoot(root);
      return;
    }
    const at = path.lastIndexOf('/');
    const parent = await make(path.slice(0, Math.max(at, 0)));
    try {
      await calls.mkdir(parent.at(path.slice(at + 1)));
      if (isDurable) await parent.sync();
    } catch (error) {
      // ENOENT: the parent was removed as empty just now. Both are looked at again.
      const code = codeOf(error);
      if (code !== 'EEXIST' && code !== 'ENOENT') throw error;
    } finally {
      parent.release();
    }
  }

  /** The folders above the root are the user's: links in them are followed. */
  async function makeRoot(path: string): Promise<void> {
    try {
      await calls.mkdir(path);
    } catch (error) {
      const code = codeOf(error);
      if (code === 'EEXIST') return;
      if (code !== 'ENOENT') throw error;
      await makeRoot(path.slice(0, Math.max(path.lastIndexOf('/'), 0)) || '/');
      await makeRoot(path);
      return;
    }
    if (!isDurable) return;
    await syncByPath(path.slice(0, Math.max(path.lastIndexOf('/'), 0)) || '/').catch(allowNoSync);
  }

  return {
    kept,
    open,
    make,
    refuseLinks,
    absolute,
    holds(fd, path) {
      if (descriptors === undefined) return holdsByPath(fd, path);
      const place = calls.readlinkSync(`${descriptors}/${fd}`);
      // A file that was replaced since keeps its path, with a mark behind it.
      return place === path || place === `${path} (deleted)` || holdsInFolder(fd, path);
    },
    close() {
      for (const [path, found] of keptFolders) drop(path, found);
    },
  };

  /** Looks into the pinned folder: by its path it may be a link at one look and none at the next. */
  async function holdsInFolder(fd: number, path: string): Promise<boolean> {
    const at = path.lastIndexOf('/');
    try {
      const folder = await open(path.slice(start.length, Math.max(at, start.length)));
      try {
        const there = await calls.lstat(folder.at(path.slice(at + 1)));
        const opened = await calls.fstat(fd);
        return there.ino === opened.ino && there.dev === opened.dev;
      } finally {
        folder.release();
      }
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async function holdsByPath(fd: number, path: string): Promise<boolean> {
    try {
      const [real, there, opened] = await Promise.all([
        calls.realpath(path),
        calls.lstat(path),
        calls.fstat(fd),
      ]);
      // A file that was replaced since it was opened has another number; it is opened again.
      return real === path && there.ino === opened.ino && there.dev === opened.dev;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }
}

/**
 * The path of a name for a mere look, found in half the time of the pinned one: whoever can put a
 * link there at this moment could as well change what the look is about.
 */
export function beside(folder: Folder, name: string): string {
  return `${folder.path}/${name}`;
}

/** Calls while one runs wait for one more, which begins after them and so covers all of them. */
function sharedSync(sync: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  let next: Promise<void> | undefined;

  function start(): Promise<void> {
    const own = sync()
      .catch(allowNoSync)
      .finally(() => {
        if (running === own) running = undefined;
      });
    running = own;
    next = undefined;
    return own;
  }

  return () => {
    if (running === undefined) return start();
    next ??= running.then(start, start);
    return next;
  };
}

/** Passes on what is more than a file system without syncs of folders. */
function allowNoSync(error: unknown): void {
  if (!CANNOT_SYNC.has(codeOf(error))) throw error;
}

function missing(path: string): NodeJS.ErrnoException {
  return failure('ENOENT', path);
}

function failure(code: string, path: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: ${path}`), { code, path });
}
