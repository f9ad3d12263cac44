import { rmSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { checkBudgets } from '../budgets/budget.ts';
import { issueBudgets } from '../budgets/issue-budgets.ts';
import { describeMachine, findMemoryFolder, processorTime } from '../harness/machine.ts';
import { processRunner } from '../harness/process-runner.ts';
import { descendantsCpuMs } from '../harness/process-tree.ts';
import { type RunSettings, runWorkload, type WorkloadResult } from '../harness/run-workload.ts';
import { localRunner } from '../harness/runner.ts';
import { type ServerStarters, serverPool } from '../harness/servers.ts';
import type { Workload } from '../harness/workload.ts';
import { formatDuration } from '../report/format.ts';
import { renderBudgets, renderReport, renderWorkload } from '../report/markdown.ts';
import type { Report } from '../report/report.ts';
import { type Arguments, HELP, readArguments } from './read-arguments.ts';
import { select } from './select.ts';

/** What the command needs of its surroundings; replaced in tests. */
export interface Surroundings {
  readonly workloads: readonly Workload[];
  readonly servers: ServerStarters;
  /** Folder of this package. */
  readonly home: string;
  /** Module that a process of a subject runs. */
  readonly worker: string;
  print(text: string): void;
  /** Replaces the last line. */
  showProgress(text: string): void;
  now(): Date;
  /** Calls this when the command is interrupted, before it ends. */
  onInterrupt(cleanUp: () => void): void;
}

/** Longest time for one request: opening, verifying or one run. Units: ms. */
const REQUEST_TIMEOUT_MS = 300_000;
/** Longest time that one subject of a workload has for its runs. Units: ms. */
const LANE_BUDGET_MS = 40_000;

/** Runs the command. Returns the exit code: 1 when the command line is wrong or a subject failed. */
export async function bench(args: readonly string[], surroundings: Surroundings): Promise<number> {
  const { workloads, print } = surroundings;
  try {
    const parsed = readArguments(args);
    if (parsed.isHelp) {
      print(HELP);
      return 0;
    }
    const selected = select(workloads, parsed.filters, parsed.subjects);
    if (parsed.isList) {
      for (const { workload, subjects } of selected) {
        print(`${workload.name}: ${subjects.map(({ id }) => id).join(' ')}`);
      }
      return 0;
    }
    const report = await measure(parsed, selected, surroundings);
    await writeReport(report, parsed, surroundings);
    const failed = report.workloads.flatMap(({ rows }) =>
      rows.filter(({ error }) => error !== undefined),
    );
    return failed.length === 0 ? 0 : 1;
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    print(`${error.message}\n\n${HELP}`);
    return 1;
  }
}

async function measure(
  parsed: Arguments,
  selected: ReturnType<typeof select>,
  { worker, servers, print, showProgress, now, onInterrupt }: Surroundings,
): Promise<Report> {
  const { scale, runs, warmUps, processors } = parsed;
  const startedAt = now();
  const began = performance.now();
  const disk = resolve(parsed.folder ?? tmpdir());
  const memory = parsed.memoryFolder ?? (await findMemoryFolder());
  const roots = {
    disk: await mkdtemp(join(disk, 'granary-bench-')),
    memory: await mkdtemp(join(memory === undefined ? disk : resolve(memory), 'granary-bench-')),
  };
  onInterrupt(() => {
    for (const root of Object.values(roots)) rmSync(root, { recursive: true, force: true });
  });
  const pool = serverPool(servers);
  try {
    const machine = await describeMachine(roots);
    const results: WorkloadResult[] = [];
    for (const [index, { workload, subjects }] of selected.entries()) {
      const settings: RunSettings = {
        scale,
        warmUps,
        runs,
        laneBudgetMs: LANE_BUDGET_MS,
        seed: index + 1,
        folders: {
          disk: join(roots.disk, workload.name),
          memory: join(roots.memory, workload.name),
        },
        makeRunner: (ran, subject, place) =>
          ran.isolated
            ? processRunner(ran, subject, place, {
                module: worker,
                timeoutMs: REQUEST_TIMEOUT_MS,
                codeFolder: join(roots.disk, 'code'),
                ...(processors !== undefined && { processors }),
              })
            : localRunner(ran, subject, place),
        processorTime,
        startServer: pool.factsOf,
        serversCpuMs: () => descendantsCpuMs(process.pid),
        onProgress: (message) =>
          showProgress(`[${index + 1}/${selected.length}] ${workload.name}: ${message}`),
      };
      const result = await runWorkload(workload, subjects, settings);
      showProgress('');
      print(`${renderWorkload(result)}\n`);
      results.push(result);
    }
    return {
      startedAt: startedAt.toISOString(),
      elapsedMs: performance.now() - began,
      scale,
      runs,
      warmUps,
      machine,
      budgets: checkBudgets(issueBudgets, results),
      workloads: results,
    };
  } finally {
    await pool.stop();
    for (const root of Object.values(roots)) await rm(root, { recursive: true, force: true });
  }
}

/** The reference of a whole run, or of the part of it that the filters name. */
function referenceName({ filters }: Arguments): string {
  const words = filters.join('-').match(/[a-z0-9]+/g) ?? [];
  return `${['RESULTS', ...words].join('-')}.md`;
}

async function writeReport(
  report: Report,
  parsed: Arguments,
  surroundings: Surroundings,
): Promise<void> {
  const { home, print } = surroundings;
  const out = resolve(parsed.out ?? join(home, 'results', 'local'));
  const stamp = report.startedAt.slice(0, 19).replaceAll(':', '-');
  const markdown = renderReport(report);
  const json = `${JSON.stringify(report, null, 1)}\n`;
  const files: [string, string][] = [
    [join(out, `${stamp}.md`), markdown],
    [join(out, `${stamp}.json`), json],
  ];
  if (parsed.json !== undefined) files.push([resolve(parsed.json), json]);
  if (parsed.isReference) files.push([join(home, referenceName(parsed)), markdown]);
  for (const [file, text] of files) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  }
  const missed = report.budgets.filter(({ isMet }) => !isMet).length;
  print(`## Budgets\n\n${renderBudgets(report.budgets)}\n`);
  print(
    `${report.workloads.length} workloads in ${formatDuration(report.elapsedMs)}, ` +
      `${report.budgets.length - missed} budgets met, ${missed} missed.`,
  );
  print(`Written: ${files.map(([file]) => file).join(', ')}`);
}
