import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { onTestFinished, type TestContext } from 'vitest';

const run = promisify(execFile);

/** A disk of its own in memory, mounted for a test. */
export interface Mount {
  /** Lets nothing be written any more, or again. */
  makeReadOnly(isReadOnly: boolean): Promise<void>;
}

/** Mounts a small disk on a folder that is there; skips the test where that cannot be done. */
export async function mountSmallDisk(
  context: TestContext,
  folder: string,
  sizeBytes: number = 16 * 1024 * 1024,
): Promise<Mount> {
  if (process.platform !== 'linux') context.skip('only Linux mounts a tmpfs');
  try {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${sizeBytes}`, 'granary-test', folder]);
  } catch {
    context.skip('mounting needs rights that this process lacks');
  }
  onTestFinished(async () => {
    await run('umount', ['--lazy', folder]);
  });
  return {
    async makeReadOnly(isReadOnly) {
      await run('mount', ['-o', `remount,${isReadOnly ? 'ro' : 'rw'}`, folder]);
    },
  };
}
