import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ProcessorTime } from './machine.ts';
import { seededRandom, shuffled } from './random-order.ts';
import type { Resources, Runner } from './runner.ts';
import type { ServerFacts } from './servers.ts';
import { type Distribution, distribution, median } from './statistics.ts';
import type { Subject } from './subject.ts';
import { messageOf } from './worker-protocol.ts';
import type {
  Layout,
  LeftOut,
  Metric,
  Place,
  Readings,
  Rounds,
  Scale,
  SessionPlace,
  Workload,
} from './workload.ts';

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
  /** Who cannot be measured, and why. */
  readonly leftOut?: readonly LeftOut[];
  readonly layout?: Layout;
  /** Where they are fewer than those of the run. */
  readonly rounds?: Rounds;
  /** Why the server still holds what was put there. */
  readonly leftBehind?: string;
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
  /** Starts the server that a workload needs, or finds it running. */
  startServer(name: string): Promise<ServerFacts>;
  /** Time that servers have run on a processor so far. Units: ms. Undefined where it cannot be told. */
  serversCpuMs(): number | undefined;
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
  const server = await serverOf(workload, settings);
  const cpuBefore = process.cpuUsage();
  const busyBefore = settings.processorTime();
  const serversBefore = settings.serversCpuMs();
  const place = {
    shared: join(folders.disk, 'shared'),
    scale,
    ...(server.facts && { server: server.facts }),
  };
  const rounds = roundsOf(workload, settings);
  const lanes: Lane[] = subjects.map((subject) => ({
    subject,
    runner: settings.makeRunner(workload, subject, {
      ...place,
      folder: join(folders[workload.placeOf(subject)], subject.id),
    }),
    runs: [],
    plannedRuns: rounds.runs,
    ...(server.error !== undefined && { error: server.error }),
  }));

  let leftBehind: string | undefined;
  let isPrepared = false;
  try {
    if (server.error === undefined) {
      await workload.prepare?.(place);
      isPrepared = true;
      for (const lane of lanes) {
        onProgress?.(`verify ${lane.subject.id}`);
        await guarded(lane, () => lane.runner.open());
      }
      await runRounds(workload, lanes, settings, random);
    }
  } finally {
    for (const lane of lanes) await closeLane(lane);
    if (isPrepared) leftBehind = await workload.cleanUp?.(place).then(() => undefined, messageOf);
    for (const folder of Object.values(folders)) {
      await rm(folder, { recursive: true, force: true });
    }
  }

  const cpu = process.cpuUsage(cpuBefore);
  const ownMs = (cpu.user + cpu.system) / 1000;
  const serversMs = cpuOfServers(workload, serversBefore, settings.serversCpuMs());
  // What runs in this process is counted once, with it.
  const lanesMs = workload.isolated ? timeOf(lanes) : 0;
  const isKnown = workload.isolated || workload.server !== undefined;
  const disturbance =
    isKnown && serversMs !== undefined
      ? shareOfOthers(busyBefore, settings.processorTime(), ownMs + lanesMs + serversMs)
      : undefined;
  return {
    name: workload.name,
    title: workload.title,
    about: workload.about,
    metrics: workload.metrics,
    rows: lanes.map((lane) => toRow(lane, workload, rounds.runs)),
    ...(workload.leftOut && { leftOut: workload.leftOut }),
    ...(workload.layout && { layout: workload.layout }),
    ...(workload.rounds && { rounds }),
    ...(leftBehind !== undefined && { leftBehind }),
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
  const { onProgress } = settings;
  const { warmUps, runs } = roundsOf(workload, settings);
  const laneBudgetMs = Math.min(
    settings.laneBudgetMs,
    workload.rounds?.laneBudgetMs ?? Number.POSITIVE_INFINITY,
  );
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

function roundsOf({ exact, rounds }: Workload, { warmUps, runs }: RunSettings): Rounds {
  if (exact) return { warmUps: 0, runs: 1 };
  return {
    warmUps: Math.min(warmUps, rounds?.warmUps ?? warmUps),
    runs: Math.min(runs, rounds?.runs ?? runs),
  };
}

/** What the workload's server tells, or why there is none: then nobody can be measured. */
async function serverOf(
  { server }: Workload,
  settings: RunSettings,
): Promise<{ readonly facts?: ServerFacts; readonly error?: string }> {
  if (server === undefined) return {};
  settings.onProgress?.(`start ${server}`);
  try {
    return { facts: await settings.startServer(server) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

function cpuOfServers(
  { server }: Workload,
  before: number | undefined,
  after: number | undefined,
): number | undefined {
  if (server === undefined) return 0;
  return before === undefined || after === undefined ? undefined : after - before;
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
