import {
  type AnyEngine,
  isStorageError,
  type OperationOptions,
  providerOf,
  StorageError,
  type StorageProvider,
  type StoredObject,
  toStorageError,
} from '@granary/storage-core/provider';
import { chunksOf } from '../compress/chunks.ts';
import { damaged, expectedOf, sumOfObject } from './checksum.ts';
import { upInfo } from './kept-checksums.ts';
import { type Repairer, repairer } from './repair.ts';

/** How often an object is read again that changes while it is read. */
const MOST_TRIES = 4;
const CONCURRENCY = 4;

/** Where right content comes from. */
export interface RepairOptions {
  /** A second copy: a storage that holds the same objects under the same keys. It is not closed. */
  readonly from: AnyEngine | StorageProvider;
}

/** Options of {@link verifyStore}. */
export interface VerifyOptions extends OperationOptions {
  /** Checks only keys that start with this. Default: all. */
  readonly prefix?: string;
  /** Replaces what is damaged. Default: it is only told. */
  readonly repair?: RepairOptions;
  /** Objects that are read at once. Default: 4. */
  readonly concurrency?: number;
  /** Told after each object. */
  readonly onProgress?: (report: VerifyReport) => void;
}

/** Numbers of objects. All but `checked` and `bytes` add up to `checked`. */
export interface VerifyReport {
  readonly checked: number;
  readonly ok: number;
  /** Read in full, and nothing to compare with: written by other programs, or edited outside where attributes are companions. */
  readonly withoutChecksum: number;
  /** Not what was written, and still so. */
  readonly damaged: number;
  /** Were damaged, and are right again. */
  readonly repaired: number;
  /** Could not be read for another reason. */
  readonly unreadable: number;
  /** Units: bytes of content that were read in full. */
  readonly bytes: number;
}

/** An object about which there is something to say. */
export interface VerifyFinding {
  readonly key: string;
  readonly status: 'without-checksum' | 'damaged' | 'repaired' | 'unreadable';
  /** The checksum that it should have. */
  readonly expected?: string;
  /** The checksum that it had. */
  readonly actual?: string;
  /** Why it is unreadable or damaged, or what repairing it failed with. */
  readonly error?: Error;
}

/**
 * A check of a store. `await` it for the report, or `for await` it for the findings, one by one, in
 * no order. Each use is a new walk; it keeps nothing in memory but what is being read.
 */
export interface StoreCheck extends PromiseLike<VerifyReport>, AsyncIterable<VerifyFinding> {}

type Verdict =
  | (VerifyFinding & { readonly bytes?: number })
  | { readonly key: string; readonly status: 'ok'; readonly bytes: number }
  | { readonly key: string; readonly status: 'gone' };

/**
 * Reads everything in a store and compares it with the checksums that it was written with: SHA-256 in
 * `info.checksums`, as {@link createVerified} and `checksum: true` keep them. What has none is read to its
 * end as well, so that a layer that verifies by itself, such as encryption, tells of damage. With
 * `repair`, damaged objects are replaced from a second copy that has the right content, unless somebody
 * wrote them meanwhile. What changes during the walk is read again; what is deleted is left out.
 * Errors: those of the listing; `aborted`. Trouble with single objects is a finding.
 */
export function verifyStore(
  storage: AnyEngine | StorageProvider,
  options: VerifyOptions = {},
): StoreCheck {
  const provider = providerOf(storage);
  const { concurrency = CONCURRENCY, repair, onProgress } = options;
  if (!(Number.isSafeInteger(concurrency) && concurrency >= 1)) {
    throw new StorageError('invalid-argument', 'concurrency is not a positive whole number.');
  }
  const mends =
    repair && repairer({ below: provider, from: providerOf(repair.from), onRepair: undefined });

  async function* walk(): AsyncGenerator<VerifyFinding, VerifyReport, undefined> {
    const stopped = new AbortController();
    const signal = options.signal
      ? AbortSignal.any([options.signal, stopped.signal])
      : stopped.signal;
    const running = new Map<string, Promise<Verdict>>();
    let report = EMPTY;

    function take(verdict: Verdict): VerifyFinding | undefined {
      running.delete(verdict.key);
      if (verdict.status === 'gone') return undefined;
      report = added(report, verdict);
      onProgress?.(report);
      if (verdict.status === 'ok') return undefined;
      const { bytes: _bytes, ...finding } = verdict;
      return finding;
    }

    try {
      const { prefix } = options;
      for await (const { entries } of provider.list({ ...(prefix && { prefix }), signal })) {
        for (const { key } of entries) {
          while (running.size >= concurrency) {
            const finding = take(await Promise.race(running.values()));
            if (finding) yield finding;
          }
          const checking = check(provider, mends, key, signal);
          // It may fail while a finding is being looked at.
          checking.catch(() => {});
          running.set(key, checking);
        }
      }
      while (running.size > 0) {
        const finding = take(await Promise.race(running.values()));
        if (finding) yield finding;
      }
      return report;
    } finally {
      stopped.abort();
      await Promise.allSettled(running.values());
    }
  }

  async function report(): Promise<VerifyReport> {
    const findings = walk();
    for (;;) {
      const step = await findings.next();
      if (step.done) return step.value;
    }
  }

  return {
    // biome-ignore lint/suspicious/noThenProperty: to be awaited is what it is for
    then: (onFulfilled, onRejected) => report().then(onFulfilled, onRejected),
    async *[Symbol.asyncIterator]() {
      yield* walk();
    },
  };
}

const EMPTY: VerifyReport = {
  checked: 0,
  ok: 0,
  withoutChecksum: 0,
  damaged: 0,
  repaired: 0,
  unreadable: 0,
  bytes: 0,
};

const COUNTED = {
  ok: 'ok',
  'without-checksum': 'withoutChecksum',
  damaged: 'damaged',
  repaired: 'repaired',
  unreadable: 'unreadable',
} as const satisfies Record<string, keyof VerifyReport>;

function added(
  report: VerifyReport,
  { status, bytes = 0 }: Exclude<Verdict, { readonly status: 'gone' }>,
): VerifyReport {
  const name = COUNTED[status];
  return {
    ...report,
    checked: report.checked + 1,
    [name]: report[name] + 1,
    bytes: report.bytes + bytes,
  };
}

async function check(
  provider: StorageProvider,
  mends: Repairer | undefined,
  key: string,
  signal: AbortSignal,
): Promise<Verdict> {
  for (let tries = 1; ; tries += 1) {
    try {
      return labeled(provider, await checkOnce(provider, mends, key, signal));
    } catch (error) {
      if (signal.aborted) throw error;
      if (isStorageError(error, 'not-found')) return { key, status: 'gone' };
      // It was written while it was read.
      if (isStorageError(error, 'conflict') && error.retryable && tries < MOST_TRIES) continue;
      return labeled(provider, { key, status: 'unreadable', error: toStorageError(error) });
    }
  }
}

/** The verdict with an error that says what it is about. */
function labeled({ name }: StorageProvider, verdict: Verdict): Verdict {
  if (!('error' in verdict) || verdict.error === undefined) return verdict;
  const place = { provider: name, operation: 'verify', key: verdict.key };
  return { ...verdict, error: toStorageError(verdict.error, place) };
}

async function checkOnce(
  provider: StorageProvider,
  mends: Repairer | undefined,
  key: string,
  signal: AbortSignal,
): Promise<Verdict> {
  let object: StoredObject | undefined;
  let failure: StorageError | undefined;
  let actual: string | undefined;
  try {
    object = await provider.get(key, { signal });
  } catch (error) {
    if (!isStorageError(error, 'corrupted')) throw error;
    failure = error;
  }
  // What cannot be opened may still tell what it should be.
  const info = object?.info ?? (await provider.stat(key, { signal }).catch(() => undefined));
  const expected = info && expectedOf(upInfo(info));
  if (object !== undefined) {
    const opened = object;
    try {
      if (expected === undefined) {
        const bytes = await readThrough(opened);
        return { key, status: 'without-checksum', bytes };
      }
      actual = await sumOfObject(
        opened.info.size,
        () => opened.bytes(),
        () => chunksOf(() => opened.stream()),
      );
    } catch (error) {
      if (!isStorageError(error, 'corrupted')) throw error;
      failure = error;
    }
  }
  if (actual !== undefined && actual === expected) {
    return { key, status: 'ok', bytes: object?.info.size ?? 0 };
  }
  const found = { key, ...(expected !== undefined && { expected }), ...(actual && { actual }) };
  if (expected === undefined || info === undefined) {
    return { ...found, status: 'damaged', ...(failure && { error: failure }) };
  }
  if (mends === undefined) {
    return { ...found, status: 'damaged', error: failure ?? damaged(expected, actual) };
  }
  try {
    const { written, error } = await mends.repair(info, expected, { signal });
    if (written) return { ...found, status: 'repaired' };
    // Another write took its place, which is looked at by itself.
    if (isStorageError(error, 'precondition-failed')) throw rewritten(error);
    return { ...found, status: 'damaged', ...(error && { error }) };
  } catch (error) {
    if (!isStorageError(error, 'corrupted')) throw error;
    return { ...found, status: 'damaged', error };
  }
}

/** Reads content to its end. Units: bytes. */
async function readThrough(object: StoredObject): Promise<number> {
  const chunks = chunksOf(() => object.stream());
  let bytes = 0;
  for (let chunk = await chunks.next(); chunk !== undefined; chunk = await chunks.next()) {
    bytes += chunk.byteLength;
  }
  return bytes;
}

function rewritten(cause: unknown): StorageError {
  return new StorageError('conflict', 'the object was written while it was checked.', {
    retryable: true,
    cause,
  });
}
