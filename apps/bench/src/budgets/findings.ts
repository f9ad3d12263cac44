import { compareRows, overBaseline, overBestPeer } from '../harness/compare.ts';
import type { Row, WorkloadResult } from '../harness/run-workload.ts';
import { formatRatio } from '../report/format.ts';
import { type Finding, resultOf, rowOf } from './budget.ts';

/** What a subject's process held over its idle state. Units: bytes. */
export function peakOverIdle(row: Row | undefined): number | undefined {
  return row?.resources && row.resources.peakBytes - row.resources.idleBytes;
}

/** Formats bytes in powers of two, as limits of memory are given. */
export function formatMebibytes(bytes: number): string {
  return `${(bytes / 1024 / 1024).toFixed(1)} MiB`;
}

/** The workload in which a subject stands worst against the best peer of its group. */
export function worstAgainstPeers(
  results: readonly WorkloadResult[],
  subject: string,
  metric: string,
): Finding | undefined {
  const [worst] = results
    .flatMap((result) => {
      const row = rowOf(result, subject);
      const comparison = row && overBestPeer(result, metric, row);
      return comparison === undefined ? [] : [{ workload: result.name, ...comparison }];
    })
    .sort((a, b) => a.ratio.median - b.ratio.median);
  return (
    worst && {
      value: worst.ratio.median,
      text: formatRatio(worst.ratio),
      against: `${worst.workload}: ${worst.over.subject.title}`,
    }
  );
}

/** How a subject stands to the bare calls of its group. */
export function baselineFinding(
  results: readonly WorkloadResult[],
  workload: string,
  metric: string,
  subject: string,
): Finding | undefined {
  const result = resultOf(results, workload);
  const row = rowOf(result, subject);
  const comparison = result && row && overBaseline(result, metric, row);
  return (
    comparison && {
      value: comparison.ratio.median,
      text: formatRatio(comparison.ratio),
      against: comparison.over.subject.title,
    }
  );
}

/** How a subject stands to another one. */
export function findingOver(
  results: readonly WorkloadResult[],
  workload: string,
  metric: string,
  [subject, other]: readonly [string, string],
): Finding | undefined {
  const result = resultOf(results, workload);
  const row = rowOf(result, subject);
  const over = rowOf(result, other);
  const comparison = result && row && over && compareRows(result, metric, row, over);
  return (
    comparison && {
      value: comparison.ratio.median,
      text: formatRatio(comparison.ratio),
      against: over.subject.title,
    }
  );
}
