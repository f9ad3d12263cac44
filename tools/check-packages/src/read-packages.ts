import { readdir, readFile } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { readWorkspace, type WorkspacePackage } from '@granary-tools/workspace';
import { type ModuleFacts, moduleFacts } from './module-facts.ts';
import type { CheckedPackage, Kind } from './rule.ts';

const IGNORED_FOLDERS: ReadonlySet<string> = new Set([
  '.turbo',
  'coverage',
  'dist',
  'node_modules',
]);

const KIND_OF_FLOOR: Readonly<Record<string, Kind>> = {
  apps: 'app',
  examples: 'example',
  tools: 'tool',
};

/** Reads all packages of the repository in `root` with the text of their files. */
export async function readPackages(root: string): Promise<readonly CheckedPackage[]> {
  const packages = await readWorkspace(root);
  return Promise.all(packages.map(readChecked));
}

async function readChecked({ folder, path, manifest }: WorkspacePackage): Promise<CheckedPackage> {
  const files = new Map<string, string>();
  const modules = new Map<string, ModuleFacts>();
  for (const file of await filesIn(path)) {
    const name = relative(path, file).split(sep).join('/');
    const text = await readFile(file, 'utf8');
    files.set(name, text);
    if (/\.(ts|tsx|js)$/.test(name)) modules.set(name, moduleFacts(`${folder}/${name}`, text));
  }
  const [floor = ''] = folder.split('/');
  const declared = manifest.granary?.['kind'];
  const kind = kindOf(floor, declared);
  return { folder, kind, manifest, files, modules };
}

function kindOf(floor: string, declared: unknown): Kind | undefined {
  if (floor === 'tools' && declared === 'server') return 'server';
  return KIND_OF_FLOOR[floor] ?? (isLibraryKind(declared) ? declared : undefined);
}

function isLibraryKind(value: unknown): value is Kind {
  const kinds = ['core', 'kit', 'backend', 'layers', 'vault', 'auth', 'umbrella', 'system'];
  return typeof value === 'string' && kinds.includes(value);
}

async function filesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const found = await Promise.all(
    entries
      .filter(({ name }) => !IGNORED_FOLDERS.has(name))
      .map((entry) => {
        const path = join(folder, entry.name);
        if (entry.isDirectory()) return filesIn(path);
        return entry.isFile() ? [path] : [];
      }),
  );
  return found.flat().sort();
}
