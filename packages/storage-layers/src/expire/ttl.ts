import { bestPattern, StorageError } from '@granary/storage-core/provider';

/** How long items live, for every key or by key pattern. Units: ms. */
export type TimeToLive = number | Readonly<Record<string, number>>;

/**
 * Makes a function that tells how long an item of a key lives: by the key itself, else by the
 * matching pattern with the most characters. Errors: `invalid-config`.
 */
export function ttlFinder(ttl: TimeToLive | undefined): (key: string) => number | undefined {
  const byPattern = typeof ttl === 'number' ? { '*': ttl } : (ttl ?? {});
  const patterns = Object.keys(byPattern);
  for (const pattern of patterns) {
    const spanMs = byPattern[pattern];
    if (Number.isFinite(spanMs) && Number(spanMs) > 0) continue;
    throw new StorageError(
      'invalid-config',
      `ttl of ${JSON.stringify(pattern)} is a number of ms above 0, not ${String(spanMs)}.`,
    );
  }
  return (key) => {
    const pattern = bestPattern(patterns, key);
    return pattern === undefined ? undefined : byPattern[pattern];
  };
}
