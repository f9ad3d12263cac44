import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandResult, runCommand } from './command.ts';
import type { Packed } from './pack.ts';

/** How npm installs quietly. A request that hangs is made again after 20 s, not after npm's five minutes. */
export const NPM_FLAGS: readonly string[] = [
  ...['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'],
  ...['--fetch-timeout=20000', '--fetch-retries=5', '--fetch-retry-mintimeout=1000'],
  '--fetch-retry-maxtimeout=5000',
];

/**
 * Makes an empty project outside of the repository and installs tarballs into it with npm, as users
 * do, and what `peers` names. Packages that are not published yet are never asked for by name.
 */
export async function makeNpmProject(
  folder: string,
  packed: readonly Packed[],
  peers: Readonly<Record<string, string>> = {},
): Promise<CommandResult> {
  await mkdir(folder, { recursive: true });
  const names = packed.map(({ workspacePackage }) => workspacePackage.manifest.name);
  const manifest = {
    name: 'project',
    private: true,
    type: 'module',
    dependencies: {
      ...peers,
      ...Object.fromEntries(packed.map(({ tarball }, at) => [names[at], `file:${tarball}`])),
    },
    overrides: Object.fromEntries(names.map((name) => [name, `$${name}`])),
  };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  return runCommand('npm', ['install', ...NPM_FLAGS], { cwd: folder });
}
