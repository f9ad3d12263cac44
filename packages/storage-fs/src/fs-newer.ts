import type { Stats } from 'node:fs';
import type { FsCalls } from './fs-calls.ts';

/** A first step that is not the same for two writers at once. Units: ms. */
const FIRST_STEP_MS = 0.064;
/** How coarse file systems keep times: Windows' and old Linux' clocks, ext3, FAT. Units: ms. */
const COARSE_STEPS_MS: readonly number[] = [16, 1_000, 2_000];

/**
 * Makes an open file newer than the one that it is going to replace, where the clock did not. So
 * two writes of a key never have the same length and time, however fast they follow each other.
 */
export async function makeNewer(
  calls: FsCalls,
  fd: number,
  stats: Stats,
  thanMs: number,
): Promise<Stats> {
  if (stats.mtimeMs > thanMs) return stats;
  const steps = [FIRST_STEP_MS * (0.05 + 0.95 * Math.random()), ...COARSE_STEPS_MS];
  for (const step of steps) {
    await calls.futimes(fd, stats.atimeMs / 1000, (thanMs + step) / 1000);
    const now = await calls.fstat(fd);
    if (now.mtimeMs > thanMs) return now;
  }
  return calls.fstat(fd);
}
