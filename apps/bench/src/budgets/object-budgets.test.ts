import { describe, expect, test } from 'vitest';
import { resultFixture, rowFixture } from '../../test/fixtures/results.ts';
import type { WorkloadResult } from '../harness/run-workload.ts';
import { checkBudgets } from './budget.ts';
import { objectBudgets } from './object-budgets.ts';

const MIB = 1024 * 1024;

function checked(...results: WorkloadResult[]) {
  return new Map(checkBudgets(objectBudgets, results).map((budget) => [budget.title, budget]));
}

const resources = (mebibytes: number) => ({
  idleBytes: 50 * MIB,
  peakBytes: (50 + mebibytes) * MIB,
  cpuMs: 1,
});

describe('objectBudgets', () => {
  test('have titles of their own', () => {
    expect(new Set(objectBudgets.map(({ title }) => title)).size).toBe(objectBudgets.length);
  });

  test('find nothing in results of other subjects', () => {
    const names = ['s3-1k', 'azure-list', 's3-512m', 's3-items'];
    const others = names.map((name) =>
      resultFixture(name, { put: 'ops/s' }, [rowFixture('other', 'peer', 'B', { put: [1] })]),
    );
    expect(checked(...others).size).toBe(0);
  });

  test('compare with the SDK, round by round', () => {
    const rows = [
      rowFixture('granary-gcs', 'granary', 'B', { put: [90, 190], get: [97, 97] }),
      rowFixture('raw-gcs', 'raw', 'B', { put: [100, 200], get: [100, 100] }),
    ];
    const budgets = checked(resultFixture('gcs-64k', { put: 'ops/s', get: 'ops/s' }, rows));
    expect(budgets.get('GCS put, 64 KiB, over the SDK')).toMatchObject({
      verdict: 'missed by 2.6 %',
      against: 'raw-gcs',
    });
    expect(budgets.get('GCS get, 64 KiB, over the SDK')?.isMet).toBe(true);
  });

  test('compare parts with the uploader, and allow them the memory of their parts', () => {
    const row = (id: string, mebibytes: number, rate: number) =>
      rowFixture(id, 'granary', 'B', { in: [rate] }, { resources: resources(mebibytes) });
    const budgets = checked(
      resultFixture('s3-512m', { in: 'MiB/s' }, [
        row('granary-s3', 80, 100),
        row('granary-s3-parts', 80, 100),
        row('raw-s3-upload', 60, 50),
      ]),
    );
    expect(budgets.get('S3 512 MiB streamed in, in parts, over the SDK')?.measured).toBe('2.00 x');
    expect(budgets.get('S3 512 MiB streamed, memory over idle, one request')).toMatchObject({
      limit: '<= 64 MiB',
      verdict: 'missed by 25.0 %',
    });
    expect(
      budgets.get('S3 512 MiB streamed, memory over idle, four parts of 8 MiB at once'),
    ).toMatchObject({ limit: '<= 96 MiB', isMet: true, against: 'the SDK: 60.0 MiB' });
  });

  test('check the cloud column by p95', () => {
    const times = { count: 10, p50: 60, p95: 250, max: 300 };
    const row = rowFixture('granary-s3', 'granary', 'B', {}, { distributions: { load: times } });
    const budgets = checked(resultFixture('s3-items', { load: 'ms' }, [row]));
    expect(budgets.get('S3 load at 10,000 items, p95, without a network')).toMatchObject({
      limit: '<= 200 ms',
      verdict: 'missed by 25.0 %',
    });
  });
});
