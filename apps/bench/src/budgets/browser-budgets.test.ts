import { describe, expect, test } from 'vitest';
import { resultFixture, rowFixture } from '../../test/fixtures/results.ts';
import type { WorkloadResult } from '../harness/run-workload.ts';
import { browserBudgets } from './browser-budgets.ts';
import { checkBudgets } from './budget.ts';

const MIB = 1024 * 1024;

function checked(...results: WorkloadResult[]) {
  return new Map(checkBudgets(browserBudgets, results).map((budget) => [budget.title, budget]));
}

describe('browserBudgets', () => {
  test('have titles of their own', () => {
    expect(new Set(browserBudgets.map(({ title }) => title)).size).toBe(browserBudgets.length);
  });

  test('find nothing in results of other subjects', () => {
    const names = ['browser-bulk', 'browser-items', 'browser-cold', 'browser-stream'];
    const others = names.map((name) =>
      resultFixture(name, { many: 'ops/s', in: 'MiB/s', inBytes: 'bytes' }, [
        rowFixture('other', 'peer', 'B', { many: [1], in: [1], inBytes: [1] }),
      ]),
    );
    expect(checked(...others).size).toBe(0);
  });

  test('compare bulk saves with Dexie at the same durability, and with peers', () => {
    const budgets = checked(
      resultFixture('browser-bulk', { many: 'ops/s', atomic: 'ops/s' }, [
        rowFixture('granary-idb', 'granary', 'B', { many: [88, 88], atomic: [80, 80] }),
        rowFixture('raw-dexie', 'raw', 'B', { many: [100, 100], atomic: [100, 100] }),
        rowFixture('granary-idb-strict', 'granary', 'C', { many: [10, 10] }),
        rowFixture('raw-dexie-strict', 'raw', 'C', { many: [10, 10] }),
        rowFixture('slow', 'peer', 'B', { many: [44, 44] }),
        rowFixture('rxdb', 'peer', 'B', { many: [22, 22] }),
      ]),
    );
    expect(budgets.get('browser bulk save, over Dexie with the same rows')).toMatchObject({
      isMet: true,
      measured: '0.88 x (0.88–0.88)',
    });
    expect(
      budgets.get('browser bulk save, all or nothing, over Dexie with the same rows')?.isMet,
    ).toBe(false);
    expect(budgets.get('browser bulk save, strict, over Dexie with the same rows')?.isMet).toBe(
      true,
    );
    expect(budgets.get('granary-idb ahead of every peer in IndexedDB: bulk save')).toMatchObject({
      measured: '2.00 x (2.00–2.00)',
      against: 'browser-bulk: slow',
    });
    expect(
      budgets.get('granary-idb ahead of every peer that is a database: bulk save'),
    ).toMatchObject({ measured: '4.00 x (4.00–4.00)', against: 'browser-bulk: rxdb' });
  });

  test("check the browser's column by p95", () => {
    const times = { count: 10, p50: 60, p95: 250, max: 300 };
    const row = rowFixture('granary-idb', 'granary', 'B', {}, { distributions: { list: times } });
    const budgets = checked(resultFixture('browser-items', { list: 'ms' }, [row]));
    expect(budgets.get('browser list at 10,000 items, p95')).toMatchObject({
      limit: '<= 200 ms',
      verdict: 'missed by 25.0 %',
    });
  });

  test('compare streams with the bare calls, and limit memory', () => {
    const units = { in: 'MiB/s', inBytes: 'bytes', outBytes: 'bytes' } as const;
    const budgets = checked(
      resultFixture('browser-stream', units, [
        rowFixture('granary-opfs', 'granary', 'B', {
          in: [90],
          inBytes: [80 * MIB],
          outBytes: [1],
        }),
        rowFixture('raw-opfs', 'raw', 'B', { in: [100], inBytes: [2 * MIB] }),
      ]),
    );
    expect(budgets.get('100 MB streamed in, OPFS, over the bare calls')?.isMet).toBe(true);
    expect(budgets.get('100 MB streamed in, OPFS, memory of the browser over idle')).toMatchObject({
      verdict: 'missed by 25.0 %',
      against: 'the bare calls: 2.0 MiB',
    });
    expect(
      budgets.get('100 MB streamed out, OPFS, memory of the browser over idle'),
    ).not.toHaveProperty('against');
  });
});
