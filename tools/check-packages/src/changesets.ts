import { type CheckedPackage, isPublished, isSourceFile, type Problem } from './rule.ts';

/**
 * Returns the published packages that changed in a way their users can notice while no changeset
 * names them. `changedPaths` are paths inside the repository, `changesets` the texts of the files in
 * `.changeset`.
 */
export function missingChangesets(
  packages: readonly CheckedPackage[],
  changedPaths: readonly string[],
  changesets: readonly string[],
): readonly Problem[] {
  const announced = new Set(changesets.flatMap(announcedPackages));
  return packages
    .filter((checked) => isPublished(checked) && !announced.has(checked.manifest.name))
    .filter(({ folder }) => changedPaths.some((path) => isNoticeable(folder, path)))
    .map(({ folder, manifest }) => ({
      place: folder,
      message: `${manifest.name} changed and no changeset says how; run 'pnpm changeset'`,
    }));
}

function isNoticeable(folder: string, path: string): boolean {
  if (!path.startsWith(`${folder}/`)) return false;
  const inside = path.slice(folder.length + 1);
  return isSourceFile(inside) || inside === 'package.json';
}

/** Returns the names in a changeset's front matter. */
function announcedPackages(text: string): readonly string[] {
  const [, frontMatter = ''] = /^---\n(.*?)\n---/s.exec(text) ?? [];
  return [...frontMatter.matchAll(/^['"]?(@[^'":]+)['"]?:/gm)].flatMap(([, name]) => name ?? []);
}
