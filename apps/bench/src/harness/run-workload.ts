import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessorTime } from './machine.ts';
import { seededRandom, shuffled } from './random-order.ts';
import type { Resources, Runner } from './runner.ts';
import { type Distribution, distribution, median } from './statistics.ts';
import type { Subject } from './subject.ts';
import { messageOf } from './worker-protocol.ts';
import type { Metric, Place, Readings, Scale, SessionPlace, Workload } from './workload.ts';

/** What one subject did in one workload. */
export interface Row {
  readonly subject: Subject;
  /** Only rows of one group are compared with each other. */
  readonly group: string;
  readonly place: Place;
  /** Values of the measured runs by metric, in order of the rounds. */
  readonly values: Readonly<Record<string, readonly number[]>>;
  /** Times of single operations over all runs, for metrics that time each. */
  readonly distributions: Readonly<Record<string, Distribution>>;
  readonly resources?: Resources;
  /** Why there are no values. */
  readonly error?: string;
  /** It was so slow that it ran less often than the others. */
  readonly isShortened?: boolean;
}

/** What a workload measured. */
export interface WorkloadResult {
  readonly name: string;
  readonly title: string;
  readonly about: string;
  readonly metrics: Readonly<Record<string, Metric>>;
  readonly rows: readonly Row[];
  readonly elapsedMs: number;
  /** Share of the machine's time that went to anything but this benchmark, 0 to 1. Absent where it cannot be told apart. */
  readonly disturbance?: number;
}

/** How a workload is run. */
export interface RunSettings {
  readonly scale: Scale;
  readonly warmUps: number;
  readonly runs: number;
  /**
   * Longest time that one subject has for its measured runs. One that needs more, judged by its
   * first run, is not warmed up further and is measured as often as fits, at least once. Units: ms.
   */
  readonly laneBudgetMs: number;
  readonly seed: number;
  /** Folders that the workload's files go to. Removed afterwards. */
  readonly folders: Readonly<Record<Place, string>>;
  makeRunner(workload: Workload, subject: Subject, place: SessionPlace): Runner;
  processorTime(): ProcessorTime;
  onProgress?(message: string): void;
}

interface Lane {
  readonly subject: Subject;
  readonly runner: Runner;
  readonly runs: Readings[];
  /** How often it is measured. */
  plannedRuns: number;
  error?: string;
  resources?: Resources;
}

/**
 * Measures the subjects of a workload side by side: all are set up and verified first; then every
 * round runs each of them once, in an order that changes from round to round, so that a machine that
 * drifts drifts for all. A subject that fails is left out with its error, and the others go on.
 */
export async function runWorkload(
  workload: Workload,
  subjects: readonly Subject[],
  settings: RunSettings,
): Promise<WorkloadResult> {
  const { scale, folders, seed, onProgress } = settings;
  const random = seededRandom(seed);
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
  const busyBefore = settings.processorTime();
  const shared = join(folders.disk, 'shared');
  const lanes: Lane[] = subjects.map((subject) => ({
    subject,
    runner: settings.makeRunner(workload, subject, {
      folder: join(folders[workload.placeOf(subject)], subject.id),
      shared,
      scale,
    }),
    runs: [],
    plannedRuns: runsOf(workload, settings),
  }));

  try {
    await workload.prepare?.({ shared, scale });
    for (const lane of lanes) {
      onProgress?.(`verify ${lane.subject.id}`);
      await guarded(lane, () => lane.runner.open());
    }
    await runRounds(workload, lanes, settings, random);
  } finally {
    for (const lane of lanes) await closeLane(lane);
    for (const folder of Object.values(folders)) {
      await rm(folder, { recursive: true, force: true });
    }
  }

  const cpu = process.cpuUsage(cpuBefore);
  const ownMs = (cpu.user + cpu.system) / 1000;
  const disturbance = workload.isolated
    ? shareOfOthers(busyBefore, settings.processorTime(), ownMs + timeOf(lanes))
    : undefined;
  return {
    name: workload.name,
    title: workload.title,
    about: workload.about,
    metrics: workload.metrics,
    rows: lanes.map((lane) => toRow(lane, workload, runsOf(workload, settings))),
    elapsedMs: performance.now() - startedAt,
    ...(disturbance !== undefined && { disturbance }),
  };
}

async function runRounds(
  workload: Workload,
  lanes: readonly Lane[],
  settings: RunSettings,
  random: () => number,
): Promise<void> {
  const { laneBudgetMs, onProgress } = settings;
  const warmUps = workload.exact ? 0 : settings.warmUps;
  const runs = runsOf(workload, settings);
  for (let round = -warmUps; round < runs; round++) {
    onProgress?.(
      round < 0 ? `warm up ${round + warmUps + 1}/${warmUps}` : `run ${round + 1}/${runs}`,
    );
    for (const lane of shuffled(lanes, random)) {
      if (lane.error !== undefined) continue;
      const isSlow = lane.plannedRuns < runs;
      if (isSlow && (round < 0 || round >= lane.plannedRuns)) continue;
      await guarded(lane, async () => {
        const startedAt = performance.now();
        const readings = await lane.runner.run(round);
        if (round === -warmUps) {
          const fitting = Math.floor(laneBudgetMs / (performance.now() - startedAt));
          lane.plannedRuns = Math.min(runs, Math.max(1, fitting));
        }
        if (round >= 0) lane.runs.push(readings);
      });
    }
  }
}

function runsOf(workload: Workload, settings: RunSettings): number {
  return workload.exact ? 1 : settings.runs;
}

async function guarded(lane: Lane, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    lane.error = messageOf(error);
  }
}

async function closeLane(lane: Lane): Promise<void> {
  try {
    const resources = await lane.runner.close();
    if (resources !== undefined) lane.resources = resources;
  } catch (error) {
    lane.error ??= messageOf(error);
  }
}

function timeOf(lanes: readonly Lane[]): number {
  return lanes.reduce((sum, { resources }) => sum + (resources?.cpuMs ?? 0), 0);
}

function shareOfOthers(before: ProcessorTime, after: ProcessorTime, ownMs: number): number {
  const total = after.total - before.total;
  const others = after.busy - before.busy - ownMs;
  return total > 0 ? Math.min(1, Math.max(0, others / total)) : 0;
}

function toRow(lane: Lane, workload: Workload, plannedRuns: number): Row {
  const { metrics, isolated } = workload;
  const { subject, runs, error, resources } = lane;
  const values: Record<string, number[]> = {};
  const distributions: Record<string, Distribution> = {};
  for (const name of error === undefined ? Object.keys(metrics) : []) {
    const readings = runs.map((run) => run[name]).filter((reading) => reading !== undefined);
    const samples = readings.filter((reading) => typeof reading !== 'number').flat();
    if (samples.length > 0) distributions[name] = distribution(samples);
    if (readings.length > 0) {
      values[name] = readings.map((reading) =>
        typeof reading === 'number' ? reading : median(reading),
      );
    }
  }
  return {
    subject,
    group: workload.groupOf(subject),
    place: workload.placeOf(subject),
    values,
    distributions,
    ...(isolated && resources && { resources }),
    ...(error !== undefined && { error }),
    ...(runs.length < plannedRuns && error === undefined && { isShortened: true }),
  };
}
