import { packageRule, type Rule } from '../rule.ts';

/** Relative imports name the file as it is on disk. Scripts that Node 20 runs are JavaScript. */
export const relativeImports: Rule = packageRule('relative-imports', ({ modules }, report) => {
  for (const [path, { imports }] of modules) {
    for (const specifier of imports) {
      if (!specifier.startsWith('.') || /\.(ts|tsx|json|css)$/.test(specifier)) continue;
      if (path.endsWith('.js') || modules.has(resolve(path, specifier))) continue;
      report(path, `'${specifier}' must end in .ts, as the file does`);
    }
  }
});

function resolve(path: string, specifier: string): string {
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}
