import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { WorkspacePackage } from '@granary-tools/workspace';
import { runCommand } from '@granary-tools/workspace/command';

/** A package and the tarball that would be published. */
export interface Packed {
  readonly workspacePackage: WorkspacePackage;
  /** Absolute path of the tarball. */
  readonly tarball: string;
}

/** Packs packages into a folder and returns the tarballs in the same order. */
export async function packAll(
  packages: readonly WorkspacePackage[],
  folder: string,
): Promise<readonly Packed[]> {
  const packed: Packed[] = [];
  for (const workspacePackage of packages) {
    const target = await mkdtemp(join(folder, 'pack-'));
    const { exitCode, output } = await runCommand('pnpm', ['pack', '--pack-destination', target], {
      cwd: workspacePackage.path,
    });
    const [name] = await readdir(target);
    if (exitCode !== 0 || name === undefined) {
      throw new Error(`pnpm pack failed in ${workspacePackage.folder}: ${output}`);
    }
    packed.push({ workspacePackage, tarball: join(target, name) });
  }
  return packed;
}

/** Runs `use` with a fresh folder outside of the repository and removes it afterwards. */
export async function withScratchFolder<Result>(
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'granary-gate-'));
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
