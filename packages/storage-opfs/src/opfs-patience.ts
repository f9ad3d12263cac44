import { nameOf } from './opfs-errors.ts';

const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 50;
const MAX_ATTEMPTS = 40;

/**
 * Does something to a file again when somebody has it locked for a moment. Chromium locks a file with
 * all folders above it, and lets go a little after it has said that it is done: so does the removal
 * of an empty folder keep others from files beside it.
 * https://fs.spec.whatwg.org/#concept-file-entry-lock (read 2026-11-21).
 */
export async function patiently<Result>(
  work: () => Promise<Result>,
  wait: (ms: number) => Promise<unknown> = (ms) => new Promise((go) => setTimeout(go, ms)),
): Promise<Result> {
  for (let attempt = 1, waitMs = FIRST_WAIT_MS; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (nameOf(error) !== 'NoModificationAllowedError' || attempt === MAX_ATTEMPTS) throw error;
      await wait(waitMs);
      waitMs = Math.min(waitMs * 2, LONGEST_WAIT_MS);
    }
  }
}

/** Waits for what only tidies up, and goes on when it fails. */
export async function quietly(work: Promise<unknown>): Promise<void> {
  try {
    await work;
  } catch {
    // What it leaves behind harms nobody, and is swept.
  }
}
