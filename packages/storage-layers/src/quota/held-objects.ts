import {
  isStorageError,
  type OperationOptions,
  type StorageProvider,
  toStorageError,
} from '@granary/storage-core/provider';
import type { UsageCounter } from './usage-counter.ts';
import { waitFor } from './wait-for.ts';

/** Most keys whose sizes are kept in memory; of others the size is asked for before they change. */
const MOST_KNOWN = 100_000;
/** Sizes that are asked for at once. */
const CONCURRENCY = 16;

/** Settings of {@link heldObjects}. */
export interface HeldObjectsSettings {
  readonly provider: StorageProvider;
  readonly counter: UsageCounter;
  /** Where the first count comes from. */
  readonly count: 'listing' | 'usage';
  /** Age from which on everything is counted anew. Units: ms. */
  readonly recountAfterMs: number;
  readonly mostKnown?: number | undefined;
  readonly now: () => number;
}

/** Knows how large the objects are that a layer changes. */
export interface HeldObjects {
  /** Counts everything, unless that was done already, and settles what is in doubt. */
  ready(options: OperationOptions): Promise<void>;
  /**
   * Runs a change of these objects, with their sizes known. When it fails and nobody knows whether it
   * was applied, or when others changed one of them meanwhile, its size is asked for before it
   * counts again; until then the larger size counts. What `source` holds is copied: it and writes of
   * that key wait for one another, so that as many bytes arrive as were made room for.
   */
  change<Result>(
    keys: readonly string[],
    options: OperationOptions,
    run: () => Promise<Result>,
    source?: string,
  ): Promise<Result>;
  /** Size of an object, in a change of it; `undefined` when there is none. */
  sizeOf(key: string): number | undefined;
  /** Whether an object may be smaller than `sizeOf` says, or not be there. */
  isDoubted(key: string): boolean;
  /** An object has this size now. */
  count(key: string, sizeBytes: number | undefined): void;
  /** An object may have grown to this size. */
  doubt(key: string, sizeBytes?: number): void;
}

/** Changes of one object that are on their way. */
interface Flight {
  count: number;
  /** Another one began while one was running. */
  isShared: boolean;
  /** The object is copied, so nothing else may change it. */
  isCopied: boolean;
  readonly ended: Promise<void>;
  readonly end: () => void;
}

export function heldObjects(settings: HeldObjectsSettings): HeldObjects {
  const { provider, counter, recountAfterMs, now } = settings;
  const { mostKnown = MOST_KNOWN } = settings;
  /** `undefined`: known not to be there. */
  let sizes = new Map<string, number | undefined>();
  /** Every object is in `sizes`, so what is not there does not exist. */
  let isComplete = false;
  let counting: Promise<void> | undefined;
  let countedAtMs = Number.NEGATIVE_INFINITY;
  /** Keys that changed while everything is counted. */
  let changed: Set<string> | undefined;
  const flights = new Map<string, Flight>();
  const doubted = new Set<string>();

  function know(key: string, sizeBytes: number | undefined): void {
    sizes.delete(key);
    if (isComplete && sizeBytes === undefined) return;
    sizes.set(key, sizeBytes);
    if (sizes.size <= mostKnown) return;
    for (const oldest of sizes.keys()) {
      if (flights.has(oldest)) continue;
      sizes.delete(oldest);
      isComplete = false;
      return;
    }
  }

  function count(key: string, sizeBytes: number | undefined): void {
    changed?.add(key);
    const before = sizes.get(key);
    const isSure = !flights.get(key)?.isShared;
    const after = isSure ? sizeBytes : largest(before, sizeBytes);
    counter.count(key, before, after);
    know(key, after);
    if (!isSure) doubted.add(key);
  }

  function doubt(key: string, sizeBytes?: number): void {
    changed?.add(key);
    const before = sizes.get(key);
    const after = largest(before, sizeBytes);
    counter.count(key, before, after);
    know(key, after);
    doubted.add(key);
  }

  function enter(key: string, isCopied = false): void {
    const flight = flights.get(key);
    if (flight === undefined) {
      const { promise: ended, resolve: end } = Promise.withResolvers<void>();
      flights.set(key, { count: 1, isShared: false, isCopied, ended, end });
    } else {
      flight.count += 1;
      flight.isShared = true;
    }
  }

  /** A change on its way that this one must wait for: nothing is changed while it is copied. */
  function inTheWay(keys: readonly string[], source: string | undefined): Flight | undefined {
    const isInTheWay = (key: string) => flights.get(key)?.isCopied || key === source;
    return flights.get(keys.find((key) => flights.has(key) && isInTheWay(key)) ?? '');
  }

  function leave(key: string): void {
    const flight = flights.get(key);
    if (flight === undefined) return;
    flight.count -= 1;
    if (flight.isShared) doubted.add(key);
    if (flight.count > 0) return;
    flights.delete(key);
    flight.end();
  }

  async function sizeBelow(key: string, options: OperationOptions): Promise<number | undefined> {
    try {
      return (await provider.stat(key, options)).size;
    } catch (error) {
      if (isStorageError(error, 'not-found')) return undefined;
      throw toStorageError(error).with({ outcome: 'not-applied' });
    }
  }

  /** Asks for a size that nobody knows. Only this change of the key may run. */
  async function learn(key: string, options: OperationOptions): Promise<void> {
    const size = await sizeBelow(key, options);
    // It was counted when it was known, or with everything; it is new to this process alone.
    if (!sizes.has(key)) know(key, size);
  }

  /** Asks for the sizes that are in doubt. What cannot be told now stays in doubt. */
  async function settle(options: OperationOptions): Promise<void> {
    const open = [...doubted].filter((key) => !flights.has(key));
    await inTurn(open, async (key) => {
      if (flights.has(key)) return;
      enter(key);
      try {
        const size = await sizeBelow(key, options);
        if (flights.get(key)?.isShared) return;
        doubted.delete(key);
        count(key, size);
      } catch {
        // The larger size goes on to count.
      } finally {
        leave(key);
      }
    });
  }

  async function countListing(): Promise<void> {
    const known = new Map<string, number>();
    const recount = counter.recount();
    let isAll = true;
    const take = (key: string, size: number) => {
      recount.add(key, size);
      if (known.size < mostKnown) known.set(key, size);
      else isAll = false;
    };
    for await (const { entries } of provider.list({})) {
      const unsized: string[] = [];
      for (const entry of entries) {
        if (entry.kind === 'item' && entry.size !== undefined) take(entry.key, entry.size);
        else unsized.push(entry.key);
      }
      await inTurn(unsized, async (key) => {
        const size = await sizeBelow(key, {});
        if (size !== undefined) take(key, size);
      });
    }
    recount.finish();
    sizes = known;
    isComplete = isAll;
  }

  async function countUsage(): Promise<void> {
    const { usedBytes = 0, objects = 0 } = (await provider.usage?.({})) ?? {};
    const recount = counter.recount();
    recount.addTotal({ bytes: usedBytes, objects });
    recount.finish();
    sizes = new Map();
    isComplete = false;
  }

  async function countAll(): Promise<void> {
    const touched = new Set<string>();
    changed = touched;
    try {
      const byUsage = settings.count === 'usage' && provider.usage !== undefined;
      await (byUsage ? countUsage() : countListing());
      countedAtMs = now();
      for (const key of flights.keys()) touched.add(key);
      // What changed meanwhile may be in the count or not.
      for (const key of touched) doubted.add(key);
      for (const flight of flights.values()) flight.isShared = true;
    } finally {
      changed = undefined;
      counting = undefined;
    }
  }

  async function ready(options: OperationOptions): Promise<void> {
    if (counting === undefined && now() - countedAtMs >= recountAfterMs) {
      counting = countAll();
      counting.catch(() => {});
    }
    if (counting !== undefined) {
      await waitFor(counting, options.signal).catch((error: unknown) => {
        throw toStorageError(error, {}, options.signal).with({ outcome: 'not-applied' });
      });
    }
    if (doubted.size > 0) await settle(options);
  }

  return {
    ready,
    async change(keys, options, run, source) {
      await ready(options);
      const distinct = [...new Set(keys)];
      // The last look and the entering are one step.
      for (let other = inTheWay(distinct, source); other; other = inTheWay(distinct, source)) {
        await waitFor(other.ended, options.signal);
      }
      for (const key of distinct) enter(key, key === source);
      try {
        const unknown = isComplete ? [] : distinct.filter((key) => !sizes.has(key));
        if (unknown.length > 0) await inTurn(unknown, (key) => learn(key, options));
        return await run();
      } finally {
        for (const key of distinct) leave(key);
      }
    },
    sizeOf: (key) => sizes.get(key),
    isDoubted: (key) => doubted.has(key),
    count,
    doubt,
  };
}

function largest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.max(one, other);
}

/** Runs a step for every key, a bounded number at once. */
async function inTurn(
  keys: readonly string[],
  step: (key: string) => Promise<void>,
): Promise<void> {
  const rest = keys.values();
  const lanes = Array.from({ length: Math.min(CONCURRENCY, keys.length) }, async () => {
    for (const key of rest) await step(key);
  });
  await Promise.all(lanes);
}
