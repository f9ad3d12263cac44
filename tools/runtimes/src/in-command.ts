import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { bundleJob } from './bundle-job.ts';
import type { JobResult } from './job.ts';

const run = promisify(execFile);
const require = createRequire(import.meta.url);

/** Runs the job in a runtime that is a program: `command` and its arguments, then the module. */
export async function runInCommand(command: string, args: readonly string[]): Promise<JobResult> {
  const folder = await mkdtemp(join(tmpdir(), 'granary-runtime-'));
  try {
    const file = join(folder, 'job.mjs');
    await writeFile(file, await bundleJob());
    const { stdout } = await run(command, [...args, file], { cwd: folder });
    return JSON.parse(stdout);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A file of an npm package. */
export interface PackageFile {
  readonly owner: string;
  readonly file: string;
}

/**
 * Path of a program that the npm package `name` brings, or undefined: in a package of its own for
 * this platform, or where that package's install script has moved it.
 */
export function findProgram(name: string, places: readonly PackageFile[]): string | undefined {
  const near = createRequire(require.resolve(`${name}/package.json`));
  for (const { owner, file } of places) {
    try {
      const path = join(dirname(near.resolve(`${owner}/package.json`)), file);
      if (existsSync(path)) return path;
    } catch {
      // Not the package of this platform.
    }
  }
  return undefined;
}
