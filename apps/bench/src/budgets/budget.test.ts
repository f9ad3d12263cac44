import { describe, expect, test } from 'vitest';
import { resultFixture, rowFixture } from '../../test/fixtures/results.ts';
import { type Budget, checkBudgets, resultOf, rowOf } from './budget.ts';

function budgetOf(compare: Budget['compare'], value: number | undefined): Budget {
  return {
    title: 'figure',
    limit: 100,
    compare,
    limitText: '100 ms',
    read: () => (value === undefined ? undefined : { value, text: `${value} ms`, against: 'bare' }),
  };
}

describe('checkBudgets', () => {
  test.each<[Budget['compare'], number, string, string]>([
    ['at least', 100, 'met', '>= 100 ms'],
    ['at least', 92, 'missed by 8.0 %', '>= 100 ms'],
    ['at most', 100, 'met', '<= 100 ms'],
    ['at most', 125, 'missed by 25.0 %', '<= 100 ms'],
  ])('checks %s with %d: %s', (compare, value, verdict, limit) => {
    const [result] = checkBudgets([budgetOf(compare, value)], []);
    expect(result).toEqual({
      title: 'figure',
      limit,
      measured: `${value} ms`,
      isMet: verdict === 'met',
      verdict,
      against: 'bare',
    });
  });

  test('leaves out what was not measured', () => {
    expect(checkBudgets([budgetOf('at most', undefined)], [])).toEqual([]);
  });
});

describe('resultOf and rowOf', () => {
  const good = rowFixture('good', 'granary', 'B', { rate: [1] });
  const failed = rowFixture('failed', 'granary', 'B', {}, { error: 'no' });
  const result = resultFixture('work', { rate: 'ops/s' }, [good, failed]);

  test('find what was measured', () => {
    expect(rowOf(resultOf([result], 'work'), 'good')).toBe(good);
  });

  test('find nothing that was not, or that failed', () => {
    expect(resultOf([result], 'other')).toBeUndefined();
    expect(rowOf(undefined, 'good')).toBeUndefined();
    expect(rowOf(result, 'failed')).toBeUndefined();
    expect(rowOf(result, 'nobody')).toBeUndefined();
  });
});
