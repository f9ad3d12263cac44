import { describe, expect, test } from 'vitest';
import type { Unit } from '../harness/workload.ts';
import { formatBytes, formatDuration, formatPercent, formatRatio, formatValue } from './format.ts';

describe('formatValue', () => {
  test.each<[number, Unit, string]>([
    [31_234, 'ops/s', '31.2 k ops/s'],
    [1_234_567, 'keys/s', '1.23 M keys/s'],
    [912, 'ops/s', '912 ops/s'],
    [512, 'MiB/s', '512 MiB/s'],
    [3072, 'MiB/s', '3.00 GiB/s'],
    [7914, 'bytes', '7.91 kB'],
    [12.34, 'ms', '12.3 ms'],
    [0.5, 'ms', '0.50 ms'],
    [412, 'ns/op', '412 ns/op'],
    [-35, 'ns/op', '-35.0 ns/op'],
    [0.0046, 'x', '0.0046 x'],
    [0, 'ms', '0 ms'],
  ])('shows %d %s as %s', (value, unit, text) => {
    expect(formatValue(value, unit)).toBe(text);
  });
});

describe('formatBytes', () => {
  test.each([
    [12, '12.0 B'],
    [5_000_000, '5.00 MB'],
    [25_273_946_112, '25.3 GB'],
  ])('shows %d as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

describe('formatRatio', () => {
  test('shows the spread of several pairs', () => {
    expect(formatRatio({ median: 0.917, low: 0.88, high: 0.952, pairs: 7 })).toBe(
      '0.92 x (0.88–0.95)',
    );
  });

  test('shows no spread of one pair', () => {
    expect(formatRatio({ median: 2, low: 2, high: 2, pairs: 1 })).toBe('2.00 x');
  });
});

describe('formatPercent and formatDuration', () => {
  test('are short', () => {
    expect(formatPercent(0.123)).toBe('12.3 %');
    expect(formatDuration(59_400)).toBe('59 s');
    expect(formatDuration(125_000)).toBe('2 min 5 s');
  });
});
