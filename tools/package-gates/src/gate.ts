import type { WorkspacePackage } from '@granary-tools/workspace';

/** One look at the packages that would be published. */
export interface Gate {
  /** Name on the command line. */
  readonly name: string;
  /** Returns what is wrong, a line for each problem, and says what it measured. */
  readonly check: (context: GateContext) => Promise<readonly string[]>;
}

/** What a gate needs. */
export interface GateContext {
  readonly root: string;
  /** All published packages, built. */
  readonly packages: readonly WorkspacePackage[];
  /** Writes what differs instead of reporting it, where a gate can. */
  readonly update: boolean;
  readonly say: (line: string) => void;
}

/** One entry of a package that users import. */
export interface Entry {
  /** What they write: `@granary/storage-core/provider`. */
  readonly specifier: string;
  /** Name of its file in `dist`, without extension: `provider`. */
  readonly name: string;
}

/** Returns the code entries of a package, in the order of its `exports`. */
export function entriesOf({ manifest }: WorkspacePackage): readonly Entry[] {
  return Object.entries(manifest.exports ?? {}).flatMap(([subPath, target]) => {
    if (typeof target === 'string') return [];
    const name = /^\.\/dist\/(.+)\.js$/.exec(target['default'] ?? '')?.[1];
    return name === undefined ? [] : [{ specifier: manifest.name + subPath.slice(1), name }];
  });
}

/** Checks packages one after the other; what cannot be checked is a problem too. */
export async function eachPackage(
  packages: readonly WorkspacePackage[],
  check: (checked: WorkspacePackage) => Promise<readonly string[]>,
): Promise<readonly string[]> {
  const problems: string[] = [];
  for (const checked of packages) {
    try {
      problems.push(...(await check(checked)));
    } catch (error) {
      problems.push(`${checked.folder}: ${(error as Error).message}`);
    }
  }
  return problems;
}
