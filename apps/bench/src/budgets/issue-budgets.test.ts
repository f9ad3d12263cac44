import { describe, expect, test } from 'vitest';
import { resultFixture, rowFixture } from '../../test/fixtures/results.ts';
import type { WorkloadResult } from '../harness/run-workload.ts';
import { checkBudgets } from './budget.ts';
import { issueBudgets } from './issue-budgets.ts';

const OBJECT_UNITS = { create: 'ops/s', replace: 'ops/s', get: 'ops/s' } as const;

function checked(...results: WorkloadResult[]) {
  return new Map(checkBudgets(issueBudgets, results).map((budget) => [budget.title, budget]));
}

describe('issueBudgets', () => {
  test('have titles of their own', () => {
    expect(new Set(issueBudgets.map(({ title }) => title)).size).toBe(issueBudgets.length);
  });

  test('find nothing in no results', () => {
    expect(checked().size).toBe(0);
  });

  test('find nothing in results of other subjects', () => {
    const names = [
      'fs-1k-c1',
      'fs-stream',
      'fs-list-100k',
      'memory-1k',
      'desktop',
      'bundle-size',
      'empty-store',
    ];
    const others = names.map((name) =>
      resultFixture(name, { get: 'ops/s' }, [rowFixture('somebody', 'peer', 'B', { get: [1] })]),
    );
    expect(checked(...others).size).toBe(0);
  });

  test('compare puts and gets with the bare calls of their class', () => {
    const budgets = checked(
      resultFixture('fs-1k-c16', OBJECT_UNITS, [
        rowFixture('granary-b', 'granary', 'B', { create: [90], replace: [80], get: [95] }),
        rowFixture('granary-c', 'granary', 'C', { create: [9], replace: [8] }),
        rowFixture('raw-b', 'raw', 'B', { create: [100], replace: [100], get: [100] }),
        rowFixture('raw-c', 'raw', 'C', { create: [10], replace: [10] }),
      ]),
    );
    expect(budgets.get('fs put, tmp + rename, 1k, 16 in flight, over bare calls')).toMatchObject({
      isMet: true,
      against: 'raw-b',
    });
    expect(
      budgets.get('fs put over another, with fsync, 1k, 16 in flight, over bare calls'),
    ).toMatchObject({
      verdict: 'missed by 8.0 %',
      against: 'raw-c',
    });
    expect(budgets.get('fs get, 1k, 16 in flight, over bare calls')?.isMet).toBe(true);
  });

  test('compare streams with stream.pipeline and limit their memory', () => {
    const resources = (mebibytes: number) => ({
      idleBytes: 50e6,
      peakBytes: 50e6 + mebibytes * 1024 * 1024,
      cpuMs: 1,
    });
    const budgets = checked(
      resultFixture('fs-stream', { in: 'MiB/s', out: 'MiB/s' }, [
        rowFixture(
          'granary-b',
          'granary',
          'B',
          { in: [960], out: [900] },
          { resources: resources(80) },
        ),
        rowFixture('raw-b', 'raw', 'B', { in: [1000], out: [1000] }, { resources: resources(70) }),
        rowFixture(
          'granary-b-64k',
          'granary',
          'B',
          {},
          { resources: resources(50), group: 'small' },
        ),
      ]),
    );
    expect(budgets.get('1 GiB streamed in, pieces of 1 MiB, over stream.pipeline')?.isMet).toBe(
      true,
    );
    expect(budgets.get('1 GiB streamed out, pieces of 1 MiB, over stream.pipeline')?.isMet).toBe(
      false,
    );
    expect(budgets.get('1 GiB streamed, memory over idle, pieces of 1 MiB')).toMatchObject({
      measured: '80.0 MiB',
      verdict: 'missed by 25.0 %',
      against: 'the bare pipeline: 70.0 MiB',
    });
    expect(budgets.get('1 GiB streamed, memory over idle, pieces of 64 KiB')).toMatchObject({
      isMet: true,
    });
  });

  test('want the first page early', () => {
    const budgets = checked(
      resultFixture('fs-list-100k', { full: 'keys/s', firstPageShare: 'x' }, [
        rowFixture('granary-b', 'granary', 'B', { full: [95], firstPageShare: [0.05] }),
        rowFixture('raw-b', 'raw', 'B', { full: [100] }),
      ]),
    );
    expect(budgets.get('first page of 100,000 keys, share of the whole listing')?.measured).toBe(
      '0.05 x',
    );
    expect(
      budgets.get('100,000 keys listed, over recursive readdir with the same stats')?.isMet,
    ).toBe(true);
  });

  test('want absolute rates in memory', () => {
    const budgets = checked(
      resultFixture('memory-1k', { get: 'ops/s' }, [
        rowFixture('granary-memory', 'granary', 'memory', { get: [900_000] }),
      ]),
      resultFixture('memory-1m', { put: 'MiB/s', get: 'MiB/s' }, [
        rowFixture('granary-memory', 'granary', 'memory', { put: [4096], get: [2048] }),
      ]),
    );
    expect(budgets.get('memory, gets at 1 KiB')?.verdict).toBe('missed by 10.0 %');
    expect(budgets.get('memory, puts at 1 MiB, with a copy')?.isMet).toBe(true);
    expect(budgets.get('memory, gets at 1 MiB, with a copy')?.isMet).toBe(false);
  });

  test('show the workload in which a peer of the same class comes nearest', () => {
    const rows = (ours: number) => [
      rowFixture('granary-b', 'granary', 'B', { create: [100], get: [ours] }),
      rowFixture('good-reader', 'peer', 'B', { create: [50], get: [100] }),
      rowFixture('torn', 'peer', 'A', { create: [900], get: [900] }),
    ];
    const budgets = checked(
      resultFixture('fs-1k-c1', OBJECT_UNITS, rows(150)),
      resultFixture('fs-1k-c16', OBJECT_UNITS, rows(80)),
    );
    expect(budgets.get('granary-b ahead of every peer of its class: get')).toMatchObject({
      isMet: false,
      measured: '0.80 x',
      against: 'fs-1k-c16: good-reader',
    });
    expect(budgets.get('granary-b ahead of every peer of its class: put, new key')?.isMet).toBe(
      true,
    );
  });

  test('say nothing about peers where there are none', () => {
    const budgets = checked(
      resultFixture('fs-1k-c1', OBJECT_UNITS, [
        rowFixture('granary-b', 'granary', 'B', { create: [100] }),
      ]),
    );
    expect(budgets.size).toBe(0);
  });

  test('check the desktop column by p95 and p50', () => {
    const times = { count: 10, p50: 60, p95: 90, max: 99 };
    const budgets = checked(
      resultFixture('desktop', { list: 'ms' }, [
        rowFixture(
          'granary-desktop',
          'granary',
          'C',
          { list: [60] },
          { distributions: { list: times } },
        ),
      ]),
    );
    expect(budgets.get('list at 10,000 items, p95')).toMatchObject({
      isMet: true,
      limit: '<= 100 ms',
    });
    expect(budgets.get('list at 10,000 items, p50')).toMatchObject({ verdict: 'missed by 20.0 %' });
  });

  test('check sizes', () => {
    const budgets = checked(
      resultFixture('bundle-size', { initialGzip: 'bytes', totalMinified: 'bytes' }, [
        rowFixture('core', 'granary', 'B', { initialGzip: [8100] }),
        rowFixture('umbrella-browser', 'granary', 'B', { totalMinified: [60_000] }),
      ]),
      resultFixture('installed-size', { installed: 'bytes' }, [
        rowFixture('core-fs', 'granary', 'B', { installed: [2e6] }),
      ]),
    );
    expect(budgets.get("core's application entry, min + gzip, at once")?.isMet).toBe(false);
    expect(budgets.get("umbrella's browser bundle, minified")?.measured).toBe('60.0 kB');
    expect(budgets.get('core + fs, installed')?.isMet).toBe(true);
  });
});
