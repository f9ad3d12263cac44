import { glob, readFile, writeFile } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { WorkspacePackage } from '@granary-tools/workspace';
import { codeBlocks } from './code-blocks.ts';
import { type Program, programs } from './programs.ts';
import { runProgram, runShell } from './run-code.ts';
import { makeSandbox } from './sandbox.ts';
import { typecheck } from './typecheck.ts';

/** What to check. */
export interface CheckOptions {
  readonly root: string;
  /** Looks at the documents in these folders only. Default: all. */
  readonly folders?: readonly string[];
  /** Packages that documents may import, built. */
  readonly packages: readonly WorkspacePackage[];
  /** Path of the TypeScript compiler's script. */
  readonly compiler: string;
  /** Milliseconds that one block may run. */
  readonly limitMs: number;
  readonly say: (line: string) => void;
}

/** Third-party packages that documents import. */
const BORROWED = ['@types/node', 'valibot', 'vitest', 'zod'];

/** Documents that others write, or that hold no code of ours. */
const IGNORED =
  /(^|\/)(node_modules|dist|coverage|fixtures|templates|\.changeset|api)\/|CHANGELOG\.md$/;

/** Typechecks and runs the code in all Markdown documents. Returns what is wrong. */
export async function checkDocuments(options: CheckOptions): Promise<readonly string[]> {
  const { root, folders = [''], packages, compiler, limitMs, say } = options;
  await using sandbox = await makeSandbox(packages, BORROWED);
  const documents = await readDocuments(root, folders);
  const problems = documents.flatMap((document) => document.problems);
  const all = documents.flatMap(({ blocks }) => programs(blocks));
  const shell = documents
    .flatMap(({ blocks }) => blocks)
    .filter(({ language, words }) => language === 'sh' && words.has('run'));

  for (const { fileName, code } of all) await writeFile(join(sandbox.folder, fileName), code);
  problems.push(...(await typecheck(all, sandbox.folder, compiler)));

  const runnable = all.filter(({ mustRun }) => mustRun);
  for (const program of runnable) problems.push(...(await runProgram(program, sandbox, limitMs)));
  for (const block of shell) problems.push(...(await runShell(block, sandbox, limitMs)));
  say(
    `${documents.length} documents: ${countTypeScript(all)} blocks typechecked, ${runnable.length + shell.length} run`,
  );
  return problems;
}

async function readDocuments(root: string, folders: readonly string[]) {
  const names: string[] = [];
  const exclude = (name: string) => name === 'node_modules' || name === 'dist';
  for await (const name of glob('**/*.md', { cwd: root, exclude })) {
    const path = name.split(sep).join('/');
    if (!IGNORED.test(path) && folders.some((folder) => path.startsWith(folder))) names.push(path);
  }
  const documents = names
    .sort()
    .map(async (name) => codeBlocks(name, await readFile(join(root, name), 'utf8')));
  return Promise.all(documents);
}

function countTypeScript(all: readonly Program[]): number {
  return all.filter(({ fileName }) => fileName.endsWith('.ts')).length;
}
