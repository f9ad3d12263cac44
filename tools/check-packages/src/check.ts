import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from '@granary-tools/workspace/command';
import { parse } from 'yaml';
import { missingChangesets } from './changesets.ts';
import { readPackages } from './read-packages.ts';
import type { CheckedPackage, Problem } from './rule.ts';
import { allRules } from './rules.ts';

/** A problem and the rule it breaks. */
export interface Finding extends Problem {
  readonly rule: string;
}

/** What to check. */
export interface CheckOptions {
  readonly root: string;
  /** Checks the packages in these folders only; the others are still known. Default: all. */
  readonly folders?: readonly string[];
  /** Also asks for a changeset of each published package that differs from this branch. */
  readonly changedSince?: string;
}

/** Checks the packages of a repository and returns what breaks a rule. */
export async function checkPackages(options: CheckOptions): Promise<readonly Finding[]> {
  const { root, folders, changedSince } = options;
  const packages = await readPackages(root);
  const findings = allRules(await readCatalog(root)).flatMap(({ name: rule, check }) =>
    check(packages).map((problem) => ({ rule, ...problem })),
  );
  if (changedSince !== undefined) {
    findings.push(...(await checkChangesets(root, packages, changedSince)));
  }
  return folders
    ? findings.filter(({ place }) => folders.some((folder) => place.startsWith(`${folder}/`)))
    : findings;
}

async function readCatalog(root: string): Promise<ReadonlySet<string>> {
  const settings = parse(await readFile(join(root, 'pnpm-workspace.yaml'), 'utf8'));
  return new Set(Object.keys(settings.catalog));
}

async function checkChangesets(
  root: string,
  packages: readonly CheckedPackage[],
  branch: string,
): Promise<readonly Finding[]> {
  const [base] = await git(root, 'merge-base', 'HEAD', branch);
  const changed = [
    ...(await git(root, 'diff', '--name-only', base ?? branch)),
    ...(await git(root, 'ls-files', '--others', '--exclude-standard')),
  ];
  const names = (await readdir(join(root, '.changeset'))).filter((name) => name.endsWith('.md'));
  const texts = await Promise.all(
    names.map((name) => readFile(join(root, '.changeset', name), 'utf8')),
  );
  return missingChangesets(packages, changed, texts).map((problem) => ({
    rule: 'changesets',
    ...problem,
  }));
}

async function git(cwd: string, ...args: readonly string[]): Promise<readonly string[]> {
  const { exitCode, output } = await runCommand('git', args, { cwd });
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')} failed: ${output}`);
  return output.split('\n').filter(Boolean);
}
