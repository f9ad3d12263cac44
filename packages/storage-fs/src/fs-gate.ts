import { codeOf, type FsCalls } from './fs-calls.ts';

/** Operations at once that each hold a file open for a moment. The thread pool runs four of them. */
const MAX_AT_ONCE = 128;
/** With more operations than this under way, they overlap. */
const FEW = 4;
/** Units: ms. */
const RETRY_AFTER_MS = 10;
/** How long to wait for other parts of the process to close files. Units: ms. */
const GIVE_UP_AFTER_MS = 20_000;

/** What Windows says of a file that another program has open. */
const HELD: ReadonlySet<string> = new Set(['EPERM', 'EACCES', 'EBUSY']);
/** Units: ms. */
const HELD_FOR_MS = 2_000;

/** Lets so many operations run at once; the others wait in line. */
export interface Gate {
  /** A promise for the operation's turn; `undefined` when it is now. */
  enter(): Promise<void> | undefined;
  leave(): void;
  /** Whether so many are running that one can wait while others go on. */
  isBusy(): boolean;
}

/** Keeps ten thousand calls at once from opening ten thousand files. */
export function openGate(maxAtOnce: number = MAX_AT_ONCE): Gate {
  let running = 0;
  const waiting: (() => void)[] = [];
  let first = 0;
  return {
    enter() {
      if (running < maxAtOnce) {
        running += 1;
        return undefined;
      }
      return new Promise((resolve) => {
        waiting.push(resolve);
      });
    },
    isBusy: () => running > FEW,
    leave() {
      const next = waiting[first];
      if (next === undefined) {
        running -= 1;
        waiting.length = 0;
        first = 0;
      } else {
        first += 1;
        next();
      }
    },
  };
}

/**
 * Makes what opens files wait when the process has no descriptor left, which other parts of it may have
 * used up, instead of failing at once.
 */
export function withPatientOpen(
  calls: FsCalls,
  now: () => number = () => performance.now(),
): FsCalls {
  async function patiently<Result>(attempt: () => Promise<Result>): Promise<Result> {
    try {
      return await attempt();
    } catch (error) {
      return insist(attempt, error);
    }
  }

  async function insist<Result>(attempt: () => Promise<Result>, failure: unknown): Promise<Result> {
    let error = failure;
    const until = now() + GIVE_UP_AFTER_MS;
    while (isOutOfFiles(error) && now() < until) {
      await new Promise((resolve) => {
        setTimeout(resolve, RETRY_AFTER_MS);
      });
      try {
        return await attempt();
      } catch (again) {
        error = again;
      }
    }
    throw error;
  }
  return {
    ...calls,
    open(path, flags, mode) {
      const attempt = () => calls.open(path, flags, mode);
      // The usual case without another `await`.
      return attempt().catch((error: unknown) => insist(attempt, error));
    },
    readdir: (path) => patiently(() => calls.readdir(path)),
    readdirRaw: (path) => patiently(() => calls.readdirRaw(path)),
    copyFile: (from, to, mode) => patiently(() => calls.copyFile(from, to, mode)),
  };
}

/**
 * On Windows a file cannot be renamed or removed while a virus scanner or an indexer looks at it,
 * which takes a moment. Tries again until then.
 */
export function withStubbornRename(
  calls: FsCalls,
  platform: NodeJS.Platform,
  now: () => number = () => performance.now(),
): FsCalls {
  if (platform !== 'win32') return calls;
  async function insist(attempt: () => Promise<void>): Promise<void> {
    const until = now() + HELD_FOR_MS;
    for (let wait = 1; ; wait = Math.min(wait * 2, 100)) {
      try {
        return await attempt();
      } catch (error) {
        if (!HELD.has(codeOf(error)) || now() > until) throw error;
      }
      await new Promise((resolve) => {
        setTimeout(resolve, wait);
      });
    }
  }
  return {
    ...calls,
    rename: (from, to) => insist(() => calls.rename(from, to)),
    unlink: (path) => insist(() => calls.unlink(path)),
  };
}

/** Whether the process or the system has no descriptor left. */
export function isOutOfFiles(error: unknown): boolean {
  const code = codeOf(error);
  return code === 'EMFILE' || code === 'ENFILE';
}
