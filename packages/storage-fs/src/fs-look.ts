import type { Stats } from 'node:fs';
import { type FsCalls, isMissing } from './fs-calls.ts';

/** A look that takes longer than this was no look into memory. Units: ms. */
const SLOW_MS = 2;
/** So many looks go to the thread pool after a slow one. */
const ASIDE = 1000;

/**
 * Tells what is under a path, links not followed; `undefined` for nothing. `isBusy`: other calls
 * that change the folder are under way, so that the answer may have to wait for them.
 */
export type Look = (
  path: string,
  isBusy?: boolean,
) => Stats | undefined | Promise<Stats | undefined>;

/**
 * On a local file system what is under a name is in memory almost always, and asking for it takes
 * a tenth of what a thread costs. When it is not, the next looks go to the thread pool, so that a
 * slow disk does not hold up the process.
 */
export function quickLook(
  calls: FsCalls,
  isLocal: boolean,
  now: () => number = () => performance.now(),
): Look {
  async function slowLook(path: string): Promise<Stats | undefined> {
    try {
      return await calls.lstat(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }
  if (!isLocal) return slowLook;

  let aside = 0;
  return (path, isBusy = false) => {
    if (isBusy) return slowLook(path);
    if (aside > 0) {
      aside -= 1;
      return slowLook(path);
    }
    const begun = now();
    const stats = calls.lstatSync(path);
    if (now() - begun > SLOW_MS) aside = ASIDE;
    return stats;
  };
}
