import type { SignInClock } from '../src/index.ts';

/** A clock that goes on when it is told, or when somebody sleeps. */
export interface FakeClock extends SignInClock {
  advance(ms: number): void;
  /** What was slept for. Units: ms. */
  readonly sleeps: number[];
}

export function fakeClock(start: number = Date.parse('2026-11-21T12:00:00Z')): FakeClock {
  let now = start;
  const sleeps: number[] = [];
  return {
    sleeps,
    now: () => now,
    advance(ms) {
      now += ms;
    },
    async sleep(ms) {
      sleeps.push(ms);
      now += ms;
      await new Promise((resolve) => setImmediate(resolve));
    },
  };
}
