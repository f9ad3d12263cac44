import { type CheckedPackage, isPublished, packageRule, type Rule } from '../rule.ts';

const CONDITIONS = ['@granary/source', 'types', 'default'];

/** Kinds that have sub-paths only: importing all of one would defeat its purpose. */
const WITHOUT_MAIN_ENTRY: ReadonlySet<unknown> = new Set(['layers', 'umbrella', 'app']);

/**
 * A published package is closed: its entries name source, declarations and build of one file, and
 * `./package.json` is the last of them. A layer has the sub-path of its file.
 */
export const exportsShape: Rule = packageRule('exports-shape', (checked, report) => {
  if (!isPublished(checked)) return;
  const { manifest, kind, files } = checked;
  const { './package.json': self, ...entries } = manifest.exports ?? {};
  const say = (message: string) => report('package.json', message);

  if (self !== './package.json') say('"exports" must have "./package.json": "./package.json"');
  if (WITHOUT_MAIN_ENTRY.has(kind) && '.' in entries) {
    say(`a ${kind} package has no "." in "exports": users import what they need by sub-path`);
  }
  if (!WITHOUT_MAIN_ENTRY.has(kind) && !('.' in entries)) say('"exports" must have "."');

  for (const [subPath, target] of Object.entries(entries)) {
    const source = typeof target === 'string' ? undefined : target['@granary/source'];
    const name = /^\.\/src\/([a-z0-9-]+)\.ts$/.exec(source ?? '')?.[1];
    const expected = {
      '@granary/source': `./src/${name}.ts`,
      types: `./dist/${name}.d.ts`,
      default: `./dist/${name}.js`,
    };
    if (name === undefined || JSON.stringify(target) !== JSON.stringify(expected)) {
      say(
        `"exports" entry "${subPath}" must have ${CONDITIONS.join(', ')} of one file, in that order`,
      );
    } else if (!files.has(`src/${name}.ts`)) {
      say(`"exports" entry "${subPath}" names src/${name}.ts, which does not exist`);
    }
  }
  if (kind === 'layers') checkLayers(checked, entries, say);
});

/** `src/<layer>.ts` is the entry of `<package>/<layer>`; its parts are in `src/<layer>/`, or `src/<layer>-<part>.ts`. */
function checkLayers(
  { files }: CheckedPackage,
  entries: Readonly<Record<string, unknown>>,
  say: (message: string) => void,
): void {
  const layers = Object.keys(entries).map((subPath) => subPath.slice(2));
  for (const path of files.keys()) {
    const name = /^src\/([a-z0-9-]+)\.ts$/.exec(path)?.[1];
    if (name === undefined) continue;
    if (layers.some((layer) => name === layer || name.startsWith(`${layer}-`))) continue;
    say(`${path} has no entry "./${name}" in "exports", and no layer whose part it is`);
  }
}
