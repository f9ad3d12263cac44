import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { REPORTS_VARIABLE, readTestReport } from '@granary-tools/presets/test-report';
import type { WorkspacePackage } from '@granary-tools/workspace';
import type { CommandOptions, CommandResult } from '@granary-tools/workspace/command';
import { BUILD_CHECKS, type Check, SOURCE_CHECKS } from './checks.ts';
import type { Entry } from './tally.ts';
import { testEntries } from './test-entries.ts';
import { finishedTask, readTaskResults, summaryPath, type TaskResult } from './turbo-run.ts';

/** What a run needs; tests pass their own `run`. */
export interface RunContext {
  readonly root: string;
  /** Empty folder in which the test runs of packages leave their reports. */
  readonly reports: string;
  readonly packages: readonly WorkspacePackage[];
  /** Runs a Node script and returns how it ended. */
  readonly run: (
    script: string,
    args: readonly string[],
    options: CommandOptions,
  ) => Promise<CommandResult>;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

const TURBO = 'node_modules/turbo/bin/turbo';
const MAX_SHOWN_LINES = 200;
/** The scaffolded packages wait for npm and for one test after another; the others take as long together. */
const CHECKS_AT_ONCE = 2;
const TASKS = ['build', 'typecheck', 'test'];

/** Runs every check and test and returns an entry for each. An abort ends it early with a failure. */
export async function runEverything(context: RunContext): Promise<readonly Entry[]> {
  const entries = [
    ...(await runChecks(context, SOURCE_CHECKS)),
    ...(await runTasks(context)),
    ...(await runChecks(context, BUILD_CHECKS, CHECKS_AT_ONCE)),
  ];
  return context.signal.aborted
    ? [...entries, { group: 'checks', title: 'whole run', state: 'failed', reason: 'interrupted' }]
    : entries;
}

/** Runs checks, so many at once, and returns their entries in order. */
async function runChecks(
  context: RunContext,
  checks: readonly Check[],
  atOnce = 1,
): Promise<readonly Entry[]> {
  const entries: Entry[] = [];
  const left = [...checks.entries()];
  const lane = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      if (context.signal.aborted) return;
      const [index, check] = next;
      entries[index] = await runCheck(context, check);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, lane));
  return entries.filter((entry) => entry !== undefined);
}

async function runCheck(context: RunContext, { title, script, args }: Check): Promise<Entry> {
  const startedAt = performance.now();
  const { exitCode, output } = await context.run(script, args, {
    cwd: context.root,
    signal: context.signal,
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  context.say(`${exitCode === 0 ? 'ok    ' : 'FAILED'} ${title} (${seconds} s)`);
  if (exitCode !== 0) context.say(indent(output));
  return commandEntry('checks', title, exitCode);
}

async function runTasks(context: RunContext): Promise<readonly Entry[]> {
  const { root, reports, packages, run, say, signal } = context;
  if (signal.aborted) return [];
  const args = [
    'run',
    ...TASKS,
    '--continue=always',
    '--force',
    '--summarize',
    '--concurrency=100%',
  ];
  const { output } = await run(TURBO, [...args, '--output-logs=hash-only', '--log-order=grouped'], {
    cwd: root,
    env: { [REPORTS_VARIABLE]: reports },
    signal,
    onLine: (line) => {
      const task = finishedTask(line);
      if (task) say(`ran    ${task}`);
    },
  });
  const summary = summaryPath(output);
  if (!summary) {
    say(indent(output));
    return [commandEntry('checks', 'package tasks', 1)];
  }
  const results = await readTaskResults(summary);
  for (const result of results) await showFailure(context, result);
  const entries = await Promise.all(results.map((result) => taskEntries(context, result)));
  return [...entries.flat(), ...missingTasks(packages, results)];
}

async function showFailure({ root, say }: RunContext, result: TaskResult): Promise<void> {
  if (result.exitCode === 0) return;
  const log = await readFile(join(root, result.logFile), 'utf8').catch(() => 'It left no output.');
  say(`FAILED ${result.packageName} ${result.task}`);
  say(indent(log));
}

async function taskEntries(
  { root, reports }: RunContext,
  { packageName, task, folder, exitCode }: TaskResult,
): Promise<readonly Entry[]> {
  if (task !== 'test') return [commandEntry(packageName, task, exitCode)];
  const report = await readTestReport(reports, join(root, folder));
  return testEntries(packageName, { exitCode, report });
}

/** A script that turbo did not reach counts as failed, so that nothing is left out in silence. */
function missingTasks(
  packages: readonly WorkspacePackage[],
  results: readonly TaskResult[],
): readonly Entry[] {
  const ran = new Set(results.map(({ packageName, task }) => `${packageName} ${task}`));
  return packages.flatMap(({ manifest: { name, scripts = {} } }) =>
    TASKS.filter((task) => scripts[task] && !ran.has(`${name} ${task}`)).map((title): Entry => {
      return { group: name, title, state: 'failed', reason: 'turbo did not run it' };
    }),
  );
}

function commandEntry(group: string, title: string, exitCode: number): Entry {
  if (exitCode === 0) return { group, title, state: 'passed' };
  return { group, title, state: 'failed', reason: `exit code ${exitCode}` };
}

/** The end of an output, where it says what went wrong. */
function indent(text: string): string {
  const lines = text.trimEnd().split('\n');
  const left = lines.length - MAX_SHOWN_LINES;
  const note = left > 0 ? [`… ${left} lines before`] : [];
  return [...note, ...lines.slice(-MAX_SHOWN_LINES)].map((line) => `       ${line}`).join('\n');
}
