import { constants } from 'node:fs';
import { abortedError, StorageError } from '@granary/storage-core/provider';
import { codeOf, type FsCalls, isMissing } from './fs-calls.ts';
import type { Folder } from './fs-folder.ts';
import type { Owner } from './fs-owner.ts';
import { nameQueue } from './fs-queue.ts';
import { ownerOf, type Temps, unlinkIfThere } from './fs-temp.ts';
import { readAll } from './fs-transfer.ts';

const { O_RDONLY, O_WRONLY, O_CREAT, O_EXCL } = constants;
/** A holder touches its lock so often. Units: ms. */
const TOUCH_EVERY_MS = 2_000;
/** A lock that nobody has touched for so long is nobody's, whoever made it. Units: ms. */
const STALE_AFTER_MS = 10_000;
/** The same for one of another machine or an earlier start, by the clock. Units: ms. */
const FOREIGN_STALE_AFTER_MS = 60_000;
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

/** What a lock is taken for. */
export interface Claim {
  readonly name: string;
  /** What the lock is about, for whoever finds it when its owner has died. */
  readonly purpose?: Purpose;
  readonly signal?: AbortSignal | undefined;
}

export interface Purpose {
  readonly work: 'write' | 'remove';
  readonly key: string;
}

/** Locks between processes: files that exist while a lock is held. */
export interface Locks {
  /**
   * Runs work while nobody else has the lock of this name and no quick write of it is under way.
   * Errors: `conflict` when others hold it for longer than the timeout.
   */
  exclusively<Result>(claim: Claim, work: (lock: Lock) => Promise<Result>): Promise<Result>;
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
  /** Mends what a dead owner may have left half done. Called with its lock. */
  readonly mend: (purpose: Purpose, lock: Lock) => Promise<void>;
  readonly now?: () => number;
}

interface Seen {
  readonly owner: string;
  readonly purpose: Purpose | undefined;
  readonly ino: number;
  readonly mtimeMs: number;
}

export function fileLocks(settings: LocksSettings): Locks {
  const { calls, owner, temps, timeoutMs, mend, now = () => performance.now() } = settings;
  const queue = nameQueue();
  const held = new Set<number>();
  let heartbeat: NodeJS.Timeout | undefined;

  async function create(path: string, purpose?: Purpose): Promise<number | undefined> {
    let fd: number;
    try {
      fd = await calls.open(path, O_WRONLY | O_CREAT | O_EXCL, 0o666);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return undefined;
      throw error;
    }
    try {
      const signature = Buffer.from(`${owner.id}\n${JSON.stringify(purpose ?? null)}`);
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
      const { ino, mtimeMs, size } = calls.fstatSync(fd);
      const text = new TextDecoder().decode(await readAll(calls, fd, 0, size));
      const [id = '', purpose = 'null'] = text.split('\n');
      return { owner: id, purpose: parsePurpose(purpose), ino, mtimeMs };
    } finally {
      calls.closeSync(fd);
    }
  }

  /** Whether a lock that has looked the same for `sameForMs` is nobody's. */
  async function isStale(seen: Seen, sameForMs: number): Promise<boolean> {
    if (seen.owner === '') return sameForMs >= UNSIGNED_STALE_AFTER_MS;
    return sameForMs >= STALE_AFTER_MS || isLeftover(seen);
  }

  /** Whether a lock's owner runs no more, as far as can be told without waiting. */
  async function isLeftover({ owner: id, mtimeMs }: Seen): Promise<boolean> {
    const liveness = await owner.livenessOf(id);
    const isOld = Date.now() - mtimeMs > FOREIGN_STALE_AFTER_MS;
    return liveness === 'dead' || (liveness === 'unknown' && isOld);
  }

  /** Whether nobody goes on with a breaker; one who died before signing it left no name. */
  async function isOver(breaker: Seen): Promise<boolean> {
    if (breaker.owner !== '') return isLeftover(breaker);
    return Date.now() - breaker.mtimeMs > STALE_AFTER_MS;
  }

  /**
   * Removes a stale lock. One process alone does it, so that it is no new one that goes. Its owner
   * may only have been stopped; it cannot finish what it began, because its files go first. Returns
   * whether it was this process.
   */
  async function breakLock(folder: Folder, path: string, stale: Seen): Promise<boolean> {
    const breaker = path + BREAKER;
    const fd = await create(breaker);
    if (fd === undefined) {
      const other = await look(breaker);
      if (other !== undefined && (await isOver(other))) await unlinkIfThere(calls, breaker);
      return false;
    }
    try {
      const seen = await look(path);
      if (seen?.ino === stale.ino && seen.mtimeMs === stale.mtimeMs && seen.owner === stale.owner) {
        if (seen.owner !== '') await temps.disown(folder, seen.owner);
        await unlinkIfThere(calls, path);
      }
    } finally {
      calls.closeSync(fd);
      await unlinkIfThere(calls, breaker);
    }
    return true;
  }

  /** Returns the lock's descriptor, and what its owner before was about if that had died. */
  async function acquire(
    folder: Folder,
    path: string,
    { purpose, signal }: Claim,
  ): Promise<{ readonly fd: number; readonly unfinished: Purpose | undefined }> {
    const begun = now();
    let seen: Seen | undefined;
    let since = begun;
    let unfinished: Purpose | undefined;
    for (let wait = 1; ; wait = Math.min(wait * 1.5, LONGEST_WAIT_MS)) {
      const fd = await create(path, purpose ?? unfinished);
      if (fd !== undefined) return { fd, unfinished };
      const other = await look(path);
      if (other === undefined) continue;
      if (other.ino !== seen?.ino || other.mtimeMs !== seen.mtimeMs) {
        seen = other;
        since = now();
      }
      if (await isStale(other, now() - since)) {
        unfinished = other.purpose;
        if (await breakLock(folder, path, other)) continue;
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
    } catch {
      // What was done with the lock counts. Nobody touches it any more, so it goes stale.
    } finally {
      calls.closeSync(fd);
    }
  }

  async function locally<Result>(
    claim: Claim,
    work: (lock: Lock) => Promise<Result>,
  ): Promise<Result> {
    const { name, signal } = claim;
    if (signal?.aborted) throw abortedError(signal);
    const folder = await settings.folder();
    const path = folder.at(lockFileOf(name));
    try {
      const { fd, unfinished } = await acquire(folder, path, claim);
      hold(fd);
      try {
        await settleQuickWrites(folder, name, signal);
        const lock: Lock = {
          check() {
            if (calls.fstatSync(fd).nlink === 0) throw lostLock();
          },
        };
        if (unfinished !== undefined) await mend(unfinished, lock);
        return await work(lock);
      } finally {
        await letGo(fd, path);
      }
    } finally {
      folder.release();
    }
  }

  function exclusively<Result>(
    claim: Claim,
    work: (lock: Lock) => Promise<Result>,
  ): Promise<Result> {
    return queue.run(claim.name, () => locally(claim, work));
  }

  return {
    exclusively,

    async sweep(folder) {
      let removed = 0;
      for (const { name } of await calls.readdir(folder.at(''))) {
        if (!name.startsWith(LOCK_START)) continue;
        const path = folder.at(name);
        const seen = await look(path);
        if (seen === undefined || !(await isLeftover(seen))) continue;
        removed += 1;
        if (name.endsWith(BREAKER)) await unlinkIfThere(calls, path);
        // Taking it mends what was left half done.
        else await exclusively({ name: name.slice(LOCK_START.length) }, async () => {});
      }
      return removed;
    },
  };
}

function parsePurpose(text: string): Purpose | undefined {
  try {
    const purpose = JSON.parse(text) as Partial<Purpose> | null;
    const { work, key } = purpose ?? {};
    if (typeof key !== 'string') return undefined;
    return { work: work === 'remove' ? work : 'write', key };
  } catch {
    // Its owner died while it wrote this, before anything else.
    return undefined;
  }
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
  return new StorageError(
    'conflict',
    'this process stood still for so long that others took its lock.',
    {
      outcome: 'not-applied',
      hint: 'Try again.',
    },
  );
}
