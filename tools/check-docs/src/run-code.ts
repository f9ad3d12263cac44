import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type CommandOptions, runCommand, runScript } from '@granary-tools/workspace/command';
import type { CodeBlock } from './code-blocks.ts';
import type { Program } from './programs.ts';
import type { Sandbox } from './sandbox.ts';

/** Runs a program in a folder of its own. Returns what went wrong. */
export async function runProgram(
  program: Program,
  sandbox: Sandbox,
  limitMs: number,
): Promise<readonly string[]> {
  const cwd = await ownFolder(sandbox, program.fileName);
  const script = join(sandbox.folder, program.fileName);
  return limited(program.place, limitMs, { cwd, env: sandbox.env }, (options) =>
    runScript(script, [], options),
  );
}

/** Runs a shell block in a folder of its own, stopping at the first command that fails. */
export async function runShell(
  { document, line, code }: CodeBlock,
  sandbox: Sandbox,
  limitMs: number,
): Promise<readonly string[]> {
  const cwd = await ownFolder(sandbox, `${document}-${line}`.replaceAll('/', '-'));
  const place = `${document}:${line}`;
  return limited(place, limitMs, { cwd, env: sandbox.env }, (options) =>
    runCommand('bash', ['-euo', 'pipefail', '-c', code], options),
  );
}

async function limited(
  place: string,
  limitMs: number,
  options: CommandOptions,
  start: (options: CommandOptions) => ReturnType<typeof runCommand>,
): Promise<readonly string[]> {
  const signal = AbortSignal.timeout(limitMs);
  const { exitCode, output } = await start({ ...options, signal });
  if (signal.aborted) return [`${place}: runs for longer than ${limitMs / 1000} s\n${output}`];
  return exitCode === 0 ? [] : [`${place}: fails when it is run\n${output}`];
}

async function ownFolder(sandbox: Sandbox, name: string): Promise<string> {
  const folder = join(sandbox.folder, `run-${name}`);
  await mkdir(folder);
  return folder;
}
