import {
  isStorageError,
  type OperationOptions,
  StorageError,
} from '@granary/storage-core/provider';
import { interruptible, type MockClock, systemClock } from './clock.ts';
import {
  checkNumber,
  type Fault,
  type FaultOptions,
  type FaultyOperation,
  faultError,
  faultScript,
  type MockOperation,
} from './faults.ts';
import { seededRandom } from './random.ts';

const MAX_LOGGED_CALLS = 10_000;

/** How a mock behaves without a script. */
export interface MockOptions {
  /** Wait before every call, and before every page of a listing. Units: ms. Default: 0. */
  readonly latency?: number;
  /** Share of calls that fail with `unavailable`, 0 to 1. Default: 0. */
  readonly failureRate?: number;
  /** Share of those failures whose effect happens, 0 to 1: only the answer is lost. Default: 0. */
  readonly lostRate?: number;
  /** Bytes that fit; a write beyond fails with `quota-exceeded`. Units: bytes. Default: no limit. */
  readonly quotaLimit?: number;
  /** Wait before every chunk of a body, read or written. Units: ms. Default: 0. */
  readonly chunkDelay?: number;
  /** Largest chunk of a body that is slow or breaks off. Units: bytes. Default: 64 KiB. */
  readonly chunkBytes?: number;
  /** Where the random failures follow from: the same seed and calls, the same failures. Default: 1. */
  readonly seed?: number;
  /** Default: the machine's. Tests pass a `fakeClock()`. */
  readonly clock?: MockClock;
}

/** A call that a mock got. */
export interface MockCall {
  readonly operation: MockOperation;
  /** The keys it was about; a listing has its prefix here. */
  readonly keys: readonly string[];
  /** What it was called with. */
  readonly options: Readonly<Record<string, unknown>>;
  /** When, by the mock's clock. Units: ms since 1970. */
  readonly atMs: number;
  /** How it went: `ok`, the code of its error, or `pending`. */
  readonly result: string;
}

/** Tells a mock what to do, and what it was asked to do. */
export interface MockControl {
  /** Scripts a fault. Faults of one operation come in the order they were scripted in. */
  fail(operation: FaultyOperation, fault?: FaultOptions): Fault;
  /** The calls so far, the last 10,000 of them. Default: of every operation. */
  calls(operation?: MockOperation): readonly MockCall[];
  /** Forgets faults and calls, lets hanging calls fail, and starts the random numbers anew. Objects stay. */
  reset(): void;
  readonly clock: MockClock;
}

/** What a call is about. */
export interface CallSite {
  readonly operation: MockOperation;
  readonly keys?: readonly string[];
  readonly options?: OperationOptions;
  /** Further arguments, for the log. */
  readonly details?: Readonly<Record<string, unknown>>;
  readonly page?: number;
  /** Its errors tell an outcome. */
  readonly writes?: boolean;
  /** It can break off in the middle of its body. */
  readonly hasBody?: boolean;
}

/** What every operation of a mock goes through. */
export interface MockGate {
  readonly control: MockControl;
  /** Logs, waits, fails as scripted or by chance, and else runs the effect, which gets a fault of its body. */
  run<Result>(
    site: CallSite,
    effect: (bodyFault: FaultOptions | undefined) => Promise<Result>,
  ): Promise<Result>;
  /** The fault that is scripted for one item of a batch. */
  itemFault(operation: MockOperation, key: string): FaultOptions | undefined;
  /** Waits until the signal is aborted or the mock is reset, and fails. */
  hang(signal: AbortSignal | undefined): Promise<never>;
  /** Logs a call that nothing can go wrong with. */
  note(site: CallSite): void;
}

export function mockGate(options: MockOptions): MockGate {
  const { latency = 0, failureRate = 0, lostRate = 0, seed = 1, clock = systemClock } = options;
  checkNumber('latency', latency, 0);
  checkNumber('failureRate', failureRate, 0, 1);
  checkNumber('lostRate', lostRate, 0, 1);
  checkNumber('quotaLimit', options.quotaLimit, 0);
  checkNumber('chunkDelay', options.chunkDelay, 0);
  checkNumber('chunkBytes', options.chunkBytes, 1);
  const script = faultScript();
  const hanging = new Set<() => void>();
  let random = seededRandom(seed);
  let log: { -readonly [Field in keyof MockCall]: MockCall[Field] }[] = [];

  function begin({ operation, keys = [], options, details }: CallSite): (result: string) => void {
    const call = {
      operation,
      keys,
      options: { ...options, ...details },
      atMs: clock.now(),
      result: 'pending',
    };
    log.push(call);
    if (log.length > 2 * MAX_LOGGED_CALLS) log = log.slice(-MAX_LOGGED_CALLS);
    return (result) => {
      call.result = result;
    };
  }

  function nextFault({ operation, keys = [], page = 1 }: CallSite): FaultOptions | undefined {
    const scripted = script.next({ operation, keys, page, ofItem: false });
    if (scripted !== undefined || failureRate === 0 || random() >= failureRate) return scripted;
    return lostRate > 0 && random() < lostRate ? { lost: true } : {};
  }

  async function hang(signal: AbortSignal | undefined): Promise<never> {
    await interruptible(signal, (wake) => {
      hanging.add(wake);
      return () => hanging.delete(wake);
    });
    throw new StorageError('unavailable', 'the mock was reset while this call hung.');
  }

  async function play<Result>(
    site: CallSite,
    effect: (bodyFault: FaultOptions | undefined) => Promise<Result>,
  ): Promise<Result> {
    const fault = nextFault(site);
    const signal = site.options?.signal;
    if (latency > 0) await clock.sleep(latency, signal);
    if (fault === undefined) return effect(undefined);
    if (site.hasBody && fault.cutAfterBytes !== undefined) return effect(fault);
    if (fault.hang) return hang(signal);
    if (fault.lost) await letGo(await effect(undefined));
    throw faultError(fault, site.writes ?? false);
  }

  return {
    control: {
      fail: (operation, fault = {}) => script.add(operation, fault),
      calls(operation = '*') {
        const wanted = log.filter((call) => operation === '*' || call.operation === operation);
        return wanted.slice(-MAX_LOGGED_CALLS).map((call) => ({ ...call }));
      },
      reset() {
        script.clear();
        log = [];
        random = seededRandom(seed);
        for (const wake of [...hanging]) wake();
        hanging.clear();
      },
      clock,
    },

    async run(site, effect) {
      const end = begin(site);
      try {
        const result = await play(site, effect);
        end('ok');
        return result;
      } catch (error) {
        end(isStorageError(error) ? error.code : 'unknown');
        throw error;
      }
    },

    itemFault: (operation, key) => script.next({ operation, keys: [key], page: 1, ofItem: true }),
    hang,
    note: (site) => begin(site)('ok'),
  };
}

/** A body or a watcher that nobody will get is closed. */
async function letGo(result: unknown): Promise<void> {
  if (typeof result === 'object' && result !== null && Symbol.asyncDispose in result) {
    await (result as AsyncDisposable)[Symbol.asyncDispose]();
  }
}
