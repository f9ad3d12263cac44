import type { Ratio } from '../harness/statistics.ts';
import type { Unit } from '../harness/workload.ts';

/** Formats a value with its unit, to three digits: `31.2 k ops/s`, `1.42 GiB/s`, `12.5 kB`. */
export function formatValue(value: number, unit: Unit): string {
  switch (unit) {
    case 'ops/s':
    case 'keys/s':
      return `${scaled(value, ['', ' k', ' M'], 1000)} ${unit}`;
    case 'MiB/s':
      return value >= 1024 ? `${digits(value / 1024)} GiB/s` : `${digits(value)} MiB/s`;
    case 'bytes':
      return formatBytes(value);
    case 'calls':
      return String(value);
    case 'ms':
    case 'ns/op':
    case 'x':
      return `${digits(value)} ${unit}`;
  }
}

/** Formats a number of bytes in powers of 1,000: `7.91 kB`. */
export function formatBytes(bytes: number): string {
  return `${scaled(bytes, [' B', ' kB', ' MB', ' GB'], 1000)}`;
}

/** Formats a ratio with the range that holds 80 of 100 pairs: `0.92 x (0.88–0.95)`. */
export function formatRatio(ratio: Ratio): string {
  const { median, low, high, pairs } = ratio;
  const spread = pairs > 1 ? ` (${digits(low)}–${digits(high)})` : '';
  return `${digits(median)} x${spread}`;
}

/** Formats a share: `12 %`. */
export function formatPercent(share: number): string {
  return `${digits(share * 100)} %`;
}

/** Formats a span of time: `2 min 5 s`. */
export function formatDuration(elapsedMs: number): string {
  const seconds = Math.round(elapsedMs / 1000);
  return seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

function scaled(value: number, suffixes: readonly string[], step: number): string {
  let rest = value;
  let index = 0;
  while (Math.abs(rest) >= step && index < suffixes.length - 1) {
    rest /= step;
    index++;
  }
  return `${digits(rest)}${suffixes[index]}`;
}

/** Three digits that mean something, never in exponents. */
function digits(value: number): string {
  const size = Math.abs(value);
  if (size >= 100 || size === 0) return value.toFixed(0);
  if (size >= 10) return value.toFixed(1);
  return size >= 0.01 ? value.toFixed(2) : value.toPrecision(2);
}
