import type { CheckedPackage, Problem, Rule } from '../rule.ts';

/**
 * Packages of this repository are named with `workspace:`, and what nobody installs with a
 * published package comes from the catalog in pnpm-workspace.yaml where it stands there, so that there is one version of each.
 */
export function dependencyRanges(catalog: ReadonlySet<string>): Rule {
  return {
    name: 'dependency-ranges',
    check(packages) {
      const own = new Set(packages.map(({ manifest }) => manifest.name));
      return packages.flatMap((checked) => checkRanges(checked, own, catalog));
    },
  };
}

function checkRanges(
  { folder, manifest }: CheckedPackage,
  own: ReadonlySet<string>,
  catalog: ReadonlySet<string>,
): readonly Problem[] {
  const runtime = Object.entries({ ...manifest.dependencies, ...manifest.optionalDependencies });
  const development = [
    ...Object.entries(manifest.devDependencies ?? {}),
    ...(manifest.private ? runtime : []),
  ];
  return [
    ...[...new Map([...runtime, ...development])]
      .filter(([name]) => own.has(name))
      .map(([name, range]) => ({ name, range, expected: workspaceRange(name) })),
    ...development
      .filter(([name]) => catalog.has(name))
      .map(([name, range]) => ({ name, range, expected: 'catalog:' })),
  ]
    .filter(({ range, expected }) => range !== expected)
    .map(({ name, range, expected }) => ({
      place: `${folder}/package.json`,
      message: `"${name}" must be "${expected}", not "${range}"`,
    }));
}

/** `^` becomes a caret range when a package is published; tools never are. */
function workspaceRange(name: string): string {
  return name.startsWith('@granary/') ? 'workspace:^' : 'workspace:*';
}
