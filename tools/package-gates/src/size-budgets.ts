import { join } from 'node:path';
import type { WorkspacePackage } from '@granary-tools/workspace';
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
 * such as a service's own client.
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
    const budget = budgets.find((candidate) => candidate.path === file);
    if (!budget) {
      problems.push(`${folder}: "size-limit" in package.json has no budget for ${file}`);
      continue;
    }
    const limitBytes = toBytes(budget.limit);
    const outside = [...Object.keys(peerDependencies ?? {}), ...(budget.ignore ?? [])];
    const sizeBytes = await firstChunkBytes(join(path, file), outside);
    say(`${folder}/${file}: ${toKilobytes(sizeBytes)} of ${budget.limit}`);
    if (limitBytes === undefined) {
      problems.push(`${folder}: the budget '${budget.limit}' is not written as '8 kB' or '900 B'`);
    } else if (sizeBytes > limitBytes) {
      const excess = toKilobytes(sizeBytes - limitBytes);
      problems.push(`${folder}: ${file} is ${excess} over its budget of ${budget.limit}`);
    }
  }
  return problems;
}

/** Returns the minified and gzipped size of a module and its static imports, but for these packages. */
export async function firstChunkBytes(
  file: string,
  outside: readonly string[] = [],
): Promise<number> {
  const modifyEsbuildConfig = (config: BuildOptions): BuildOptions => ({
    ...config,
    format: 'esm',
    external: ['node:*', ...outside],
    logLevel: 'silent',
    plugins: [LATER],
  });
  const checks = [{ files: [file], gzip: true, modifyEsbuildConfig }];
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
