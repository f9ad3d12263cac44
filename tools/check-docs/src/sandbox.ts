import { chmod, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { WorkspacePackage } from '@granary-tools/workspace';

/** A folder outside of the repository in which documents' code finds the packages as users do. */
export interface Sandbox extends AsyncDisposable {
  /** Where programs stand; `node_modules` is beside it. */
  readonly folder: string;
  /** Variables under which code runs: its home is inside the sandbox, our commands are on the path. */
  readonly env: Readonly<Record<string, string>>;
}

/** Makes a sandbox with these packages and with what `borrowed` finds in this tool's own packages. */
export async function makeSandbox(
  packages: readonly WorkspacePackage[],
  borrowed: readonly string[],
): Promise<Sandbox> {
  const root = await mkdtemp(join(tmpdir(), 'granary-docs-'));
  const [folder, home, bin] = ['code', 'home', 'bin'].map((name) => join(root, name)) as [
    string,
    string,
    string,
  ];
  for (const path of [folder, home, bin]) await mkdir(path);
  await writeFile(join(root, 'package.json'), '{ "private": true, "type": "module" }');

  for (const { manifest, path } of packages) {
    await link(path, join(root, 'node_modules', manifest.name));
    for (const [command, script] of Object.entries(manifest.bin ?? {})) {
      const file = join(bin, command);
      await writeFile(file, `#!/bin/sh\nexec '${process.execPath}' '${join(path, script)}' "$@"\n`);
      await chmod(file, 0o755);
    }
  }
  const own = join(import.meta.dirname, '..', 'node_modules');
  for (const name of borrowed) await link(join(own, name), join(root, 'node_modules', name));

  return {
    folder,
    env: {
      HOME: home,
      USERPROFILE: home,
      XDG_DATA_HOME: home,
      XDG_CONFIG_HOME: home,
      XDG_CACHE_HOME: home,
      XDG_STATE_HOME: home,
      PATH: `${bin}:${dirname(process.execPath)}:${process.env['PATH']}`,
    },
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  };
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(target, path, 'junction');
}
