import { randomBytes } from 'node:crypto';
import type { Stats } from 'node:fs';
import { mkdir, open, readdir, realpath, rename, unlink } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StorageError } from '@granary/storage-core';
import { type FileLock, fileLock, type HeldLock } from './file-lock.ts';
import { codeOf, isMissing, toFileError } from './native-errors.ts';

/** A small file that is replaced as a whole, which its owner alone can read. */
export interface AtomicFile {
  readonly path: string;
  /** Its text; `undefined` where there is no file. Errors: `permission-denied` for one that others can read. */
  read(): Promise<string | undefined>;
  /** Replaces it. Readers and crashes see the text before or this one, whole. Within `exclusively` only. */
  replace(text: string): Promise<void>;
  /** Runs work while no other process changes the file. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>;
}

/** What the owner alone may have. */
const PRIVATE_MODE = 0o600;
/** Rights of the group and of all others. */
const OTHERS = 0o077;
const MAX_BYTES = 64 * 1024 * 1024;

export interface AtomicFileSettings {
  readonly path: string;
  readonly platform?: string;
  readonly lock?: FileLock;
}

export function atomicFile({
  path,
  platform = process.platform,
  lock = fileLock(`${path}.lock`),
}: AtomicFileSettings): AtomicFile {
  const folder = dirname(path);
  const temporary = `.${basename(path)}.`;
  let held: HeldLock | undefined;

  /** Removes what writers left that were killed: nobody else writes now. */
  async function sweep(target: string): Promise<void> {
    for (const name of await readdir(dirname(target))) {
      if (name.startsWith(temporary) && name.endsWith('.tmp')) {
        await unlink(join(dirname(target), name)).catch(() => undefined);
      }
    }
  }

  /** A link stays a link: what it points to is replaced. */
  async function targetOf(): Promise<string> {
    try {
      return await realpath(path);
    } catch (error) {
      if (isMissing(error)) return path;
      throw error;
    }
  }

  async function write(text: string): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const target = await targetOf();
    await sweep(target);
    const temp = join(dirname(target), `${temporary}${randomBytes(6).toString('hex')}.tmp`);
    const handle = await open(temp, 'wx', PRIVATE_MODE);
    try {
      try {
        await handle.writeFile(text);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await held?.check();
      await rename(temp, target);
    } catch (error) {
      await unlink(temp).catch(() => undefined);
      throw error;
    }
    await syncFolder(dirname(target), platform);
  }

  return {
    path,
    read: () => readPrivateFile(path, { platform, forbidden: OTHERS }),
    async replace(text) {
      try {
        await write(text);
      } catch (error) {
        throw error instanceof StorageError ? error : toFileError(error, path);
      }
    },
    exclusively: (work) =>
      lock.run(async (lockHeld) => {
        held = lockHeld;
        try {
          return await work();
        } finally {
          held = undefined;
        }
      }),
  };
}

/** The text of a file that must not be readable to others; `undefined` where there is none. */
export async function readPrivateFile(
  path: string,
  { platform = process.platform, forbidden }: PrivateFileSettings,
): Promise<string | undefined> {
  try {
    const handle = await open(path, 'r');
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) throw notPlain(path);
      // Windows has access lists instead, which these bits do not show.
      if (platform !== 'win32') checkMode(path, stats, forbidden);
      if (stats.size > MAX_BYTES) throw notPlain(path);
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error instanceof StorageError ? error : toFileError(error, path);
  }
}

export interface PrivateFileSettings {
  readonly platform?: string | undefined;
  /** Rights that it must not have. */
  readonly forbidden: number;
}

/** After a rename the folder has to reach the disk as well; Windows has no way and no need. */
async function syncFolder(folder: string, platform: string): Promise<void> {
  if (platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } catch (error) {
    // Some file systems do not know it.
    if (codeOf(error) !== 'EINVAL') throw error;
  } finally {
    await handle.close();
  }
}

function checkMode(path: string, { mode }: Stats, forbidden: number): void {
  if ((mode & forbidden) === 0) return;
  const rights = (mode & 0o777).toString(8).padStart(4, '0');
  throw new StorageError(
    'permission-denied',
    `others than its owner can use ${path} (${rights}).`,
    {
      outcome: 'not-applied',
      hint: `Find out who could read it, then: chmod 600 ${path}`,
    },
  );
}

function notPlain(path: string): StorageError {
  return new StorageError('invalid-config', `${path} is no file that a vault could be.`, {
    outcome: 'not-applied',
  });
}
