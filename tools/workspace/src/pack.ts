import { mkdtemp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import type { WorkspacePackage } from './workspace.ts';

/** A package and the tarball that would be published. */
export interface Packed {
  readonly workspacePackage: WorkspacePackage;
  /** Absolute path of the tarball. */
  readonly tarball: string;
}

/** Packs built packages into folders below `folder` and returns the tarballs in the same order. */
export async function packAll(
  packages: readonly WorkspacePackage[],
  folder: string,
): Promise<readonly Packed[]> {
  const packed: Packed[] = [];
  for (const workspacePackage of packages) {
    const { path } = workspacePackage;
    if (!(await readdir(path)).includes('dist')) {
      throw new Error(
        `${workspacePackage.folder} is not built, so there is nothing to pack. Run \`pnpm build\`.`,
      );
    }
    const target = await mkdtemp(join(folder, 'pack-'));
    const args = ['pack', '--pack-destination', target];
    const { exitCode, output } = await runCommand('pnpm', args, { cwd: path });
    const [name] = await readdir(target);
    if (exitCode !== 0 || name === undefined) {
      throw new Error(`pnpm pack failed in ${workspacePackage.folder}: ${output}`);
    }
    packed.push({ workspacePackage, tarball: join(target, name) });
  }
  return packed;
}
