import { expect, test } from 'vitest';
import { resultFixture, rowFixture } from '../../test/fixtures/results.ts';
import type { Row } from '../harness/run-workload.ts';
import { checkBudgets } from './budget.ts';
import { driveBudgets } from './drive-budgets.ts';

const measured = (...rows: Row[]) =>
  checkBudgets(driveBudgets, [
    resultFixture('calls-dropbox', { put: 'calls', get: 'calls', getMs: 'ms' }, rows),
  ]);
const granary = rowFixture('granary', 'granary', 'A', { put: [2], get: [1], getMs: [900] });

test('counts the operations that take more calls than those of the best peer, and names them', () => {
  expect(
    measured(granary, rowFixture('peer', 'peer', 'A', { put: [1], get: [1], getMs: [1] })),
  ).toEqual([
    {
      title: 'Dropbox: operations with more calls than the best peer',
      limit: '<= 0',
      measured: '1 of 2',
      isMet: false,
      verdict: 'missed by 1',
      against: 'the put',
    },
  ]);
});

test('is met when no operation takes more', () => {
  const [budget] = measured(granary, rowFixture('peer', 'peer', 'A', { put: [3], get: [1] }));
  expect(budget).toMatchObject({ measured: '0 of 2', verdict: 'met' });
});

test('says nothing without a peer', () => {
  expect(measured(granary)).toEqual([]);
  expect(checkBudgets(driveBudgets, [])).toEqual([]);
});
