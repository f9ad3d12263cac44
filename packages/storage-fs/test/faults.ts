import { statSync, utimesSync } from 'node:fs';
import type { FsCalls } from '../src/fs-calls.ts';
import { NODE_CALLS } from '../src/fs-calls.ts';
import { type FsSystem, THIS_SYSTEM } from '../src/fs-system.ts';

/** The error that a system call fails with. */
export function failure(code: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${code}: made by a test`), { code });
}

/** This system, with some calls of which the test decides. */
export function systemWith(calls: Partial<FsCalls>, rest: Partial<FsSystem> = {}): FsSystem {
  return { ...THIS_SYSTEM, ...rest, calls: { ...NODE_CALLS, ...calls } };
}

/** Gives a file the very time that it was written at before an edit. Units: ms since 1970. */
export function setBack(path: string, mtimeMs: number): void {
  for (let step = 0; step < 40; step += 1) {
    const shift = (step % 2 === 0 ? step : -step) * 6e-8;
    utimesSync(path, mtimeMs / 1000, mtimeMs / 1000 + shift);
    if (statSync(path).mtimeMs === mtimeMs) return;
  }
  throw new Error(`cannot set ${path} back to ${mtimeMs}`);
}
