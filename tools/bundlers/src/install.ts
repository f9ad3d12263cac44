import { mkdir, mkdtemp, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readWorkspace } from '@granary-tools/workspace';
import { runCommand } from '@granary-tools/workspace/command';

/** Packs packages of this workspace, as they would be published, and returns their tarballs by name. */
export async function packPackages(
  names: readonly string[],
  scratch: string,
): Promise<ReadonlyMap<string, string>> {
  const packages = (await readWorkspace()).filter(({ manifest }) => names.includes(manifest.name));
  const tarballs = new Map<string, string>();
  for (const { path, folder, manifest } of packages) {
    if (!(await readdir(path)).includes('dist')) {
      throw new Error(`${folder} is not built, so there is nothing to pack. Run \`pnpm build\`.`);
    }
    const target = await mkdtemp(join(scratch, 'pack-'));
    const args = ['pack', '--pack-destination', target];
    const { exitCode, output } = await runCommand('pnpm', args, { cwd: path });
    const [tarball] = await readdir(target);
    if (exitCode !== 0 || tarball === undefined) {
      throw new Error(`pnpm pack failed in ${folder}: ${output}`);
    }
    tarballs.set(manifest.name, join(target, tarball));
  }
  const missing = names.find((name) => !tarballs.has(name));
  if (missing !== undefined) throw new Error(`There is no package ${missing} in this workspace.`);
  return tarballs;
}

/** Makes an empty project and installs tarballs into it with npm, as users do, and nothing else. */
export async function makeProject(folder: string, tarballs: readonly string[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  const manifest = { name: 'page', private: true, type: 'module' };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  const flags = [
    ...['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'],
    // A request that hangs is tried again, instead of waiting five minutes for it.
    ...['--fetch-timeout=20000', '--fetch-retries=5'],
  ];
  const args = ['install', ...flags, ...tarballs];
  const { exitCode, output } = await runCommand('npm', args, { cwd: folder });
  if (exitCode !== 0) throw new Error(`npm install failed in an empty project: ${output}`);
}
