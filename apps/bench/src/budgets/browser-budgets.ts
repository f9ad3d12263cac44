import type { WorkloadResult } from '../harness/run-workload.ts';
import { median } from '../harness/statistics.ts';
import type { Subject } from '../harness/subject.ts';
import { formatValue } from '../report/format.ts';
import { type Budget, type Finding, resultOf, rowOf } from './budget.ts';
import { findingOver, formatMebibytes, worstAgainstPeers } from './findings.ts';

/*
 * The budgets of browsers: what Granary may cost above Dexie and the bare calls, and the browser's
 * column of the house's table.
 */

/** Within 1.15 times the time of Dexie's bulkPut. */
const BULK_SHARE = 0.87;
const STREAM_SHARE = 0.9;
const MIB = 1024 * 1024;
const MAX_STREAM_BYTES = 64 * MIB;
const BROWSER_P95_MS = { save: 100, load: 50, list: 200, tag: 500, author: 500 } as const;
const TITLES: Readonly<Record<keyof typeof BROWSER_P95_MS, string>> = {
  save: 'save',
  load: 'load',
  list: 'list',
  tag: 'search by tag',
  author: 'search by metadata',
};
/** Peers that know more of what they store than its key: ids. */
const DATABASES: ReadonlySet<string> = new Set(['rxdb', 'pouchdb']);

/** Every budget of browsers that something in this benchmark measures. */
export const browserBudgets: readonly Budget[] = [
  ...bulkBudgets('granary-idb', 'raw-dexie', ''),
  ...bulkBudgets('granary-idb-strict', 'raw-dexie-strict', ', strict'),
  bulkAheadOf('every peer in IndexedDB', () => true),
  bulkAheadOf('every peer that is a database', ({ id }) => DATABASES.has(id)),
  ...Object.entries(BROWSER_P95_MS).map(([metric, limit]) =>
    itemBudget(metric, limit, TITLES[metric as keyof typeof TITLES]),
  ),
  ...streamBudgets('granary-idb', 'raw-idb', 'IndexedDB'),
  ...streamBudgets('granary-opfs', 'raw-opfs', 'OPFS'),
];

function bulkBudgets(subject: string, over: string, how: string): Budget[] {
  const bulk = (metric: string, title: string): Budget => ({
    title: `browser ${title}${how}, over Dexie with the same rows`,
    limit: BULK_SHARE,
    compare: 'at least',
    limitText: `${BULK_SHARE} x`,
    read: (results) => findingOver(results, 'browser-bulk', metric, [subject, over]),
  });
  return [bulk('many', 'bulk save'), bulk('atomic', 'bulk save, all or nothing')];
}

function bulkAheadOf(whom: string, isMeant: (peer: Subject) => boolean): Budget {
  return {
    title: `granary-idb ahead of ${whom}: bulk save`,
    limit: 1,
    compare: 'at least',
    limitText: '1 x',
    read(results) {
      const saves = results
        .filter(({ name }) => name === 'browser-bulk')
        .map((result) => ({
          ...result,
          rows: result.rows.filter(({ subject }) => subject.kind !== 'peer' || isMeant(subject)),
        }));
      return worstAgainstPeers(saves, 'granary-idb', 'many');
    },
  };
}

function itemBudget(metric: string, limit: number, title: string): Budget {
  return {
    title: `browser ${title} at 10,000 items, p95`,
    limit,
    compare: 'at most',
    limitText: `${limit} ms`,
    read(results) {
      const times = rowOf(resultOf(results, 'browser-items'), 'granary-idb')?.distributions[metric];
      return times && { value: times.p95, text: formatValue(times.p95, 'ms') };
    },
  };
}

function streamBudgets(subject: string, bare: string, where: string): Budget[] {
  const speed = (metric: string): Budget => ({
    title: `100 MB streamed ${metric}, ${where}, over the bare calls`,
    limit: STREAM_SHARE,
    compare: 'at least',
    limitText: `${STREAM_SHARE} x`,
    read: (results) => findingOver(results, 'browser-stream', metric, [subject, bare]),
  });
  const memory = (metric: string): Budget => ({
    title: `100 MB streamed ${metric}, ${where}, memory of the browser over idle`,
    limit: MAX_STREAM_BYTES,
    compare: 'at most',
    limitText: `${MAX_STREAM_BYTES / MIB} MiB`,
    read: (results) => memoryFinding(results, `${metric}Bytes`, subject, bare),
  });
  return [speed('in'), speed('out'), memory('in'), memory('out')];
}

function memoryFinding(
  results: readonly WorkloadResult[],
  metric: string,
  subject: string,
  bare: string,
): Finding | undefined {
  const result = resultOf(results, 'browser-stream');
  const bytesOf = (id: string) => {
    const values = rowOf(result, id)?.values[metric] ?? [];
    return values.length === 0 ? undefined : median(values);
  };
  const value = bytesOf(subject);
  const other = bytesOf(bare);
  return value === undefined
    ? undefined
    : {
        value,
        text: formatMebibytes(value),
        ...(other !== undefined && { against: `the bare calls: ${formatMebibytes(other)}` }),
      };
}
