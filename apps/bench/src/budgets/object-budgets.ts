import { formatValue } from '../report/format.ts';
import { type Budget, resultOf, rowOf } from './budget.ts';
import { findingOver, formatMebibytes, peakOverIdle } from './findings.ts';

/*
 * The budgets of object stores: what Granary may cost above the vendor's SDK, on the same server.
 */

const SDK_SHARE = 0.95;
const MIB = 1024 * 1024;
const MAX_STREAM_BYTES = 64 * MIB;
/** Four parts of 8 MiB are in flight. */
const PARTS_IN_FLIGHT_BYTES = 4 * 8 * MIB;
const CLOUD_P95_MS = { save: 500, load: 200, list: 1000 } as const;
const SERVICES = { s3: 'S3', azure: 'Azure', gcs: 'GCS', supabase: 'Supabase' } as const;
const SIZES = { '1k': '1 KiB', '64k': '64 KiB', '16m': '16 MiB' } as const;

/** Every budget of object stores that something in this benchmark measures. */
export const objectBudgets: readonly Budget[] = [
  ...Object.entries(SERVICES).flatMap(([id, service]) => serviceBudgets(id, service)),
  overSdk('s3-512m', 'in', 'S3 512 MiB streamed in', ['granary-s3', 'raw-s3']),
  overSdk('s3-512m', 'out', 'S3 512 MiB streamed out', ['granary-s3', 'raw-s3']),
  overSdk('s3-512m', 'in', 'S3 512 MiB streamed in, in parts', [
    'granary-s3-parts',
    'raw-s3-upload',
  ]),
  overSdk('s3-delete', 'many', 'S3 1,000 keys deleted', ['granary-s3', 'raw-s3']),
  memory('granary-s3', 'raw-s3', 'one request', MAX_STREAM_BYTES),
  memory(
    'granary-s3-parts',
    'raw-s3-upload',
    'four parts of 8 MiB at once',
    MAX_STREAM_BYTES + PARTS_IN_FLIGHT_BYTES,
  ),
  ...Object.entries(CLOUD_P95_MS).map(([metric, limit]) => cloud(metric, limit)),
];

function serviceBudgets(id: string, service: string): Budget[] {
  const subjects = [`granary-${id}`, `raw-${id}`] as const;
  return [
    ...Object.entries(SIZES).flatMap(([size, text]) => [
      overSdk(`${id}-${size}`, 'put', `${service} put, ${text}`, subjects),
      overSdk(`${id}-${size}`, 'get', `${service} get, ${text}`, subjects),
    ]),
    overSdk(`${id}-list`, 'full', `${service} list`, subjects),
    overSdk(`${id}-list`, 'firstPage', `${service} first page of a list`, subjects),
  ];
}

function overSdk(
  workload: string,
  metric: string,
  what: string,
  subjects: readonly [string, string],
): Budget {
  return {
    title: `${what}, over the SDK`,
    limit: SDK_SHARE,
    compare: 'at least',
    limitText: `${SDK_SHARE} x`,
    read: (results) => findingOver(results, workload, metric, subjects),
  };
}

function memory(subject: string, bare: string, how: string, limit: number): Budget {
  return {
    title: `S3 512 MiB streamed, memory over idle, ${how}`,
    limit,
    compare: 'at most',
    limitText: `${limit / MIB} MiB`,
    read(results) {
      const result = resultOf(results, 's3-512m');
      const value = peakOverIdle(rowOf(result, subject));
      const other = peakOverIdle(rowOf(result, bare));
      if (value === undefined) return undefined;
      return {
        value,
        text: formatMebibytes(value),
        ...(other !== undefined && { against: `the SDK: ${formatMebibytes(other)}` }),
      };
    },
  };
}

function cloud(metric: string, limit: number): Budget {
  return {
    title: `S3 ${metric} at 10,000 items, p95, without a network`,
    limit,
    compare: 'at most',
    limitText: `${limit} ms`,
    read(results) {
      const times = rowOf(resultOf(results, 's3-items'), 'granary-s3')?.distributions[metric];
      return times && { value: times.p95, text: formatValue(times.p95, 'ms') };
    },
  };
}
