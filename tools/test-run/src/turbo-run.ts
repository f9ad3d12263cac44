import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** One task that turbo ran. */
export interface TaskResult {
  readonly packageName: string;
  readonly task: string;
  /** Folder of the package, relative to the repository. */
  readonly folder: string;
  readonly exitCode: number;
  /** Path of the task's output, relative to the repository. */
  readonly logFile: string;
}

/** The part of turbo's `--summarize` file that is read here. */
interface RunSummary {
  readonly tasks: readonly {
    readonly package: string;
    readonly task: string;
    readonly directory: string;
    readonly logFile: string;
    readonly execution?: { readonly exitCode: number | null };
  }[];
}

const TASK_LINE = /^(\S+):(build|typecheck|test): cache /;

/** Returns `package task` when turbo's line says that a task has run, else undefined. */
export function finishedTask(line: string): string | undefined {
  const [, packageName, task] = TASK_LINE.exec(line) ?? [];
  return task && `${packageName} ${task}`;
}

/** Returns the path of the summary that turbo names at the end of its output, or undefined. */
export function summaryPath(output: string): string | undefined {
  return /^Summary: +(.+\.json)\s*$/m.exec(output)?.[1];
}

/** Reads what turbo says about each task. A task without an exit code never ran and counts as failed. */
export async function readTaskResults(path: string): Promise<readonly TaskResult[]> {
  const summary: RunSummary = JSON.parse(await readFile(path, 'utf8'));
  return summary.tasks.map(({ package: packageName, task, directory, logFile, execution }) => ({
    packageName,
    task,
    folder: directory,
    exitCode: execution?.exitCode ?? 1,
    logFile: join(logFile),
  }));
}
