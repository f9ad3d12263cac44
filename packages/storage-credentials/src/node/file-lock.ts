import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, stat, unlink, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { StorageError } from '@granary/storage-core';
import { workQueue } from '../work-queue.ts';
import { codeOf, isMissing, toFileError } from './native-errors.ts';
import { livenessOf, ownName } from './process-owner.ts';

/** A lock between processes: a file that exists while it is held. */
export interface FileLock {
  /** Runs work with the lock. It does not nest. Errors: `conflict` when others hold it for too long. */
  run<Result>(work: (held: HeldLock) => Promise<Result>): Promise<Result>;
}

/** A lock while it is held. */
export interface HeldLock {
  /** Errors: `conflict` when others have taken the lock, because this process stood still for too long. */
  check(): Promise<void>;
}

/** Units: ms. */
export interface LockTimes {
  /** How long others are waited for. Default: 30,000. */
  readonly waitMs?: number;
  /** A lock that nobody has touched for so long is nobody's. Default: 10,000. */
  readonly staleMs?: number;
}

/** A lock, as it was seen. */
interface Seen {
  readonly owner: string;
  readonly ino: number;
  readonly mtimeMs: number;
}

/** A holder touches its lock so often within the time after which it is nobody's. */
const TOUCHES = 4;
const LONGEST_PAUSE_MS = 25;

/** The lock of a path. Whoever dies with it, or stands still for long, loses it. */
export function fileLock(
  path: string,
  { waitMs = 30_000, staleMs = 10_000 }: LockTimes = {},
): FileLock {
  // Those who wait in one process stand in line instead of racing.
  const queue = workQueue();

  /** Returns what stands in the lock now, or `undefined` where somebody has it. */
  async function create(file: string): Promise<string | undefined> {
    const signature = `${await ownName()}\n${randomBytes(8).toString('hex')}`;
    let handle: Awaited<ReturnType<typeof open>>;
    try {
      handle = await open(file, 'wx', 0o600);
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return undefined;
      throw error;
    }
    try {
      await handle.writeFile(signature);
    } finally {
      await handle.close();
    }
    return signature;
  }

  async function look(file: string): Promise<Seen | undefined> {
    try {
      const { ino, mtimeMs } = await stat(file);
      const [owner = ''] = (await readFile(file, 'utf8')).split('\n');
      return { owner, ino, mtimeMs };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** Removes a lock that is nobody's. Only one process does, so that no new lock goes. */
  async function breakLock(stale: Seen): Promise<void> {
    const breaker = `${path}.break`;
    if ((await create(breaker)) === undefined) {
      const other = await look(breaker);
      if (other !== undefined && (await isOver(other))) await removeFile(breaker);
      return;
    }
    try {
      const seen = await look(path);
      if (seen?.ino === stale.ino && seen.mtimeMs === stale.mtimeMs) await removeFile(path);
    } finally {
      await removeFile(breaker);
    }
  }

  async function isOver({ owner, mtimeMs }: Seen): Promise<boolean> {
    return (await livenessOf(owner)) === 'dead' || Date.now() - mtimeMs > staleMs;
  }

  async function acquire(): Promise<string> {
    const begun = performance.now();
    let seen: Seen | undefined;
    let since = begun;
    for (let pause = 1; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
      const signature = await create(path);
      if (signature !== undefined) return signature;
      const other = await look(path);
      if (other === undefined) continue;
      const now = performance.now();
      if (other.ino !== seen?.ino || other.mtimeMs !== seen.mtimeMs) {
        seen = other;
        since = now;
      }
      const isDead = other.owner !== '' && (await livenessOf(other.owner)) === 'dead';
      if (isDead || now - since > staleMs) await breakLock(other);
      if (now - begun > waitMs) throw busy(path, waitMs);
      await delay(pause * (0.5 + Math.random()));
    }
  }

  async function holds(signature: string): Promise<boolean> {
    try {
      return (await readFile(path, 'utf8')) === signature;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  return {
    run: (work) =>
      queue(async () => {
        let signature: string;
        try {
          await mkdir(dirname(path), { recursive: true, mode: 0o700 });
          signature = await acquire();
        } catch (error) {
          throw error instanceof StorageError ? error : toFileError(error, path);
        }
        const touch = (): void => {
          const now = new Date();
          utimes(path, now, now).catch(() => undefined);
        };
        const heartbeat = setInterval(touch, staleMs / TOUCHES);
        try {
          return await work({
            async check() {
              if (!(await holds(signature))) throw lost(path);
            },
          });
        } finally {
          clearInterval(heartbeat);
          if (await holds(signature).catch(() => false)) await removeFile(path);
        }
      }),
  };
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function busy(path: string, waitMs: number): StorageError {
  return new StorageError('conflict', `another process has held ${path} for ${waitMs} ms.`, {
    outcome: 'not-applied',
    hint: 'Try again. A lock whose process died is taken over by itself.',
  });
}

function lost(path: string): StorageError {
  return new StorageError(
    'conflict',
    `another process took ${path}, because this one stood still.`,
    {
      outcome: 'not-applied',
      hint: 'Try again.',
    },
  );
}
