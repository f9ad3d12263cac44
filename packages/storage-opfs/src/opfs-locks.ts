import { abortedError } from '@granary/storage-core/provider';

/** Runs work one after another by name: between tabs and workers of an origin where there are Web Locks. */
export interface Locks {
  exclusively<Result>(
    names: readonly string[],
    signal: AbortSignal | undefined,
    work: () => Promise<Result>,
  ): Promise<Result>;
  /** Holds a name until it is let go of, or until the tab ends. */
  hold(name: string): Promise<() => void>;
  /** Names that somebody holds now; `undefined` where nobody can tell. */
  held(): Promise<ReadonlySet<string> | undefined>;
}

/** https://w3c.github.io/web-locks/ (read 2026-11-21): a lock ends with the tab or worker that has it. */
export function openLocks(manager: LockManager | undefined): Locks {
  const one = manager === undefined ? ownQueue() : webLock(manager);

  return {
    exclusively(names, signal, work) {
      // One order for all, so that no two wait for each other.
      const ordered = [...new Set(names)].sort();
      return ordered.reduceRight(
        (inner, name) => () => one(name, signal, inner) as ReturnType<typeof work>,
        work,
      )();
    },

    hold: (name) =>
      new Promise((granted, failed) => {
        const held = () => new Promise<void>((release) => granted(release));
        one(name, undefined, held).catch(failed);
      }),

    async held() {
      if (manager === undefined) return undefined;
      const { held = [], pending = [] } = await manager.query();
      return new Set([...held, ...pending].map(({ name = '' }) => name));
    },
  };
}

type OneLock = <Result>(
  name: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Result>,
) => Promise<Result>;

function webLock(manager: LockManager): OneLock {
  return (name, signal, work) =>
    manager.request(name, signal === undefined ? {} : { signal }, work) as ReturnType<typeof work>;
}

/** Keeps the work of this provider apart, in browsers so old that they know no other way. */
function ownQueue(): OneLock {
  const last = new Map<string, Promise<unknown>>();
  return async (name, signal, work) => {
    const before = last.get(name);
    const mine = (async () => {
      await before?.catch(() => {});
      if (signal?.aborted) throw abortedError(signal);
      return work();
    })();
    last.set(name, mine);
    try {
      return await mine;
    } finally {
      if (last.get(name) === mine) last.delete(name);
    }
  };
}
