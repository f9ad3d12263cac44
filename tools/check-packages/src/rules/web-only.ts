import { isBuiltin } from 'node:module';
import { folderName, isSourceFile, packageRule, type Rule } from '../rule.ts';

/** Published packages whose platform is Node (ARCHITECTURE.md, runtimes). */
const NODE_PACKAGES: ReadonlySet<string> = new Set([
  'storage-fs',
  'storage-gcs',
  'storage-credentials',
  'cli',
  'server',
]);

/** Globals that some runtime of ours does not have. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  'Buffer',
  'NodeJS',
  'XMLHttpRequest',
  '__dirname',
  '__filename',
  'document',
  'global',
  'localStorage',
  'process',
  'require',
  'setImmediate',
  'window',
]);

/** Entries for Node alone of packages that run anywhere. */
const NODE_ENTRIES: Readonly<Record<string, RegExp>> = {
  'storage-conformance': /^src\/fault-proxy(?:\.ts|\/)/,
  'storage-oauth': /^src\/node(?:\.ts|\/)/,
};

/** Browser packages and the globals that they exist for. */
const PLATFORM: Readonly<Record<string, readonly string[]>> = {
  'storage-localstorage': ['localStorage', 'window'],
};

/** What runs anywhere touches neither Node's modules nor globals that only some runtimes have. */
export const webOnly: Rule = packageRule('web-only', (checked, report) => {
  const name = folderName(checked);
  if (!checked.folder.startsWith('packages/') || NODE_PACKAGES.has(name)) return;
  for (const [path, { imports, globals }] of checked.modules) {
    if (!isSourceFile(path) || NODE_ENTRIES[name]?.test(path)) continue;
    for (const specifier of imports.filter(isBuiltin)) {
      report(path, `imports '${specifier}', which only Node has; use a web standard`);
    }
    for (const global of globals) {
      if (!FORBIDDEN.has(global) || PLATFORM[name]?.includes(global)) continue;
      report(path, `uses ${global}, which not every runtime has; take it as an option`);
    }
  }
});
