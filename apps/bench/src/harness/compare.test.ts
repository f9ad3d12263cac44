import { describe, expect, test } from 'vitest';
import { resultFixture, rowFixture } from '../../test/fixtures/results.ts';
import { compareRows, overBaseline, overBestPeer, ranked } from './compare.ts';

const ours = rowFixture('ours', 'granary', 'B', { rate: [90, 45] });
const result = resultFixture('work', { rate: 'ops/s' }, [
  ours,
  rowFixture('raw-slow', 'raw', 'B', { rate: [50, 25] }),
  rowFixture('raw-fast', 'raw', 'B', { rate: [100, 50] }),
  rowFixture('raw-other', 'raw', 'C', { rate: [900, 900] }),
  rowFixture('peer', 'peer', 'B', { rate: [60, 30] }),
  rowFixture('silent', 'peer', 'B', {}),
]);

describe('overBaseline', () => {
  test('compares with the fastest bare calls of the same group', () => {
    const comparison = overBaseline(result, 'rate', ours);
    expect(comparison?.over.subject.id).toBe('raw-fast');
    expect(comparison?.ratio.median).toBeCloseTo(0.9);
  });

  test('does not compare the fastest bare calls with themselves', () => {
    const [, , fastest] = result.rows;
    expect(fastest && overBaseline(result, 'rate', fastest)).toBeUndefined();
  });

  test('is undefined for a metric that is not there', () => {
    expect(overBaseline(result, 'nothing', ours)).toBeUndefined();
  });
});

describe('overBestPeer', () => {
  test('compares with the best peer of the same group', () => {
    expect(overBestPeer(result, 'rate', ours)?.ratio.median).toBe(1.5);
  });

  test('is undefined in a group without peers', () => {
    const alone = rowFixture('alone', 'granary', 'C', { rate: [1] });
    expect(
      overBestPeer(resultFixture('w', { rate: 'ops/s' }, [alone]), 'rate', alone),
    ).toBeUndefined();
  });
});

describe('compareRows', () => {
  test('is undefined for rows without a round in common', () => {
    const silent = rowFixture('silent', 'peer', 'B', {});
    expect(compareRows(result, 'rate', ours, silent)).toBeUndefined();
  });
});

describe('ranked', () => {
  test('puts the best first and leaves out who has no values', () => {
    expect(ranked(result, 'rate').map(({ subject }) => subject.id)).toEqual([
      'raw-other',
      'raw-fast',
      'ours',
      'peer',
      'raw-slow',
    ]);
  });

  test('puts the smallest first where less is better', () => {
    const times = resultFixture('work', { time: 'ms' }, [
      rowFixture('slow', 'raw', 'B', { time: [9] }),
      rowFixture('fast', 'raw', 'B', { time: [3] }),
    ]);
    expect(ranked(times, 'time')[0]?.subject.id).toBe('fast');
  });
});
