import type { Row, WorkloadResult } from './run-workload.ts';
import { median, pairwiseRatio, type Ratio } from './statistics.ts';

/** How a row stands to another one. */
export interface Comparison {
  readonly over: Row;
  readonly ratio: Ratio;
}

/** Compares a row with the bare calls of its group: the fastest of them where there are several. Undefined for the fastest itself. */
export function overBaseline(
  result: WorkloadResult,
  metric: string,
  row: Row,
): Comparison | undefined {
  return overBest(result, metric, row, 'raw');
}

/** Compares a row with the best peer of its group. Undefined for that peer itself. */
export function overBestPeer(
  result: WorkloadResult,
  metric: string,
  row: Row,
): Comparison | undefined {
  return overBest(result, metric, row, 'peer');
}

function overBest(
  result: WorkloadResult,
  metric: string,
  row: Row,
  kind: 'raw' | 'peer',
): Comparison | undefined {
  const best = ranked(result, metric).find(
    ({ subject, group }) => subject.kind === kind && group === row.group,
  );
  return best === undefined ? undefined : compareRows(result, metric, row, best);
}

/** Compares two rows of a workload, round by round. */
export function compareRows(
  result: WorkloadResult,
  metric: string,
  row: Row,
  over: Row,
): Comparison | undefined {
  const better = result.metrics[metric]?.better;
  if (over === row || better === undefined) return undefined;
  const ratio = pairwiseRatio(row.values[metric] ?? [], over.values[metric] ?? [], better);
  return ratio && { over, ratio };
}

/** The rows that have values for a metric, the best median first. */
export function ranked(result: WorkloadResult, metric: string): Row[] {
  const isLowerBetter = result.metrics[metric]?.better === 'lower';
  return result.rows
    .flatMap((row) => {
      const values = row.values[metric] ?? [];
      return values.length === 0 ? [] : [{ row, value: median(values) }];
    })
    .sort((a, b) => (isLowerBetter ? a.value - b.value : b.value - a.value))
    .map(({ row }) => row);
}
