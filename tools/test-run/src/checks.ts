/** A command that is no package task and counts as one test. */
export interface Check {
  readonly title: string;
  /** Path of a script for Node inside the repository, then its arguments. */
  readonly script: string;
  readonly args: readonly string[];
}

/** Needs nothing but the sources: runs first, because it is quick. */
export const SOURCE_CHECKS: readonly Check[] = [
  {
    title: 'format and lint',
    script: 'node_modules/@biomejs/biome/bin/biome',
    args: ['check', '.', '--error-on-warnings', '--diagnostic-level=warn'],
  },
  { title: 'structure of packages', script: 'tools/check-packages/src/main.ts', args: [] },
  {
    title: 'unused files, exports and dependencies',
    script: 'node_modules/knip/bin/knip.js',
    args: [],
  },
];

/** Needs the builds of all packages. The longest comes first, since two run at once. */
export const BUILD_CHECKS: readonly Check[] = [
  { title: 'scaffolded packages', script: 'tools/create-package/src/verify.ts', args: [] },
  { title: 'published files', script: 'tools/package-gates/src/main.ts', args: ['publint'] },
  {
    title: 'types as users resolve them',
    script: 'tools/package-gates/src/main.ts',
    args: ['types'],
  },
  { title: 'size budgets', script: 'tools/package-gates/src/main.ts', args: ['size'] },
  { title: 'API reports', script: 'tools/package-gates/src/main.ts', args: ['api'] },
  {
    title: 'tarballs in an empty project',
    script: 'tools/package-gates/src/main.ts',
    args: ['tarballs'],
  },
  {
    title: 'table of backends in the README',
    script: 'tools/backend-matrix/src/main.ts',
    args: ['--check'],
  },
  { title: 'code in the documentation', script: 'tools/check-docs/src/main.ts', args: [] },
];
