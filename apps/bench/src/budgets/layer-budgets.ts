import { median } from '../harness/statistics.ts';
import { formatValue } from '../report/format.ts';
import { type Budget, resultOf, rowOf } from './budget.ts';
import { findingOver, formatMebibytes, peakOverIdle, worstAgainstPeers } from './findings.ts';

/*
 * The budgets of layers: what encryption may cost, and the seeds' word for it.
 */

const CRYPTO_SHARE = 0.9;
const MAX_STREAM_BYTES = 64 * 1024 * 1024;
/** The seeds: encryption or decryption adds less than 100 ms, here to a whole MiB. */
const MAX_ADDED_MS = 100;
const NS_PER_MS = 1e6;

/** Every budget of layers that something in this benchmark measures. */
export const layerBudgets: readonly Budget[] = [
  ...['in', 'out'].flatMap((direction) => [overWebCrypto(direction), aheadOfPeers(direction)]),
  {
    title: '100 MiB streamed, encrypted, memory over idle',
    limit: MAX_STREAM_BYTES,
    compare: 'at most',
    limitText: '64 MiB',
    read(results) {
      const result = resultOf(results, 'encrypted-stream');
      const value = peakOverIdle(rowOf(result, 'granary-encrypted'));
      const bare = peakOverIdle(rowOf(result, 'raw-128k'));
      if (value === undefined) return undefined;
      return {
        value,
        text: formatMebibytes(value),
        ...(bare !== undefined && { against: `the bare calls: ${formatMebibytes(bare)}` }),
      };
    },
  },
  {
    title: 'range of an encrypted 1 GiB object, over reading and decrypting two segments',
    limit: 1,
    compare: 'at least',
    limitText: '1 x',
    read: (results) =>
      findingOver(results, 'encrypted-range', 'range', ['granary-encrypted', 'raw-128k']),
  },
  addedBudget('putTax', 'encryption adds to a put of 1 MiB'),
  addedBudget('getTax', 'decryption adds to a get of 1 MiB'),
];

function overWebCrypto(direction: string): Budget {
  return {
    title: `100 MiB streamed ${direction}, encrypted, over Web Crypto by hand in the same store`,
    limit: CRYPTO_SHARE,
    compare: 'at least',
    limitText: `${CRYPTO_SHARE} x`,
    read: (results) =>
      findingOver(results, 'encrypted-stream', direction, ['granary-encrypted', 'granary-by-hand']),
  };
}

function aheadOfPeers(direction: string): Budget {
  return {
    title: `100 MiB streamed ${direction}, encrypted, ahead of every peer`,
    limit: 1,
    compare: 'at least',
    limitText: '1 x',
    read(results) {
      const streams = results.filter(({ name }) => name === 'encrypted-stream');
      return worstAgainstPeers(streams, 'granary-encrypted', direction);
    },
  };
}

function addedBudget(metric: string, title: string): Budget {
  return {
    title,
    limit: MAX_ADDED_MS,
    compare: 'at most',
    limitText: `${MAX_ADDED_MS} ms`,
    read(results) {
      const row = rowOf(resultOf(results, 'layer-tax-1m'), 'encrypted');
      const values = row?.values[metric] ?? [];
      if (values.length === 0) return undefined;
      const value = median(values) / NS_PER_MS;
      return { value, text: formatValue(value, 'ms') };
    },
  };
}
