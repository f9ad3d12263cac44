import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DRIVES, DRIVES_PACKAGE } from '../drives/drive-kinds.ts';
import { type Backends, loadBackends, resolvePackage } from './find-backend.ts';

/** A backend that this computer has, or a package of one that does not work. */
export interface InstalledBackend {
  readonly name: string;
  readonly schemes: readonly string[];
  readonly origin: string;
  readonly problem?: string;
}

const SCOPE = '@granary';

/** Finds every backend that a URL can name from a folder. */
export async function installedBackends(
  backends: Backends,
  cwd: string,
): Promise<readonly InstalledBackend[]> {
  const given = (await backends.given()).map(({ name, schemes, origin }) => ({
    name,
    schemes,
    origin,
  }));
  const drives = DRIVES.map(({ id }) => ({ name: id, schemes: [id], origin: DRIVES_PACKAGE }));
  const origins = new Set([
    ...given.map(({ origin }) => origin),
    ...drives.map(({ name }) => `${SCOPE}/storage-${name}`),
  ]);
  const others = (await packagesFrom(cwd)).filter((name) => !origins.has(name));
  const found = await Promise.all(others.map((name) => loadInstalled(name, cwd)));
  return [...given, ...drives, ...found.flat()].sort((one, other) =>
    one.name < other.name ? -1 : 1,
  );
}

async function loadInstalled(name: string, cwd: string): Promise<readonly InstalledBackend[]> {
  try {
    const path = resolvePackage(name, cwd);
    if (path === undefined) return [];
    const loaded = await loadBackends(path, name);
    return loaded.map(({ name: id, schemes, origin }) => ({ name: id, schemes, origin }));
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    return [{ name: name.slice(`${SCOPE}/storage-`.length), schemes: [], origin: name, problem }];
  }
}

/** Names of the packages of backends above a folder and above this program. */
async function packagesFrom(cwd: string): Promise<readonly string[]> {
  const names = new Set<string>();
  for (const start of [cwd, dirname(import.meta.filename)]) {
    for (let folder = start; ; folder = dirname(folder)) {
      const scope = join(folder, 'node_modules', SCOPE);
      for (const entry of await readdir(scope).catch(() => [])) {
        if (entry.startsWith('storage-') && (await isBackend(join(scope, entry)))) {
          names.add(`${SCOPE}/${entry}`);
        }
      }
      if (dirname(folder) === folder) break;
    }
  }
  return [...names];
}

async function isBackend(folder: string): Promise<boolean> {
  try {
    const { keywords } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as {
      readonly keywords?: readonly string[];
    };
    return keywords?.includes('backend') === true;
  } catch {
    return false;
  }
}
