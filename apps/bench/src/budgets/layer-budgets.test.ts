import { expect, test } from 'vitest';
import { resultFixture, rowFixture } from '../../test/fixtures/results.ts';
import { checkBudgets } from './budget.ts';
import { layerBudgets } from './layer-budgets.ts';

const SPEED = { in: 'MiB/s', out: 'MiB/s' } as const;

function checked(...results: ReturnType<typeof resultFixture>[]) {
  return new Map(checkBudgets(layerBudgets, results).map((budget) => [budget.title, budget]));
}

test('find nothing in no results, nor in those of other subjects', () => {
  const others = ['encrypted-stream', 'encrypted-range', 'layer-tax-1m'].map((name) =>
    resultFixture(name, SPEED, [rowFixture('somebody', 'peer', 'B', { in: [1] })]),
  );
  expect(checked().size).toBe(0);
  expect(checked(...others).size).toBe(0);
});

test('compare streams with Web Crypto and with peers', () => {
  const budgets = checked(
    resultFixture('encrypted-stream', SPEED, [
      rowFixture('granary-encrypted', 'granary', 'B', { in: [95], out: [80] }),
      rowFixture('granary-by-hand', 'raw', 'B', { in: [100], out: [100] }),
      rowFixture('age', 'peer', 'B', { in: [20], out: [90] }),
    ]),
  );
  const verdict = (title: string) => budgets.get(`100 MiB streamed ${title}`)?.isMet;
  expect(verdict('in, encrypted, over Web Crypto by hand in the same store')).toBe(true);
  expect(verdict('out, encrypted, over Web Crypto by hand in the same store')).toBe(false);
  expect(verdict('in, encrypted, ahead of every peer')).toBe(true);
  expect(verdict('out, encrypted, ahead of every peer')).toBe(false);
});

test('limit what encryption adds, in ms', () => {
  const budgets = checked(
    resultFixture('layer-tax-1m', { putTax: 'ns/op', getTax: 'ns/op' }, [
      rowFixture('encrypted', 'granary', 'B', { putTax: [2_000_000], getTax: [200_000_000] }),
    ]),
  );
  expect(budgets.get('encryption adds to a put of 1 MiB')).toMatchObject({
    isMet: true,
    measured: '2.00 ms',
  });
  expect(budgets.get('decryption adds to a get of 1 MiB')?.isMet).toBe(false);
});
