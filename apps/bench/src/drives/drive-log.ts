/** One request that a service was sent. */
export interface DriveCall {
  readonly method: string;
  /** The host that the client meant; the benchmark's own where it was told another address. */
  readonly host: string;
  readonly path: string;
  /** How many calls are in it: more than one for a batch. */
  readonly parts: number;
}

/** What a piece of work sent to a service. */
export interface CallCount {
  /** Requests, those that sign in left out. */
  readonly calls: number;
  /** The same, a batch counted as what is in it, which is what limits of rate count. */
  readonly parts: number;
  /** Requests for tokens. */
  readonly signIns: number;
}

/** Addresses that give tokens: `/token` of Google, `/oauth2/v2.0/token` of Microsoft, `/oauth2/token` of Dropbox. */
const TOKEN_PATH = /^\/(?:[^?]*\/)?(?:oauth2\/(?:v2\.0\/)?)?token$/;

/** Counts requests by what they are for. */
export function countCalls(log: readonly DriveCall[]): CallCount {
  const work = log.filter(({ path }) => !TOKEN_PATH.test(path));
  return {
    calls: work.length,
    parts: work.reduce((sum, { parts }) => sum + parts, 0),
    signIns: log.length - work.length,
  };
}

/**
 * How many calls a request has in it: Google's batches are multipart, Microsoft's are JSON. A list of
 * names that a service takes in one call of its own, as `delete_batch` of Dropbox, is one.
 * https://developers.google.com/workspace/drive/api/guides/performance#batch-requests and
 * https://learn.microsoft.com/graph/json-batching, read 2026-11-21
 */
export function partsOf(path: string, body: Buffer): number {
  if (path.startsWith('/batch/')) {
    return body.toString('latin1').match(/^content-type: *application\/http/gim)?.length ?? 0;
  }
  if (!path.endsWith('/$batch')) return 1;
  const { requests = [] } = JSON.parse(body.toString()) as { requests?: readonly unknown[] };
  return requests.length;
}
