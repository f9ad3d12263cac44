import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The conditions of one entry in `exports`. */
export type ExportTarget = string | Readonly<Record<string, string>>;

/** The parts of a package.json that the tools read. */
export interface Manifest {
  readonly name: string;
  readonly version?: string;
  readonly private?: boolean;
  readonly description?: string;
  readonly keywords?: readonly string[];
  readonly license?: string;
  readonly repository?: {
    readonly type?: string;
    readonly url?: string;
    readonly directory?: string;
  };
  readonly type?: string;
  readonly sideEffects?: boolean;
  readonly bin?: Readonly<Record<string, string>>;
  readonly exports?: Readonly<Record<string, ExportTarget>>;
  readonly files?: readonly string[];
  readonly engines?: Readonly<Record<string, string>>;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly publishConfig?: { readonly access?: string; readonly provenance?: boolean };
  readonly granary?: Readonly<Record<string, unknown>>;
  readonly 'size-limit'?: readonly SizeBudget[];
}

/** How large an entry may be, in the words of size-limit. */
export interface SizeBudget {
  readonly path: string;
  readonly limit: string;
  /** What of it is imported, as `{ createMemory }`. Default: all of it. */
  readonly import?: string;
  /** Packages that do not count. */
  readonly ignore?: readonly string[];
}

/** One package of the repository. */
export interface WorkspacePackage {
  /** Path inside the repository, such as `packages/storage-fs`. */
  readonly folder: string;
  /** Absolute path. */
  readonly path: string;
  readonly manifest: Manifest;
}

/** Folders that hold packages, from the ground up. */
export const FLOORS = ['packages', 'apps', 'examples', 'tools'] as const;

/** Absolute path of the repository these tools belong to. */
export const ROOT: string = fileURLToPath(new URL('../../..', import.meta.url));

/** Returns all packages of the repository in `root`, sorted by folder. */
export async function readWorkspace(root: string = ROOT): Promise<readonly WorkspacePackage[]> {
  const floors = await Promise.all(
    FLOORS.map(async (floor) => {
      const names = await namesIn(join(root, floor));
      return Promise.all(names.map((name) => readPackage(root, `${floor}/${name}`)));
    }),
  );
  return floors.flat().filter((found) => found !== undefined);
}

/** Tells whether a package goes to the registry. */
export function isPublished({ manifest }: WorkspacePackage): boolean {
  return manifest.private !== true;
}

/** Returns the package in `folder`, or undefined where there is no package.json. */
export async function readPackage(
  root: string,
  folder: string,
): Promise<WorkspacePackage | undefined> {
  const path = join(root, folder);
  const text = await readFile(join(path, 'package.json'), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : { folder, path, manifest: JSON.parse(text) };
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
