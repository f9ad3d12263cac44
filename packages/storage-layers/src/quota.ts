import {
  defineLayer,
  type LayerFactory,
  StorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { heldObjects } from './quota/held-objects.ts';
import { quotaLayer } from './quota/layer.ts';
import {
  type CountedLimit,
  type QuotaLimit,
  type QuotaNear,
  usageCounter,
} from './quota/usage-counter.ts';

export type { QuotaLimit, QuotaNear } from './quota/usage-counter.ts';

const NEAR_SHARE = 0.9;

/** Options of {@link createLimited}. */
export interface QuotaOptions extends QuotaLimit {
  /**
   * Limits of some keys, by pattern, in which `*` stands for anything: `{ 'users/42/*': { maxBytes:
   * 1_000_000 } }`. A key has to fit every limit that is about it.
   */
  readonly limits?: Readonly<Record<string, QuotaLimit>>;
  /**
   * Where the first count comes from: a walk over the listing, which is exact, or what the store
   * itself says is in use, one request that may count old versions and parts too. `limits` need the
   * listing. Default: `listing`.
   */
  readonly count?: 'listing' | 'usage';
  /**
   * Counts everything anew when a write comes that long after the last count: for stores that other
   * processes write to. Units: ms. Default: never.
   */
  readonly recountAfterMs?: number;
  /** Share of a limit from which on `onNear` is told. Default: 0.9. */
  readonly nearShare?: number;
  /** Told when a limit gets near: once, and again after it was not near meanwhile. */
  readonly onNear?: (near: QuotaNear) => void;
  /** The clock. Units: ms since 1970. Default: `Date.now`. */
  readonly now?: () => number;
}

function layer(provider: StorageProvider, options: QuotaOptions): StorageProvider {
  const { count = 'listing', recountAfterMs = Number.POSITIVE_INFINITY } = options;
  const { nearShare = NEAR_SHARE, onNear, limits = {}, now = Date.now } = options;
  const whole: CountedLimit = { ...pickLimit(options), pattern: '*' };
  const parts = Object.entries(limits).map(
    ([pattern, limit]): CountedLimit => ({ ...pickLimit(limit), pattern }),
  );
  for (const limit of [whole, ...parts]) checkLimit(limit);
  if (count !== 'listing' && count !== 'usage') throw invalid('count is "listing" or "usage".');
  if (count === 'usage' && parts.length > 0) {
    throw invalid('limits by key need count: "listing"; usage tells nothing about single keys.');
  }
  if (!(nearShare > 0 && nearShare <= 1)) throw invalid('nearShare is above 0 and at most 1.');
  if (!(recountAfterMs > 0)) throw invalid('recountAfterMs is a positive number.');
  const counter = usageCounter({
    limits: [whole, ...parts],
    hint: 'Delete objects or raise the limit.',
    nearShare,
    onNear,
  });
  const objects = heldObjects({ provider, counter, count, recountAfterMs, now });
  return quotaLayer({ below: provider, counter, objects });
}

/**
 * A storage that holds so much and no more: `createLimited({ underlying, maxBytes: 5_000_000_000,
 * limits: { 'users/42/*': { maxObjects: 1000 } } })`. A write that does not fit fails with
 * `quota-exceeded` before any request when its size is known; a stream breaks off at the limit, and
 * the old object stays. `usage()` tells the limit as `totalBytes`. Current objects count, and parts
 * of uploads that go through this storage; old versions do not.
 *
 * The first write counts what is there. All writers that share this storage are held to the limit
 * exactly; what other processes write is seen with the next count (`recountAfterMs`). It changes
 * neither bytes, keys nor attributes. It stands anywhere: right over the backend it counts what is
 * stored, above compression or encryption what the application gave. Presigning a `PUT` is
 * `unsupported`, since what is sent past this process cannot be counted.
 * Errors: `quota-exceeded` with `usage`, nothing applied; `invalid-argument` for options that make
 * no sense.
 */
export const createLimited: LayerFactory<QuotaOptions> = /* @__PURE__ */ defineLayer({
  name: 'limited',
  layer,
});

/** Holds a provider to limits: {@link createLimited} for the authors of stacks. */
export function withQuota(provider: StorageProvider, options: QuotaOptions): StorageProvider {
  return createLimited.provider(provider, options);
}

function pickLimit({ maxBytes, maxObjects }: QuotaLimit): QuotaLimit {
  return {
    ...(maxBytes !== undefined && { maxBytes }),
    ...(maxObjects !== undefined && { maxObjects }),
  };
}

function checkLimit({ pattern, maxBytes = 0, maxObjects = 0 }: CountedLimit): void {
  for (const [name, value] of Object.entries({ maxBytes, maxObjects })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw invalid(`${name} of ${JSON.stringify(pattern)} is not a whole number.`);
  }
}

function invalid(reason: string): StorageError {
  return new StorageError('invalid-argument', reason);
}
