import { isSourceFile, packageRule, type Rule } from '../rule.ts';

/** Source files export names, one by one: no default export, no `export *`. */
export const namedExports: Rule = packageRule('named-exports', ({ modules }, report) => {
  for (const [path, { hasDefaultExport, hasExportAll }] of modules) {
    if (!isSourceFile(path)) continue;
    if (hasDefaultExport) report(path, 'has a default export; export a name');
    if (hasExportAll) report(path, 'has an `export *`; list the names');
  }
});
