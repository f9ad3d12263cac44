import type { WorkspacePackage } from '@granary-tools/workspace';

/** Where and how to run the kit. */
export interface KitRun {
  /** Absolute path of the package. */
  readonly cwd: string;
  /** Arguments for vitest. */
  readonly args: readonly string[];
}

/**
 * Returns how to run the kit on what `name` means: a backend by its id (`fs`), a layer by its name
 * (`mock`), or a package (`storage-fs`). `rule` chooses one rule, such as `LIST-3`.
 */
export function kitRun(
  packages: readonly WorkspacePackage[],
  name: string,
  rule: string | undefined,
): KitRun {
  const named = packages.find(
    ({ folder }) => folder === `packages/storage-${name}` || folder === `packages/${name}`,
  );
  if (named) return { cwd: named.path, args: ['run', 'conformance', ...titles([], rule)] };
  const layered = packages.find(({ manifest }) => `./${name}` in (manifest.exports ?? {}));
  if (layered) return { cwd: layered.path, args: ['run', 'conformance', ...titles([name], rule)] };
  throw new Error(
    `There is no backend, layer or package '${name}'. There are: ${names(packages)}.`,
  );
}

/** Words are whole ones, so that LIST-1 is not LIST-12. */
function titles(words: readonly string[], rule: string | undefined): readonly string[] {
  if (rule !== undefined && !/^[A-Z]+(-\d+)?$/.test(rule)) {
    throw new Error(`'${rule}' is no rule such as LIST-3.`);
  }
  const all = rule === undefined ? words : [...words, rule];
  const pattern = all.map((word) => `\\b${word}\\b`).join('.*');
  return pattern === '' ? [] : ['--testNamePattern', pattern];
}

function names(packages: readonly WorkspacePackage[]): string {
  return packages
    .filter(({ manifest }) => manifest.granary?.['kind'] === 'backend')
    .map(({ folder }) => folder.replace('packages/storage-', ''))
    .join(', ');
}
