import { type FsCalls, NODE_CALLS } from './fs-calls.ts';

/** What the backend takes from its surroundings. Tests pass their own. */
export interface FsSystem {
  readonly calls: FsCalls;
  readonly platform: NodeJS.Platform;
  /** The clock. Units: ms since 1970. */
  readonly now: () => number;
}

export const THIS_SYSTEM: FsSystem = {
  calls: NODE_CALLS,
  platform: process.platform,
  now: Date.now,
};
