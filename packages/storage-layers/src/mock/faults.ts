import { type ErrorCode, matchesPattern, StorageError } from '@granary/storage-core/provider';

/** Operations by the names that errors give them; `*` is every one. */
export type MockOperation =
  | '*'
  | 'open'
  | 'get'
  | 'put'
  | 'stat'
  | 'delete'
  | 'list'
  | 'candidates'
  | 'putMany'
  | 'getMany'
  | 'statMany'
  | 'deleteMany'
  | 'copy'
  | 'move'
  | 'setMetadata'
  | 'upload'
  | 'upload.status'
  | 'upload.write'
  | 'upload.complete'
  | 'upload.abort'
  | 'uploads'
  | 'presign'
  | 'publicUrl'
  | 'versions.list'
  | 'versions.restore'
  | 'objectTags.get'
  | 'objectTags.set'
  | 'watch'
  | 'changes'
  | 'usage'
  | 'health'
  | 'close';

/** Operations that a script can make fail. `publicUrl` makes no request, and closing always works. */
export type FaultyOperation = Exclude<MockOperation, 'publicUrl' | 'close'>;

/** What goes wrong, and when. Without any of these the next call fails with `unavailable`. */
export interface FaultOptions {
  /** Calls that fail. Default: 1. */
  readonly times?: number;
  /** Calls that pass before. Default: 0. */
  readonly after?: number;
  /** Code of the error, or the error itself. Default: `unavailable`. */
  readonly with?: ErrorCode | Error;
  /**
   * Only calls on these keys: a pattern in which `*` stands for anything, or an expression. In a
   * batch, only the items with such keys fail. A listing has its prefix as its key.
   */
  readonly key?: string | RegExp;
  /** What the error asks to wait. Units: ms. */
  readonly retryAfterMs?: number;
  /** The effect happens, and then its answer is lost: the error says `outcome: 'unknown'`. */
  readonly lost?: boolean;
  /** No answer comes until the signal is aborted or the mock is reset. With `cutAfterBytes`, the body stalls. */
  readonly hang?: boolean;
  /**
   * The body breaks off: that of a `get` while it is read, that of a `put` before it is stored.
   * Other calls that `*` meets fail as a whole. Units: bytes.
   */
  readonly cutAfterBytes?: number;
  /** The page of a `list` that fails, from 1. Default: the first. */
  readonly page?: number;
}

/** A scripted fault. */
export interface Fault {
  /** Calls that it failed so far. */
  readonly hits: number;
  /** Ends it before its time. */
  remove(): void;
}

/** One call, for choosing its fault. */
export interface FaultTarget {
  readonly operation: MockOperation;
  readonly keys: readonly string[];
  /** Of a listing, from 1. */
  readonly page: number;
  /** Looks at faults of single items alone, or at all others alone. */
  readonly ofItem: boolean;
}

export interface FaultScript {
  add(operation: FaultyOperation, options: FaultOptions): Fault;
  /** The fault that meets this call, which is counted. */
  next(target: FaultTarget): FaultOptions | undefined;
  clear(): void;
}

interface Scripted {
  readonly operation: FaultyOperation;
  readonly options: FaultOptions;
  passed: number;
  hits: number;
}

const WITH_BODY: ReadonlySet<MockOperation> = new Set(['*', 'get', 'put']);
const WITH_PAGES: ReadonlySet<MockOperation> = new Set(['*', 'list']);
const BATCHES: ReadonlySet<MockOperation> = new Set([
  'putMany',
  'getMany',
  'statMany',
  'deleteMany',
]);

export function faultScript(): FaultScript {
  const faults = new Set<Scripted>();

  return {
    add(operation, options) {
      checkFault(operation, options);
      const scripted: Scripted = { operation, options, passed: 0, hits: 0 };
      faults.add(scripted);
      return {
        get hits() {
          return scripted.hits;
        },
        remove: () => void faults.delete(scripted),
      };
    },

    next(target) {
      for (const scripted of faults) {
        const { after = 0, times = 1 } = scripted.options;
        if (!meets(scripted, target)) continue;
        if (scripted.passed < after) {
          scripted.passed += 1;
          continue;
        }
        scripted.hits += 1;
        if (scripted.hits >= times) faults.delete(scripted);
        return scripted.options;
      }
      return undefined;
    },

    clear: () => faults.clear(),
  };
}

/** The error of a fault; that of a write says whether it was applied. */
export function faultError(fault: FaultOptions, isWrite: boolean): Error {
  const { with: what = 'unavailable', retryAfterMs, lost } = fault;
  if (typeof what !== 'string') return what;
  return new StorageError(what, lost ? 'the mock lost the answer.' : 'the mock was told to fail.', {
    retryAfterMs,
    ...(isWrite && { outcome: lost ? 'unknown' : 'not-applied' }),
  });
}

function meets({ operation, options }: Scripted, target: FaultTarget): boolean {
  if (operation !== '*' && operation !== target.operation) return false;
  const { key, page = 1 } = options;
  if (page !== target.page) return false;
  if (BATCHES.has(target.operation) && target.ofItem !== (key !== undefined)) return false;
  return key === undefined || target.keys.some((each) => matches(key, each));
}

function matches(pattern: string | RegExp, key: string): boolean {
  if (typeof pattern !== 'string') return key.search(pattern) >= 0;
  return matchesPattern(pattern, key);
}

function checkFault(operation: FaultyOperation, options: FaultOptions): void {
  const { times, after, page, cutAfterBytes, retryAfterMs } = options;
  checkNumber('times', times, 1);
  checkNumber('after', after, 0);
  checkNumber('page', page, 1);
  checkNumber('cutAfterBytes', cutAfterBytes, 0);
  checkNumber('retryAfterMs', retryAfterMs, 0);
  if (options.lost && (options.hang || cutAfterBytes !== undefined)) {
    throw refusal('a fault with `lost` has neither `hang` nor `cutAfterBytes`.');
  }
  if (cutAfterBytes !== undefined && !WITH_BODY.has(operation)) {
    throw refusal(`${operation} has no body that can break off; get and put have.`);
  }
  if (page !== undefined && !WITH_PAGES.has(operation)) {
    throw refusal(`${operation} has no pages; list has.`);
  }
}

/** Refuses an option of a mock that makes no sense. Errors: `invalid-argument`. */
export function checkNumber(
  name: string,
  value: number | undefined,
  least: number,
  most: number = Number.POSITIVE_INFINITY,
): void {
  if (value === undefined || (value >= least && value <= most)) return;
  const range = most === Number.POSITIVE_INFINITY ? `at least ${least}` : `${least} to ${most}`;
  throw refusal(`${name} of a mock is ${range}, not ${value}.`);
}

function refusal(reason: string): StorageError {
  return new StorageError('invalid-argument', reason);
}
