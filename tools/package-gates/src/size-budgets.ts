import { join } from 'node:path';
import type { SizeBudget, WorkspacePackage } from '@granary-tools/workspace';
import esbuildPlugin from '@size-limit/esbuild';
import filePlugin from '@size-limit/file';
import type { BuildOptions, Plugin } from 'esbuild';
import sizeLimit from 'size-limit';
import { eachPackage, entriesOf, type Gate } from './gate.ts';

/** What `import()` loads comes later and is not part of the first chunk. */
const LATER: Plugin = {
  name: 'leave-dynamic-imports-out',
  setup(build) {
    build.onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'dynamic-import' ? { path, external: true } : undefined,
    );
  },
};

/**
 * Each entry of a library stays inside the budget that `size-limit` in its package.json gives:
 * minified and gzipped, with everything that it imports at once but peers and what the budget ignores,
 * such as a service's own client. A budget with `import` is one of what is left when only that is used.
 */
export const sizeBudgets: Gate = {
  name: 'size',
  check: ({ packages, say }) => eachPackage(packages, (candidate) => checkPackage(candidate, say)),
};

async function checkPackage(
  checked: WorkspacePackage,
  say: (line: string) => void,
): Promise<readonly string[]> {
  const { folder, path, manifest } = checked;
  const { 'size-limit': budgets = [], peerDependencies } = manifest;
  const entries = entriesOf(checked);
  const files = new Set(entries.map(({ name }) => `dist/${name}.js`));
  const unknown = budgets.filter((budget) => !files.has(budget.path));
  const problems = unknown.map(
    (budget) => `${folder}: "size-limit" names ${budget.path}, which is no entry`,
  );
  for (const file of files) {
    const own = budgets.filter((candidate) => candidate.path === file);
    if (!own.some((budget) => budget.import === undefined)) {
      problems.push(`${folder}: "size-limit" in package.json has no budget for ${file}`);
    }
    for (const budget of own) {
      const outside = [...Object.keys(peerDependencies ?? {}), ...(budget.ignore ?? [])];
      const sizeBytes = await firstChunkBytes(join(path, file), outside, budget.import);
      const what = budget.import === undefined ? file : `${budget.import} of ${file}`;
      say(`${folder}: ${what}: ${toKilobytes(sizeBytes)} of ${budget.limit}`);
      problems.push(
        ...tooLarge(budget, sizeBytes).map((problem) => `${folder}: ${what} ${problem}`),
      );
    }
  }
  return problems;
}

function tooLarge({ limit }: SizeBudget, sizeBytes: number): readonly string[] {
  const limitBytes = toBytes(limit);
  if (limitBytes === undefined) return [`has the budget '${limit}', not one as '8 kB' or '900 B'`];
  if (sizeBytes <= limitBytes) return [];
  return [`is ${toKilobytes(sizeBytes - limitBytes)} over its budget of ${limit}`];
}

/**
 * Returns the minified and gzipped size of a module, or of some of its exports, with its static
 * imports but for these packages.
 */
export async function firstChunkBytes(
  file: string,
  outside: readonly string[] = [],
  names?: string,
): Promise<number> {
  const modifyEsbuildConfig = (config: BuildOptions): BuildOptions => ({
    ...config,
    format: 'esm',
    external: ['node:*', ...outside],
    logLevel: 'silent',
    plugins: [LATER],
  });
  const what = names === undefined ? { files: [file] } : { files: [], import: { [file]: names } };
  const checks = [{ ...what, gzip: true, modifyEsbuildConfig }];
  const results = (await sizeLimit([esbuildPlugin, filePlugin], { checks })) as readonly {
    readonly size: number;
  }[];
  return results.reduce((sum, { size }) => sum + size, 0);
}

function toBytes(limit: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?) (kB|B)$/.exec(limit) ?? [];
  return number === undefined ? undefined : Number(number) * (unit === 'kB' ? 1000 : 1);
}

function toKilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(2)} kB`;
}
