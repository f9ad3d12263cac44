import { describe, expect, test } from 'vitest';
import { resultFixture, rowFixture } from '../../test/fixtures/results.ts';
import { renderBudgets, renderReport, renderWorkload } from './markdown.ts';
import type { Report } from './report.ts';

const memory = { idleBytes: 40_000_000, peakBytes: 52_000_000, cpuMs: 10 };

const result = resultFixture('fs-work', { rate: 'ops/s', time: 'ms' }, [
  rowFixture(
    'ours',
    'granary',
    'B',
    { rate: [9000, 9200, 9100], time: [1, 2, 3] },
    {
      resources: { ...memory, openFiles: 31 },
      distributions: { time: { count: 9, p50: 2, p95: 8, max: 9 } },
    },
  ),
  rowFixture('bare', 'raw', 'B', { rate: [10_000, 10_000, 10_000] }, { place: 'memory' }),
  rowFixture('peer', 'peer', 'B', { rate: [4550] }, { isShortened: true }),
  rowFixture('broken', 'peer', 'A', {}, { error: 'get: the bytes differ' }),
]);

function reportOf(overrides: Partial<Report> = {}): Report {
  return {
    startedAt: '2026-11-21T04:00:00.000Z',
    elapsedMs: 600_000,
    scale: 'full',
    runs: 7,
    warmUps: 3,
    machine: {
      processor: 'A processor',
      processors: 2,
      memoryBytes: 8e9,
      system: 'linux 6 x64',
      node: 'v24.0.0',
      fileSystems: { disk: 'ext4', memory: 'tmpfs' },
      loadBefore: 0.1,
    },
    budgets: [],
    workloads: [result],
    ...overrides,
  };
}

describe('renderWorkload', () => {
  const text = renderWorkload(result);
  const lineOf = (start: string) =>
    text.split('\n').find((line) => line.startsWith(`| ${start} `)) ?? '';

  test('has a table for each metric, the best subject first', () => {
    expect(text).toContain('### the rate');
    expect(text.indexOf('| bare')).toBeLessThan(text.indexOf('| ours'));
    expect(text).toContain('### the time');
  });

  test('shows median, slow end, best, ratios, memory and files', () => {
    expect(lineOf('ours')).toMatch(
      /B .*disk .*9\.10 k ops\/s.*9\.01 k ops\/s.*9\.20 k ops\/s.*0\.91 x \(0\.90–0\.92\).*1\.98 x.*12\.0 MB.*31/,
    );
  });

  test('takes the slow end from single times where they were taken', () => {
    expect(text.slice(text.indexOf('### the time'))).toMatch(/2\.00 ms \| 8\.00 ms \| 1\.00 ms/);
  });

  test('says who ran less often, who was left out and why', () => {
    expect(lineOf('peer')).toContain('slow: fewer runs');
    expect(text).toContain('- **broken was left out:** get: the bytes differ');
  });

  test('says who is not measured, how many rounds there were, and what was left behind', () => {
    const text = renderWorkload({
      ...result,
      leftOut: [{ title: 'half a peer', reason: 'it lists one page.' }],
      rounds: { warmUps: 1, runs: 4 },
      leftBehind: 'the bucket is locked',
    });
    expect(text).toContain('- half a peer is not measured: it lists one page.');
    expect(text).toContain('Took 1 min 1 s for 1 + 4 rounds; other');
    expect(text).toContain('- The server was not cleaned up: the bucket is locked');
  });

  test('says how long it took and how busy the machine was', () => {
    expect(text).toContain('Took 1 min 1 s; other programs used 2.00 % of the machine.');
  });

  test('shows memory of the subjects that have it', () => {
    const rows = [
      rowFixture('measured', 'granary', 'B', { rate: [2] }, { resources: memory }),
      rowFixture('unmeasured', 'granary', 'B', { rate: [1] }),
    ];
    const text = renderWorkload(resultFixture('work', { rate: 'ops/s' }, rows));
    expect(text).toMatch(/measured .*12\.0 MB/);
    expect(text).toMatch(/unmeasured .* – /);
    expect(text).not.toContain('files');
  });

  test('leaves out columns that say nothing', () => {
    const { disturbance: _, ...quiet } = resultFixture('sizes', { size: 'bytes' }, [
      rowFixture(
        'one',
        'granary',
        'B',
        { size: [10] },
        { subject: { id: 'one', title: 'one', kind: 'granary' }, group: 'all' },
      ),
    ]);
    const sizes = renderWorkload(quiet);
    expect(sizes).toContain('| subject | median |\n');
    expect(sizes).toContain('Took 1 min 1 s.');
  });

  test('shows what the rows of a group have in common besides durability', () => {
    const lists = renderWorkload(
      resultFixture('list', { rate: 'keys/s' }, [
        rowFixture('walker', 'raw', 'B', { rate: [1] }, { group: 'stats' }),
        rowFixture('map', 'raw', 'memory', { rate: [1] }, { group: 'copies' }),
        rowFixture('reader', 'raw', 'C', { rate: [1] }, { group: 'reads' }),
      ]),
    );
    expect(lists).toMatch(/walker +\| B, stats/);
    expect(lists).toMatch(/map +\| copies/);
    expect(lists).toMatch(/reader +\| C /);
  });
});

describe('renderBudgets', () => {
  test('shows the verdict of each', () => {
    const table = renderBudgets([
      {
        title: 'put',
        limit: '>= 0.87 x',
        measured: '0.80 x',
        isMet: false,
        verdict: 'missed by 8.0 %',
        against: 'bare',
      },
      { title: 'core', limit: '<= 8.00 kB', measured: '7.00 kB', isMet: true, verdict: 'met' },
    ]);
    expect(table).toMatch(/put +\| +>= 0\.87 x \| +0\.80 x \| missed by 8\.0 % \| bare/);
    expect(table).toMatch(/core .*met/);
  });

  test('says so when there is none', () => {
    expect(renderBudgets([])).toContain('No budget applies');
  });
});

describe('renderReport', () => {
  test('tells the conditions and shows budgets before workloads', () => {
    const text = renderReport(reportOf());
    expect(text).toContain(
      'Measured 2026-11-21T04:00:00.000Z in 10 min 0 s: 3 warm-up rounds, 7 measured ones',
    );
    expect(text).toContain('A processor, 2 processors, 8.00 GB of memory');
    expect(text.indexOf('## Budgets')).toBeLessThan(text.indexOf('## Title of fs-work'));
    expect(text).not.toContain('not to be quoted');
    expect(text).not.toContain('Other programs used the machine');
  });

  test('warns of figures of a small scale', () => {
    expect(renderReport(reportOf({ scale: 'quick' }))).toContain('not to be quoted');
  });

  test('warns when other programs were busy', () => {
    const busy = { ...result, disturbance: 0.4 };
    expect(renderReport(reportOf({ workloads: [busy] }))).toContain('meanwhile: fs-work 40.0 %');
  });
});
