/** Which end of a scale is the good one. */
export type Better = 'higher' | 'lower';

/** One metric of one subject over its measured runs. */
export interface Summary {
  readonly runs: number;
  readonly median: number;
  /** What 95 of 100 runs were at least as good as: the slow end. */
  readonly p95: number;
  readonly best: number;
}

/** How many times better one subject was than another, run by run. Above 1 is better. */
export interface Ratio {
  readonly median: number;
  /** A tenth of the pairs was below this. */
  readonly low: number;
  /** A tenth of the pairs was above this. */
  readonly high: number;
  readonly pairs: number;
}

/** Times of single operations, over all measured runs. Units: those of the metric. */
export interface Distribution {
  readonly count: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Returns the value below which the given share of the values lies, interpolated between neighbors. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  const position = (sorted.length - 1) * share;
  const below = Math.floor(position);
  const lower = sorted[below];
  if (lower === undefined) throw new RangeError('A quantile needs at least one value.');
  const upper = sorted[below + 1] ?? lower;
  return lower + (upper - lower) * (position - below);
}

/** Returns the middle value. */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** Sums up the runs of one metric. Errors: a `RangeError` when there was no run. */
export function summarize(values: readonly number[], better: Better): Summary {
  return {
    runs: values.length,
    median: median(values),
    p95: quantile(values, better === 'higher' ? 0.05 : 0.95),
    best: better === 'higher' ? Math.max(...values) : Math.min(...values),
  };
}

/**
 * Compares two subjects run by run: the two values of a pair were measured within the same round,
 * so that a machine that slows down slows both. Nothing is a multiple of 0: such rounds are left out.
 * Undefined when no round is left.
 */
export function pairwiseRatio(
  values: readonly number[],
  over: readonly number[],
  better: Better,
): Ratio | undefined {
  const ratios: number[] = [];
  values.forEach((value, round) => {
    const other = over[round];
    if (other === undefined || value === 0 || other === 0) return;
    ratios.push(better === 'higher' ? value / other : other / value);
  });
  if (ratios.length === 0) return undefined;
  return {
    median: median(ratios),
    low: quantile(ratios, 0.1),
    high: quantile(ratios, 0.9),
    pairs: ratios.length,
  };
}

/** Sums up the times of single operations. */
export function distribution(samples: readonly number[]): Distribution {
  return {
    count: samples.length,
    p50: quantile(samples, 0.5),
    p95: quantile(samples, 0.95),
    max: samples.reduce((max, sample) => Math.max(max, sample), Number.NEGATIVE_INFINITY),
  };
}
