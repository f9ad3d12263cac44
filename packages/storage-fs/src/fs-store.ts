import { constants, type Stats } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { StorageError } from '@granary/storage-core/provider';
import type { FsCalls } from './fs-calls.ts';
import { isMissing } from './fs-calls.ts';
import {
  type Companions,
  type Companionship,
  companionPatternOf,
  companionsOf,
} from './fs-companion.ts';
import { type Folder, type Folders, openFolders } from './fs-folder.ts';
import { formatFile, type StoreFormat } from './fs-format.ts';
import { withPatientOpen, withStubbornRename } from './fs-gate.ts';
import { HIDDEN_FOLDER, type KeyNames, keyNames } from './fs-keys.ts';
import { fileLocks, type Lock, type Locks, type Purpose } from './fs-lock.ts';
import { type Look, lookBy } from './fs-look.ts';
import type { Owner } from './fs-owner.ts';
import { describeOwner } from './fs-owner.ts';
import { quickCalls, quickRule } from './fs-quick.ts';
import { type Temps, temporaryFiles } from './fs-temp.ts';

/**
 * File systems whose names and attributes are in memory: Linux's numbers from statfs(2)
 * (https://man7.org/linux/man-pages/man2/statfs.2.html, read 2026-11-21): ext2 to ext4, XFS,
 * Btrfs, tmpfs, ZFS, F2FS, overlayfs, bcachefs.
 */
const LOCAL_TYPES: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x2fc12fc1, 0xf2f52010, 0x794c7630, 0xca451a4e,
]);

const WORK = `${HIDDEN_FOLDER}/work`;
/** Nobody but Granary has business in its folder, so it is not looked at with each write. Units: ms. */
const WORK_TRUSTED_MS = 100;

/** How much of a write has reached the disk when it resolves. */
export type Durability = 'full' | 'file' | 'none';

export interface StoreSettings {
  readonly baseDir: string;
  readonly calls: FsCalls;
  readonly durability: Durability;
  /** `undefined`: what the store has written down, else `meta-json`. */
  readonly companions: Companionship | undefined;
  readonly lockTimeoutMs: number;
  /** Mends what a process left half done that died with a lock. */
  readonly mend: (purpose: Purpose, lock: Lock) => Promise<void>;
  readonly platform: NodeJS.Platform;
  /** Whether so many operations are under way that one can wait while others go on. */
  readonly isBusy: () => boolean;
}

/** A folder on the disk as a store, opened. Nothing in it has been made yet. */
export interface Store {
  /** Absolute, without links. */
  readonly root: string;
  readonly calls: FsCalls;
  readonly folders: Folders;
  readonly look: Look;
  readonly locks: Locks;
  readonly temps: Temps;
  readonly names: KeyNames;
  readonly companions: Companions;
  readonly durability: Durability;
  /** Names and attributes are in memory, and one machine alone writes here. */
  readonly isLocal: boolean;
  /** Where open files have paths by their number; `undefined` where they have none. */
  readonly descriptors: string | undefined;
  /** Letter case is not kept apart. */
  readonly isFolding: boolean;
  /** An operation on a plain key may do without its lock if it announces itself to whoever takes that. */
  readonly canAnnounce: boolean;
  readonly storeId: string | undefined;
  fstat(fd: number): Stats | Promise<Stats>;
  /** Closes a file, which may write what a network file system has kept back. */
  closeFile(fd: number): void | Promise<void>;
  /** A folder for bookkeeping, made where it is missing. The caller releases it. */
  hidden(name: HiddenName): Promise<Folder>;
  /** The folder `work`, when it is kept open. Makes no call that blocks. */
  keptWork(): Folder | undefined;
  /** The same, or a folder in it, when it is there. */
  hiddenIfThere(name: HiddenName, inner?: string): Promise<Folder | undefined>;
  /** Whether the name on the disk is letter for letter this one. */
  isExact(folder: Folder, name: string): boolean | Promise<boolean>;
  mayHaveSeconds(): Promise<boolean>;
  noteSeconds(): Promise<void>;
  close(): void;
}

/** `work` has the temporary files and the locks. */
export type HiddenName = 'work' | 'uploads' | 'backups';

/** Looks at the folder, which need not exist. Errors: `invalid-config`; `store-not-found`. */
export async function openStore(settings: StoreSettings): Promise<Store> {
  const { durability, platform, lockTimeoutMs } = settings;
  const { root, existing } = await findRoot(settings.calls, resolve(settings.baseDir));
  const descriptors = await findDescriptors(settings.calls, platform);
  const isLocal = await isLocalFolder(settings.calls, existing);
  const rule = isLocal ? quickRule() : undefined;
  const look = lookBy(settings.calls, rule);
  const quick =
    rule === undefined
      ? settings.calls
      : quickCalls(settings.calls, {
          rule,
          changes: durability === 'none',
          isBusy: settings.isBusy,
        });
  const calls = withStubbornRename(withPatientOpen(quick), platform);
  const owner: Owner = await describeOwner();
  const temps = temporaryFiles(calls, owner);
  const isDurable = durability === 'full';
  const folders = openFolders({ root, calls, descriptors, isDurable, platform });
  const formats = formatFile(calls, look, temps);
  let isReady: Promise<void> | undefined;

  let format = await readFormat();
  const layout = layoutFor(settings.companions, format);
  const companionNames = companionPatternOf(layout);
  let isFolding = format?.names === 'folded' || (await foldsNames());
  let names = keyNames({ companionNames, foldsCase: isFolding });

  /**
   * Whether names that differ in letter case alone are one file. macOS and Windows do so unless
   * somebody asked for something else; elsewhere our own folder is looked up in the other case.
   */
  async function foldsNames(): Promise<boolean> {
    if (platform === 'darwin' || platform === 'win32') return true;
    const folder = await openIfThere('');
    if (folder === undefined) return false;
    try {
      return (await look(folder.at(HIDDEN_FOLDER.toUpperCase()))) !== undefined;
    } finally {
      folder.release();
    }
  }

  async function openIfThere(path: string): Promise<Folder | undefined> {
    try {
      return folders.kept(path) ?? (await folders.open(path));
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  async function readFormat(): Promise<StoreFormat | undefined> {
    const folder = await openIfThere(HIDDEN_FOLDER);
    try {
      return folder && (await formats.read(folder));
    } finally {
      folder?.release();
    }
  }

  /** Makes the hidden folder say what the store is, before anything is stored. */
  async function makeReady(): Promise<void> {
    const wasEmpty = await isEmpty();
    const folder = await folders.make(HIDDEN_FOLDER);
    const workFolder = await folders.make(`${HIDDEN_FOLDER}/work`);
    try {
      let now = await formats.read(folder);
      isFolding ||= now?.names === 'folded' || (await foldsNames());
      if (now === undefined) {
        // Files that came without their hidden folder may have second names.
        if (!wasEmpty) await formats.noteSeconds(folder);
        now = await formats.create(folder, workFolder, {
          companions: layout,
          names: isFolding ? 'folded' : 'exact',
        });
      } else if (isFolding && now.names === 'exact') {
        now = { ...now, names: 'folded' };
        await formats.replace(folder, workFolder, now);
      }
      layoutFor(layout, now);
      names = keyNames({ companionNames, foldsCase: isFolding });
      format = now;
    } finally {
      folder.release();
      workFolder.release();
    }
  }

  async function isEmpty(): Promise<boolean> {
    const folder = await openIfThere('');
    if (folder === undefined) return true;
    try {
      return (await calls.readdir(folder.at(''))).every(({ name }) => name === HIDDEN_FOLDER);
    } finally {
      folder.release();
    }
  }

  function ready(): Promise<void> {
    isReady ??= makeReady().catch((error: unknown) => {
      isReady = undefined;
      throw error;
    });
    return isReady;
  }

  async function hidden(name: HiddenName): Promise<Folder> {
    await ready();
    const path = `${HIDDEN_FOLDER}/${name}`;
    const kept = folders.kept(path);
    if (kept !== undefined) return kept;
    const there = await openIfThere(path);
    if (there !== undefined) return there;
    // It was removed by hand, maybe with all the rest.
    isReady = undefined;
    await ready();
    return folders.make(path);
  }

  async function isExactByListing(folder: Folder, name: string): Promise<boolean> {
    if (platform === 'darwin' || platform === 'win32') {
      return basename(await calls.realpath(join(folder.path, name))) === name;
    }
    return (await calls.readdir(folder.at(''))).some((entry) => entry.name === name);
  }

  const locks = fileLocks({
    calls,
    owner,
    temps,
    folder: () => hidden('work'),
    timeoutMs: lockTimeoutMs,
    mend: settings.mend,
  });

  return {
    root,
    calls,
    folders,
    look,
    locks,
    temps,
    get names() {
      return names;
    },
    companions: companionsOf({
      layout,
      calls,
      folders,
      locks,
      temps,
      workFolder: () => hidden('work'),
      syncsFiles: durability !== 'none',
    }),
    durability,
    isLocal,
    descriptors,
    get isFolding() {
      return isFolding;
    },
    get canAnnounce() {
      return isLocal && descriptors !== undefined && !isFolding;
    },
    get storeId() {
      return format?.storeId;
    },
    fstat: isLocal ? calls.fstatSync : calls.fstat,
    closeFile: isLocal ? calls.closeSync : calls.close,
    hidden,
    keptWork: () => (format === undefined ? undefined : folders.kept(WORK, WORK_TRUSTED_MS)),
    hiddenIfThere: (name, inner) =>
      openIfThere(`${HIDDEN_FOLDER}/${name}${inner === undefined ? '' : `/${inner}`}`),
    isExact: (folder, name) => (isFolding ? isExactByListing(folder, name) : true),

    async mayHaveSeconds() {
      const folder = await openIfThere(HIDDEN_FOLDER);
      if (folder === undefined) return true;
      try {
        format ??= await formats.read(folder);
        return format === undefined || (await formats.hasSeconds(folder));
      } finally {
        folder.release();
      }
    },

    async noteSeconds() {
      await ready();
      const folder = await folders.make(HIDDEN_FOLDER);
      try {
        await formats.noteSeconds(folder);
      } finally {
        folder.release();
      }
    },

    close: folders.close,
  };
}

/** The layout that counts. Errors: `invalid-config` when the store has another one. */
function layoutFor(
  asked: Companionship | undefined,
  format: StoreFormat | undefined,
): Companionship {
  const there = format?.companions;
  if (there === undefined) return asked ?? 'meta-json';
  if (asked === undefined && there !== 'none') return there;
  if ((asked ?? 'meta-json') === there) return there;
  throw new StorageError(
    'invalid-config',
    `this folder keeps attributes as "${there}", not as "${asked ?? 'meta-json'}".`,
    { hint: `Pass companions: '${there}', or copy the objects into a new folder.` },
  );
}

/** A file system that does not tell its type is none of those that are known to be local. */
async function isLocalFolder(calls: FsCalls, folder: string): Promise<boolean> {
  try {
    return LOCAL_TYPES.has((await calls.statfs(folder)).type);
  } catch {
    return false;
  }
}

/** The root without links, as far as it is there, and its deepest folder that is. */
async function findRoot(
  calls: FsCalls,
  path: string,
): Promise<{ readonly root: string; readonly existing: string }> {
  const missing: string[] = [];
  for (let place = path; ; place = dirname(place)) {
    let stats: Stats | undefined;
    try {
      const existing = await calls.realpath(place);
      stats = await calls.lstat(existing);
      if (stats.isDirectory()) return { root: join(existing, ...missing.reverse()), existing };
    } catch (error) {
      if (!isMissing(error) || place === dirname(place)) throw error;
    }
    if (stats !== undefined) {
      throw new StorageError('store-not-found', `${JSON.stringify(place)} is not a folder.`, {
        hint: 'Name a folder as baseDir; it need not exist yet.',
      });
    }
    missing.push(basename(place));
  }
}

/** Where the system tells paths of open files: by the process' own number that is one link less. */
async function findDescriptors(
  calls: FsCalls,
  platform: NodeJS.Platform,
): Promise<string | undefined> {
  if (platform !== 'linux') return undefined;
  const fd = await calls.open('/', constants.O_RDONLY);
  try {
    if (calls.readlinkSync(`/proc/self/fd/${fd}`) !== '/') return undefined;
    // Another name space of processes may be mounted there.
    const self = calls.readlinkSync('/proc/self');
    return `/proc/${self === String(process.pid) ? self : 'self'}/fd`;
  } catch {
    return undefined;
  } finally {
    calls.closeSync(fd);
  }
}
