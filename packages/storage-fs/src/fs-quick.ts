import fs, { constants, type Stats } from 'node:fs';
import { setImmediate } from 'node:timers';
import { type FsCalls, NODE_CALLS } from './fs-calls.ts';

/** A call that takes longer than this was not answered from memory. Units: ms. */
const SLOW_MS = 2;
/** So many calls go to the thread pool after a slow one; twice as many after the next, and so on. */
const FEWEST_ASIDE = 32;
const MOST_ASIDE = 8192;
/** So long calls may hold up one turn of the event loop. Units: ms. */
const TURN_MS = 4;
/** More than this is worth a thread. Units: bytes. */
const SMALL_BYTES = 64 * 1024;
/** The same while other operations can go on meanwhile. Units: bytes. */
const SMALL_BYTES_WHEN_BUSY = 16 * 1024;
/** Looks between two questions of how long they have taken. */
const LOOKS_AT_ONCE = 32;

const { O_CREAT, O_TRUNC } = constants;

/**
 * Decides which calls are made at once. On a local file system most are answered from memory, and
 * handing one to a thread costs several times as much as making it. After a slow one the next go
 * to the thread pool, as do all when one turn of the event loop has been held up for long enough.
 */
export interface QuickRule {
  /** When the call begins; `undefined`: it goes to the thread pool. */
  begin(): number | undefined;
  end(begun: number): void;
}

export function quickRule(now: () => number = () => performance.now()): QuickRule {
  let aside = 0;
  let penalty = FEWEST_ASIDE;
  let turnBegan: number | undefined;

  function turn(): void {
    turnBegan = undefined;
  }

  return {
    begin() {
      if (aside > 0) {
        aside -= 1;
        return undefined;
      }
      const begun = now();
      if (turnBegan === undefined) {
        turnBegan = begun;
        setImmediate(turn);
      }
      return begun - turnBegan > TURN_MS ? undefined : begun;
    },
    end(begun) {
      if (now() - begun > SLOW_MS) {
        aside = penalty;
        penalty = Math.min(penalty * 2, MOST_ASIDE);
      } else if (penalty > FEWEST_ASIDE) {
        penalty -= 1;
      }
    },
  };
}

/** Settings of {@link quickCalls}. */
export interface QuickSettings {
  readonly rule: QuickRule;
  /** Whether changes are made at once too. Those that wait for the disk anyway gain nothing. */
  readonly changes: boolean;
  /** Whether other operations are under way, which a thread would leave the time to. */
  readonly isBusy: () => boolean;
}

/**
 * The calls, with small ones made at once where the rule has it so. Calls that are not those of
 * `node:fs` stay as they are.
 */
export function quickCalls(calls: FsCalls, { rule, changes, isBusy }: QuickSettings): FsCalls {
  function quickly<Name extends keyof FsCalls>(name: Name, quick: FsCalls[Name]): FsCalls[Name] {
    return calls[name] === NODE_CALLS[name] ? quick : calls[name];
  }

  function atOnce<Args extends readonly unknown[], Value>(
    slow: (...args: Args) => Promise<Value>,
    quick: (...args: Args) => Value,
  ): (...args: Args) => Promise<Value> {
    return (...args) => {
      const begun = rule.begin();
      if (begun === undefined) return slow(...args);
      try {
        return Promise.resolve(quick(...args));
      } catch (error) {
        return Promise.reject(error);
      } finally {
        rule.end(begun);
      }
    };
  }

  function isSmall(bytes: number): boolean {
    return bytes <= SMALL_BYTES_WHEN_BUSY || (bytes <= SMALL_BYTES && !isBusy());
  }

  const openNow = atOnce(NODE_CALLS.open, fs.openSync);
  const readNow = atOnce(NODE_CALLS.read, fs.readSync);
  const writeNow = atOnce(NODE_CALLS.write, fs.writeSync);

  const reads: Partial<FsCalls> = {
    open: quickly('open', (path, flags, mode) =>
      changes || (flags & (O_CREAT | O_TRUNC)) === 0
        ? openNow(path, flags, mode)
        : NODE_CALLS.open(path, flags, mode),
    ),
    read: quickly('read', (fd, buffer, offset, length, position) =>
      isSmall(length)
        ? readNow(fd, buffer, offset, length, position)
        : NODE_CALLS.read(fd, buffer, offset, length, position),
    ),
    fstat: quickly('fstat', atOnce(NODE_CALLS.fstat, NODE_CALLS.fstatSync)),
    lstat: quickly(
      'lstat',
      atOnce(NODE_CALLS.lstat, (path) => fs.lstatSync(path)),
    ),
    lstatAll: quickly('lstatAll', lstatAll),
  };

  /** As many as the rule allows at once, the rest by threads. */
  async function lstatAll(paths: readonly string[]): Promise<readonly (Stats | undefined)[]> {
    const found: (Stats | undefined)[] = [];
    while (found.length < paths.length) {
      const begun = rule.begin();
      if (begun === undefined) break;
      for (const path of paths.slice(found.length, found.length + LOOKS_AT_ONCE)) {
        found.push(NODE_CALLS.lstatSync(path));
      }
      rule.end(begun);
    }
    if (found.length === paths.length) return found;
    return found.concat(await NODE_CALLS.lstatAll(paths.slice(found.length)));
  }

  if (!changes) return { ...calls, ...reads };
  return {
    ...calls,
    ...reads,
    write: quickly('write', (fd, bytes, offset, length, position) =>
      isSmall(length)
        ? writeNow(fd, bytes, offset, length, position)
        : NODE_CALLS.write(fd, bytes, offset, length, position),
    ),
    fchmod: quickly('fchmod', atOnce(NODE_CALLS.fchmod, fs.fchmodSync)),
    futimes: quickly('futimes', atOnce(NODE_CALLS.futimes, fs.futimesSync)),
    rename: quickly('rename', atOnce(NODE_CALLS.rename, fs.renameSync)),
    link: quickly('link', atOnce(NODE_CALLS.link, fs.linkSync)),
    unlink: quickly('unlink', atOnce(NODE_CALLS.unlink, fs.unlinkSync)),
    rmdir: quickly('rmdir', atOnce(NODE_CALLS.rmdir, fs.rmdirSync)),
  };
}
