import type { Stats } from 'node:fs';
import { type FsCalls, isMissing } from './fs-calls.ts';
import type { QuickRule } from './fs-quick.ts';

/**
 * Tells what is under a path, links not followed; `undefined` for nothing. `isBusy`: other calls
 * that change the folder are under way, so that the answer may have to wait for them.
 */
export type Look = (
  path: string,
  isBusy?: boolean,
) => Stats | undefined | Promise<Stats | undefined>;

/** Looks at once where there is a rule for it and it has it so, else by a thread. */
export function lookBy(calls: FsCalls, rule: QuickRule | undefined): Look {
  async function slowLook(path: string): Promise<Stats | undefined> {
    try {
      return await calls.lstat(path);
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }
  if (rule === undefined) return slowLook;

  return (path, isBusy = false) => {
    const begun = isBusy ? undefined : rule.begin();
    if (begun === undefined) return slowLook(path);
    try {
      return calls.lstatSync(path);
    } finally {
      rule.end(begun);
    }
  };
}
