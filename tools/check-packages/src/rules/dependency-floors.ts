import { mayTestWith, mayUse } from '../floors.ts';
import type { CheckedPackage, Problem, Rule } from '../rule.ts';

/** Dependencies between packages go down the floors of ARCHITECTURE.md, as package.json lists them. */
export const dependencyFloors: Rule = {
  name: 'dependency-floors',
  check(packages) {
    const byName = new Map(packages.map((checked) => [checked.manifest.name, checked]));
    return packages.flatMap((from) => checkManifest(from, byName));
  },
};

function checkManifest(
  from: CheckedPackage,
  byName: ReadonlyMap<string, CheckedPackage>,
): readonly Problem[] {
  const { dependencies, optionalDependencies, peerDependencies, devDependencies } = from.manifest;
  const runtime = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  return [
    ...runtime.map((name) => ({ name, field: 'dependencies', allowed: mayUse })),
    ...Object.keys({ ...devDependencies }).map((name) => ({
      name,
      field: 'devDependencies',
      allowed: mayTestWith,
    })),
  ].flatMap(({ name, field, allowed }) => {
    const to = byName.get(name);
    if (!to || allowed(from, to)) return [];
    return {
      place: `${from.folder}/package.json`,
      message: `${field} may not name ${name}: a ${from.kind} package does not use a ${to.kind} package there`,
    };
  });
}
