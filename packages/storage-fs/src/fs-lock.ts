import { constants } from 'node:fs';
import { abortedError, StorageError } from '@granary/storage-core/provider';
import { codeOf, type FsCalls, isMissing } from './fs-calls.ts';
import type { Folder } from './fs-folder.ts';
import type { Owner } from './fs-owner.ts';
import { nameQueue } from './fs-queue.ts';
import { ownerOf, type Temps, unlinkIfThere } from './fs-temp.ts';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants;
/** A holder touches its lock so often. Units: ms. */
const TOUCH_EVERY_MS = 2_000;
/** A lock that nobody has touched for so long is nobody's, whoever made it. Units: ms. */
const STALE_AFTER_MS = 10_000;
/** A lock without an owner in it was made by a process that died in between. Units: ms. */
const UNSIGNED_STALE_AFTER_MS = 1_000;
/** A quick write takes far less than this; one that was stopped starts again by itself. Units: ms. */
const QUICK_WRITE_MS = 2_000;
/** Units: ms. */
const LONGEST_WAIT_MS = 16;
const BREAKER = '.break';
const LOCK_START = 'l.';

/** The lock of a name, while it is held. */
export interface Lock {
  /** Fails when others have taken the lock away, because this process stood still for too long. */
  check(): void;
}

/** Locks between processes: files that exist while a lock is held. */
export interface Locks {
  /**
   * Runs work while nobody else has the lock of this name and no quick write of it is under way.
   * Errors: `conflict` when others hold it for longer than the timeout.
   */
  exclusively<Result>(
    name: string,
    signal: AbortSignal | undefined,
    work: (lock: Lock) => Promise<Result>,
  ): Promise<Result>;
  /** Removes the locks of processes that run no more. Returns how many. */
  sweep(folder: Folder): Promise<number>;
}

export interface LocksSettings {
  readonly calls: FsCalls;
  readonly owner: Owner;
  readonly temps: Temps;
  /** The folder of the locks and the temporary files. Released by the locks. */
  readonly folder: () => Promise<Folder>;
  /** Units: ms. */
  readonly timeoutMs: number;
  readonly now?: () => number;
}

interface Seen {
  readonly owner: string;
  readonly ino: number;
  readonly mtimeMs: number;
}

export function fileLocks(settings: LocksSettings): Locks {
  const { calls, owner, temps, timeoutMs, now = () => performance.now() } = settings;
  const queue = nameQueue();
  const held = new Set<number>();
  let heartbeat: NodeJS.Timeout | undefined;

  async function create(path: string): Promise<number | undefined> {
    let fd: number;
    try {
      fd = await calls.open(path, O_WRONLY | O_CREAT | O_EXCL, 0o666);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return undefined;
      throw error;
    }
    try {
      const signature = Buffer.from(owner.id, 'latin1');
      await calls.write(fd, signature, 0, signature.byteLength, 0);
      return fd;
    } catch (error) {
      calls.closeSync(fd);
      await unlinkIfThere(calls, path);
      throw error;
    }
  }

  async function look(path: string): Promise<Seen | undefined> {
    let fd: number;
    try {
      fd = await calls.open(path, O_RDONLY);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
    try {
      const buffer = Buffer.alloc(256);
      const length = await calls.read(fd, buffer, 0, buffer.byteLength, 0);
      const { ino, mtimeMs } = calls.fstatSync(fd);
      return { owner: buffer.toString('latin1', 0, length), ino, mtimeMs };
    } finally {
      calls.closeSync(fd);
    }
  }

  /** Whether a lock that has looked the same for `sameForMs` is nobody's. */
  async function isStale(seen: Seen, sameForMs: number): Promise<boolean> {
    if (seen.owner === '') return sameForMs >= UNSIGNED_STALE_AFTER_MS;
    if (sameForMs >= STALE_AFTER_MS) return true;
    return (await owner.livenessOf(seen.owner)) === 'dead';
  }

  /** Removes a stale lock. One process alone does it, so that it is no new one that goes. */
  async function breakLock(path: string, stale: Seen): Promise<void> {
    const breaker = path + BREAKER;
    const fd = await create(breaker);
    if (fd === undefined) {
      const other = await look(breaker);
      if (other !== undefined && (await owner.livenessOf(other.owner)) === 'dead') {
        await unlinkIfThere(calls, breaker);
      }
      return;
    }
    try {
      const seen = await look(path);
      if (seen?.ino === stale.ino && seen.mtimeMs === stale.mtimeMs && seen.owner === stale.owner) {
        await unlinkIfThere(calls, path);
      }
    } finally {
      calls.closeSync(fd);
      await unlinkIfThere(calls, breaker);
    }
  }

  async function acquire(path: string, signal: AbortSignal | undefined): Promise<number> {
    const begun = now();
    let seen: Seen | undefined;
    let since = begun;
    for (let wait = 1; ; wait = Math.min(wait * 1.5, LONGEST_WAIT_MS)) {
      const fd = await create(path);
      if (fd !== undefined) return fd;
      const other = await look(path);
      if (other === undefined) continue;
      if (other.ino !== seen?.ino || other.mtimeMs !== seen.mtimeMs) {
        seen = other;
        since = now();
      }
      if (await isStale(other, now() - since)) {
        await breakLock(path, other);
        continue;
      }
      if (now() - begun > timeoutMs) throw locked(other.owner, timeoutMs);
      await pause(wait * (0.5 + Math.random()), signal);
    }
  }

  /** Waits for quick writes of the key that began before the lock was taken. */
  async function settleQuickWrites(
    folder: Folder,
    name: string,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const begun = now();
    for (let wait = 1; ; wait = Math.min(wait * 1.5, LONGEST_WAIT_MS)) {
      const names = await temps.quickOnes(folder, name);
      if (names.length === 0) return;
      const isLate = now() - begun > QUICK_WRITE_MS;
      for (const temp of names) {
        if (isLate || (await owner.livenessOf(ownerOf(temp) ?? '')) === 'dead') {
          // Its rename fails now, and it starts again.
          await unlinkIfThere(calls, folder.at(temp));
        }
      }
      await pause(wait, signal);
    }
  }

  function touch(): void {
    const seconds = Date.now() / 1000;
    for (const fd of held) calls.futimes(fd, seconds, seconds).catch(() => {});
  }

  function hold(fd: number): void {
    held.add(fd);
    heartbeat ??= setInterval(touch, TOUCH_EVERY_MS).unref();
  }

  async function letGo(fd: number, path: string): Promise<void> {
    held.delete(fd);
    if (held.size === 0) {
      clearInterval(heartbeat);
      heartbeat = undefined;
    }
    try {
      if (calls.fstatSync(fd).nlink > 0) await unlinkIfThere(calls, path);
    } finally {
      calls.closeSync(fd);
    }
  }

  async function locally<Result>(
    name: string,
    signal: AbortSignal | undefined,
    work: (lock: Lock) => Promise<Result>,
  ): Promise<Result> {
    if (signal?.aborted) throw abortedError(signal);
    const folder = await settings.folder();
    const path = folder.at(lockFileOf(name));
    try {
      const fd = await acquire(path, signal);
      hold(fd);
      try {
        await settleQuickWrites(folder, name, signal);
        return await work({
          check() {
            if (calls.fstatSync(fd).nlink === 0) throw lostLock();
          },
        });
      } finally {
        await letGo(fd, path);
      }
    } finally {
      folder.release();
    }
  }

  return {
    exclusively: (name, signal, work) => queue.run(name, () => locally(name, signal, work)),

    async sweep(folder) {
      let removed = 0;
      for (const { name } of await calls.readdir(folder.at(''))) {
        if (!name.startsWith(LOCK_START)) continue;
        const path = folder.at(name);
        const seen = await look(path);
        if (seen === undefined || seen.owner === '') continue;
        if ((await owner.livenessOf(seen.owner)) !== 'dead') continue;
        if (name.endsWith(BREAKER)) await unlinkIfThere(calls, path);
        else await breakLock(path, seen);
        removed += 1;
      }
      return removed;
    },
  };
}

/** The file that is there while a lock is held. */
export function lockFileOf(name: string): string {
  return LOCK_START + name;
}

function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(end, ms);
    function end(): void {
      signal?.removeEventListener('abort', end);
      clearTimeout(timer);
      if (signal?.aborted) reject(abortedError(signal));
      else resolve();
    }
    signal?.addEventListener('abort', end, { once: true });
  });
}

function locked(ownerId: string, timeoutMs: number): StorageError {
  const pid = Number.parseInt(ownerId, 36);
  const who = pid > 0 ? `process ${pid}` : 'another process';
  return new StorageError('conflict', `${who} has held its lock for more than ${timeoutMs} ms.`, {
    outcome: 'not-applied',
    hint: 'Try again; a lock of a process that was stopped is taken over after ten seconds.',
  });
}

function lostLock(): StorageError {
  return new StorageError('conflict', 'this process stood still for so long that others took its lock.', {
    outcome: 'not-applied',
    hint: 'Try again.',
  });
}
