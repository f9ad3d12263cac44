import { describe, expect, test } from 'vitest';
import { issueBudgets } from './budgets/issue-budgets.ts';
import { findRunner, workloads } from './catalog.ts';

const place = { folder: '/f', shared: '/s', scale: 'tiny' } as const;

describe('workloads', () => {
  test('have names of their own', () => {
    expect(new Set(workloads.map(({ name }) => name)).size).toBe(workloads.length);
  });

  test('have Granary, bare calls and peers where objects are stored', () => {
    for (const name of ['fs-1k-c16', 'fs-64k-c16', 'fs-stream', 'fs-list-100k', 'memory-1k']) {
      const kinds = workloads
        .find((workload) => workload.name === name)
        ?.subjects.map(({ kind }) => kind);
      expect(new Set(kinds), name).toEqual(new Set(['granary', 'raw', 'peer']));
    }
  });

  test('have Granary, bare calls and peers in a browser', () => {
    for (const name of [
      'browser-saves',
      'browser-bulk',
      'browser-items',
      'browser-cold',
      'browser-localstorage',
    ]) {
      const kinds = workloads
        .find((workload) => workload.name === name)
        ?.subjects.map(({ kind }) => kind);
      expect(new Set(kinds), name).toEqual(new Set(['granary', 'raw', 'peer']));
    }
  });

  test('have what the budgets ask for', () => {
    expect(issueBudgets.length).toBeGreaterThan(60);
  });
});

describe('findRunner', () => {
  test('finds a subject of a workload', () => {
    expect(findRunner('memory-1k', 'raw-map', place)).toHaveProperty('run');
  });

  test('refuses names that are not there', () => {
    expect(() => findRunner('memory-1k', 'nobody', place)).toThrow(
      'no workload "memory-1k" with a subject "nobody"',
    );
    expect(() => findRunner('nothing', 'raw-map', place)).toThrow(TypeError);
  });
});
