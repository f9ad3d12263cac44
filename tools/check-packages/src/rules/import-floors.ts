import { posix } from 'node:path';
import { mayTestWith, mayUse } from '../floors.ts';
import { type CheckedPackage, isSourceFile, type Problem, type Rule } from '../rule.ts';

/**
 * Imports between packages go down the floors of ARCHITECTURE.md, in source and in tests, and by
 * package name: no path leaves its package.
 */
export const importFloors: Rule = {
  name: 'import-floors',
  check(packages) {
    const byName = new Map(packages.map((checked) => [checked.manifest.name, checked]));
    return packages.flatMap((from) =>
      [...from.modules].flatMap(([path, { imports }]) =>
        imports.flatMap((specifier) => checkImport(from, path, specifier, byName)),
      ),
    );
  },
};

function checkImport(
  from: CheckedPackage,
  path: string,
  specifier: string,
  byName: ReadonlyMap<string, CheckedPackage>,
): readonly Problem[] {
  const problem = (message: string) => [{ place: `${from.folder}/${path}`, message }];
  if (specifier.startsWith('.')) {
    const target = posix.join(posix.dirname(path), specifier);
    return target.startsWith('..')
      ? problem(`'${specifier}' leaves the package; import the other package by its name`)
      : [];
  }
  const to = byName.get(packageName(specifier));
  if (!to || to === from) return [];
  const allowed = isSourceFile(path) ? mayUse : mayTestWith;
  if (allowed(from, to)) return [];
  return problem(
    `'${specifier}' is a ${to.kind} package, which a ${from.kind} package may not use here`,
  );
}

function packageName(specifier: string): string {
  const [first = '', second = ''] = specifier.split('/');
  return first.startsWith('@') ? `${first}/${second}` : first;
}
