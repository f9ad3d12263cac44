import type { WorkloadResult } from '../harness/run-workload.ts';
import { median } from '../harness/statistics.ts';
import { formatBytes, formatValue } from '../report/format.ts';
import { browserBudgets } from './browser-budgets.ts';
import { type Budget, resultOf, rowOf } from './budget.ts';
import { driveBudgets } from './drive-budgets.ts';
import { baselineFinding, formatMebibytes, peakOverIdle, worstAgainstPeers } from './findings.ts';
import { layerBudgets } from './layer-budgets.ts';
import { objectBudgets } from './object-budgets.ts';

/*
 * The budgets of the house: ARCHITECTURE.md, "Budgets".
 */

const CALL_SHARE = 0.87;
const STREAM_SHARE = 0.95;
const LIST_SHARE = 0.9;
const FIRST_PAGE_SHARE = 0.1;
const MAX_STREAM_BYTES = 64 * 1024 * 1024;
const MIN_GETS_PER_SECOND = 1_000_000;
const MIN_COPY_MIB_PER_SECOND = 3 * 1024;
const MAX_CORE_GZIP_BYTES = 8000;
const MAX_FOOTPRINT_BYTES = 5_000_000;
const MAX_LOCAL_P50_MS = 50;
const DESKTOP_P95_MS = { save: 50, load: 20, list: 100, search: 200 } as const;

/** What is compared with peers, by subject: metrics and how they are called. */
const PEER_METRICS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'granary-b': {
    create: 'put, new key',
    replace: 'put, existing key',
    get: 'get',
    stat: 'stat',
    delete: 'delete',
    in: 'stream in',
    out: 'stream out',
    full: 'list',
    firstPage: 'first page of a list',
    folders: 'top-level folders',
    range: 'ranged get',
  },
  'granary-c': {
    create: 'put, new key',
    replace: 'put, existing key',
    get: 'get',
    stat: 'stat',
    delete: 'delete',
    in: 'stream in',
    out: 'stream out',
  },
  'granary-c-file': { create: 'put, new key', replace: 'put, existing key' },
  'granary-memory': { put: 'put', get: 'get' },
  'granary-s3': {
    put: 'put',
    get: 'get',
    in: 'stream in',
    out: 'stream out',
    full: 'list',
    firstPage: 'first page of a list',
    many: 'delete of many keys',
  },
  'granary-azure': { put: 'put', get: 'get', full: 'list', firstPage: 'first page of a list' },
};

/** Every budget that something in this benchmark measures. */
export const issueBudgets: readonly Budget[] = [
  ...['1k', '64k'].flatMap((size) => [1, 16, 64].flatMap((lanes) => callBudgets(size, lanes))),
  ...streamBudgets(),
  ...listBudgets(),
  ...memoryBudgets(),
  ...peerBudgets(),
  ...desktopBudgets(),
  ...objectBudgets,
  ...driveBudgets,
  ...layerBudgets,
  ...browserBudgets,
  ...sizeBudgets(),
];

function callBudgets(size: string, lanes: number): Budget[] {
  const workload = `fs-${size}-c${lanes}`;
  const over = (subject: string, metric: string, how: string): Budget => ({
    title: `fs ${how}, ${size}, ${lanes} in flight, over bare calls`,
    limit: CALL_SHARE,
    compare: 'at least',
    limitText: `${CALL_SHARE} x`,
    read: (results) => baselineFinding(results, workload, metric, subject),
  });
  return [
    over('granary-b', 'create', 'put, tmp + rename'),
    over('granary-b', 'replace', 'put over another, tmp + rename'),
    over('granary-c', 'create', 'put, with fsync'),
    over('granary-c', 'replace', 'put over another, with fsync'),
    over('granary-b', 'get', 'get'),
  ];
}

function streamBudgets(): Budget[] {
  const over = (subject: string, metric: string, title: string): Budget => ({
    title: `1 GiB streamed ${title}, over stream.pipeline`,
    limit: STREAM_SHARE,
    compare: 'at least',
    limitText: `${STREAM_SHARE} x`,
    read: (results) => baselineFinding(results, 'fs-stream', metric, subject),
  });
  const memory = (subject: string, baseline: string, title: string): Budget => ({
    title: `1 GiB streamed, memory over idle, ${title}`,
    limit: MAX_STREAM_BYTES,
    compare: 'at most',
    limitText: '64 MiB',
    read(results) {
      const result = resultOf(results, 'fs-stream');
      const value = peakOverIdle(rowOf(result, subject));
      const bare = peakOverIdle(rowOf(result, baseline));
      if (value === undefined) return undefined;
      return {
        value,
        text: formatMebibytes(value),
        ...(bare !== undefined && { against: `the bare pipeline: ${formatMebibytes(bare)}` }),
      };
    },
  });
  return [
    over('granary-b-64k', 'in', 'in, pieces of 64 KiB'),
    over('granary-b-64k', 'out', 'out, pieces of 64 KiB'),
    over('granary-b', 'in', 'in, pieces of 1 MiB'),
    over('granary-b', 'out', 'out, pieces of 1 MiB'),
    over('granary-c', 'in', 'in, pieces of 1 MiB, with fsync'),
    memory('granary-b-64k', 'raw-b-64k', 'pieces of 64 KiB'),
    memory('granary-b', 'raw-b', 'pieces of 1 MiB'),
  ];
}

function listBudgets(): Budget[] {
  return [
    {
      title: '100,000 keys listed, over recursive readdir with the same stats',
      limit: LIST_SHARE,
      compare: 'at least',
      limitText: `${LIST_SHARE} x`,
      read: (results) => baselineFinding(results, 'fs-list-100k', 'full', 'granary-b'),
    },
    {
      title: 'first page of 100,000 keys, share of the whole listing',
      limit: FIRST_PAGE_SHARE,
      compare: 'at most',
      limitText: `${FIRST_PAGE_SHARE} x`,
      read(results) {
        const row = rowOf(resultOf(results, 'fs-list-100k'), 'granary-b');
        const shares = row?.values['firstPageShare'] ?? [];
        if (shares.length === 0) return undefined;
        return { value: median(shares), text: formatValue(median(shares), 'x') };
      },
    },
  ];
}

function memoryBudgets(): Budget[] {
  const rate = (
    title: string,
    workload: string,
    metric: string,
    limit: number,
    limitText: string,
  ): Budget => ({
    title,
    limit,
    compare: 'at least',
    limitText,
    read(results) {
      const result = resultOf(results, workload);
      const values = rowOf(result, 'granary-memory')?.values[metric] ?? [];
      const unit = result?.metrics[metric]?.unit;
      if (values.length === 0 || unit === undefined) return undefined;
      const value = median(values);
      return { value, text: formatValue(value, unit) };
    },
  });
  const copies = [MIN_COPY_MIB_PER_SECOND, '3 GiB/s'] as const;
  return [
    rate('memory, gets at 1 KiB', 'memory-1k', 'get', MIN_GETS_PER_SECOND, '1 M ops/s'),
    rate('memory, puts at 1 MiB, with a copy', 'memory-1m', 'put', ...copies),
    rate('memory, gets at 1 MiB, with a copy', 'memory-1m', 'get', ...copies),
  ];
}

/** One line per metric: the workload in which Granary stands worst against the best peer of its group. */
function peerBudgets(): Budget[] {
  return Object.entries(PEER_METRICS).flatMap(([subject, metrics]) =>
    Object.entries(metrics).map(([metric, label]) => ({
      title: `${subject} ahead of every peer of its class: ${label}`,
      limit: 1,
      compare: 'at least' as const,
      limitText: '1 x',
      read: (results: readonly WorkloadResult[]) => worstAgainstPeers(results, subject, metric),
    })),
  );
}

function desktopBudgets(): Budget[] {
  return Object.entries(DESKTOP_P95_MS).flatMap(([metric, limit]) => [
    desktopBudget(metric, 'p95', limit),
    desktopBudget(metric, 'p50', MAX_LOCAL_P50_MS),
  ]);
}

function desktopBudget(metric: string, share: 'p50' | 'p95', limit: number): Budget {
  return {
    title: `${metric} at 10,000 items, ${share}`,
    limit,
    compare: 'at most',
    limitText: `${limit} ms`,
    read(results) {
      const times = rowOf(resultOf(results, 'desktop'), 'granary-desktop')?.distributions[metric];
      return times && { value: times[share], text: formatValue(times[share], 'ms') };
    },
  };
}

function sizeBudgets(): Budget[] {
  const size = (
    title: string,
    workload: string,
    subject: string,
    metric: string,
    limit: number,
  ): Budget => ({
    title,
    limit,
    compare: 'at most',
    limitText: formatBytes(limit),
    read(results) {
      const values = rowOf(resultOf(results, workload), subject)?.values[metric] ?? [];
      if (values.length === 0) return undefined;
      return { value: median(values), text: formatBytes(median(values)) };
    },
  });
  const small = MAX_FOOTPRINT_BYTES;
  return [
    size(
      "core's application entry, min + gzip, at once",
      'bundle-size',
      'core',
      'initialGzip',
      MAX_CORE_GZIP_BYTES,
    ),
    size(
      "umbrella's browser bundle, minified",
      'bundle-size',
      'umbrella-browser',
      'totalMinified',
      small,
    ),
    size('core + fs, installed', 'installed-size', 'core-fs', 'installed', small),
    size('an empty store on disk', 'empty-store', 'granary-fs', 'disk', small),
    size('an empty store in memory', 'empty-store', 'granary-fs', 'heap', small),
  ];
}
