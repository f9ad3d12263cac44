import type { Manifest } from '@granary-tools/workspace';
import { moduleFacts } from '../src/module-facts.ts';
import type { CheckedPackage, Kind, Rule } from '../src/rule.ts';

/** Returns a backend `storage-acme` with these files, or what `changes` makes of it. */
export function fakePackage(
  files: Readonly<Record<string, string>> = {},
  changes: {
    readonly folder?: string;
    readonly kind?: Kind | undefined;
    readonly manifest?: Partial<Manifest>;
  } = {},
): CheckedPackage {
  const { folder = 'packages/storage-acme', manifest = {} } = changes;
  const modules = Object.entries(files).filter(([path]) => /\.(ts|js)$/.test(path));
  return {
    folder,
    kind: 'kind' in changes ? changes.kind : 'backend',
    manifest: { name: `@granary/${folder.slice(folder.lastIndexOf('/') + 1)}`, ...manifest },
    files: new Map(Object.entries(files)),
    modules: new Map(modules.map(([path, text]) => [path, moduleFacts(path, text)])),
  };
}

/** Returns what a rule finds, a line `place: message` for each problem. */
export function findings(rule: Rule, ...packages: readonly CheckedPackage[]): readonly string[] {
  return rule.check(packages).map(({ place, message }) => `${place}: ${message}`);
}
