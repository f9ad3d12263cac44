import { constants, lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { FsCalls } from '../src/fs-calls.ts';
import type { FsSystem } from '../src/fs-system.ts';
import { failure, systemWith } from './faults.ts';

const O_DIRECTORY = constants.O_DIRECTORY ?? 0;

/** Decides before each call whether it fails, and how, or what it answers instead of the system. */
export type Trouble = (
  name: keyof FsCalls,
  values: readonly unknown[],
) => NodeJS.ErrnoException | { readonly answer: unknown } | undefined;

/** A system that counts what is asked of it, and makes trouble when the test says so. */
export interface WatchedSystem {
  readonly system: FsSystem;
  /** Calls made so far, without those for the hidden folder, which is swept in the background. */
  calls(): number;
  /** Files that are open now, and folders that are watched. Those kept for later are none of them. */
  held(): number;
  /** Makes trouble from now on; `undefined` ends it. */
  trouble(trouble: Trouble | undefined): void;
}

/** Watches all calls of a system. */
export function watchSystem(base: FsSystem): WatchedSystem {
  const files = new Set<number>();
  let watchers = 0;
  let count = 0;
  let trouble: Trouble | undefined;

  const watched = Object.entries(base.calls).map(([name, call]) => [
    name,
    (...values: unknown[]): unknown => {
      if (!String(values[0]).includes('/.granary')) count += 1;
      const made = trouble?.(name as keyof FsCalls, values);
      if (made === undefined) return noted(name, values, Reflect.apply(call, base.calls, values));
      if ('answer' in made) return Promise.resolve(made.answer);
      if (name.endsWith('Sync') || name === 'watch') throw made;
      return Promise.reject(made);
    },
  ]);

  function noted(name: string, values: readonly unknown[], result: unknown): unknown {
    if (name === 'close' || name === 'closeSync') files.delete(Number(values[0]));
    if (name === 'watch') {
      watchers += 1;
      (result as ReturnType<FsCalls['watch']>).once('close', () => {
        watchers -= 1;
      });
    }
    if (name !== 'open') return result;
    return (result as Promise<number>).then((fd) => {
      if ((Number(values[1]) & O_DIRECTORY) === 0) files.add(fd);
      return fd;
    });
  }

  return {
    system: { ...base, calls: Object.fromEntries(watched) as FsCalls },
    calls: () => count,
    held: () => files.size + watchers,
    trouble(next) {
      trouble = next;
    },
  };
}

/** This system with a disk that takes only so many bytes in a folder. */
export function smallDisk(folder: string, capacityBytes: number): FsSystem {
  function used(path: string): number {
    const stats = lstatSync(path, { throwIfNoEntry: false });
    if (!stats?.isDirectory()) return stats?.size ?? 0;
    return readdirSync(path).reduce((sum, name) => sum + used(join(path, name)), 0);
  }
  const { calls } = systemWith({});
  return systemWith({
    async write(fd, bytes, offset, length, position) {
      if (used(folder) + length > capacityBytes) throw failure('ENOSPC');
      return calls.write(fd, bytes, offset, length, position);
    },
  });
}
