import { writerLock } from './idb-schema.ts';

/** The part of the Web Locks API that is used: https://www.w3.org/TR/web-locks/ (read 2026-11-21). */
export interface Locks {
  request(name: string, held: () => Promise<void>): Promise<unknown>;
  query(): Promise<{ readonly held?: readonly { readonly name?: string }[] }>;
}

/** Shows other tabs that this provider is alive while it has content in the store that no object has yet. */
export interface Presence {
  /** Resolves when others can see it. */
  enter(id: string): Promise<void>;
  leave(id: string): void;
  /** Writers that are alive; `undefined` where there are no Web Locks, so that nobody can tell. */
  alive(): Promise<((writer: string) => boolean) | undefined>;
  close(): void;
}

/** A lock is held only while something is written: a page that holds one is not kept for the back button. */
export function writerPresence(dbName: string, writer: string, locks: Locks | undefined): Presence {
  const ids = new Set<string>();
  let held: { readonly granted: Promise<void>; readonly release: () => void } | undefined;

  function hold(all: Locks): { readonly granted: Promise<void>; readonly release: () => void } {
    let release = () => {};
    const ended = new Promise<void>((resolve) => {
      release = resolve;
    });
    const granted = new Promise<void>((resolve, reject) => {
      all
        .request(writerLock(dbName, writer), () => {
          resolve();
          return ended;
        })
        .catch(reject);
    });
    return { granted, release };
  }

  function letGo(): void {
    held?.release();
    held = undefined;
  }

  return {
    async enter(id) {
      ids.add(id);
      if (locks === undefined) return;
      held ??= hold(locks);
      await held.granted;
    },
    leave(id) {
      ids.delete(id);
      if (ids.size === 0) letGo();
    },
    async alive() {
      if (locks === undefined) return undefined;
      const { held: all = [] } = await locks.query();
      const names = new Set(all.map(({ name }) => name));
      return (other) => other === writer || names.has(writerLock(dbName, other));
    },
    close: letGo,
  };
}
