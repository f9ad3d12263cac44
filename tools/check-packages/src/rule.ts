import type { Manifest } from '@granary-tools/workspace';
import type { ModuleFacts } from './module-facts.ts';

/**
 * What a package is. One in `packages/` says it as `granary.kind` in its package.json, and so does a tool
 * that starts servers for tests.
 */
export type Kind =
  | 'core'
  | 'kit'
  | 'backend'
  | 'layers'
  | 'vault'
  | 'auth'
  | 'umbrella'
  | 'system'
  | 'app'
  | 'example'
  | 'server'
  | 'tool';

/** One package with everything that rules look at. */
export interface CheckedPackage {
  /** Path inside the repository, such as `packages/storage-fs`. */
  readonly folder: string;
  /** Absent when its package.json does not say. */
  readonly kind: Kind | undefined;
  readonly manifest: Manifest;
  /** Text of all files but builds, reports and installed packages, by path inside the package. */
  readonly files: ReadonlyMap<string, string>;
  /** What each TypeScript and JavaScript file imports, exports and refers to, by path. */
  readonly modules: ReadonlyMap<string, ModuleFacts>;
}

/** Something that breaks a rule. */
export interface Problem {
  /** Path inside the repository. */
  readonly place: string;
  /** What is wrong and what to do. */
  readonly message: string;
}

/** One rule about packages. */
export interface Rule {
  readonly name: string;
  readonly check: (packages: readonly CheckedPackage[]) => readonly Problem[];
}

/** Returns a rule that looks at one package at a time. `report` takes a path inside the package. */
export function packageRule(
  name: string,
  check: (checked: CheckedPackage, report: (path: string, message: string) => void) => void,
): Rule {
  return {
    name,
    check: (packages) =>
      packages.flatMap((checked) => {
        const problems: Problem[] = [];
        check(checked, (path, message) =>
          problems.push({ place: `${checked.folder}/${path}`, message }),
        );
        return problems;
      }),
  };
}

/** Tells whether a path inside a package belongs to its tests. */
export function isTestFile(path: string): boolean {
  return /\.test\.tsx?$/.test(path) || path.startsWith('test/');
}

/** Tells whether a path inside a package is source that its users run. */
export function isSourceFile(path: string): boolean {
  return path.startsWith('src/') && !isTestFile(path);
}

/** Tells whether a package goes to the registry. */
export function isPublished({ manifest }: CheckedPackage): boolean {
  return manifest.private !== true;
}

/** Returns the last part of a package's folder: `storage-fs`. */
export function folderName({ folder }: CheckedPackage): string {
  return folder.slice(folder.lastIndexOf('/') + 1);
}
