import {
  defineLayer,
  type LayerFactory,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { expireLayer } from './expire/layer.ts';
import { type SweepSettings, sweeper } from './expire/sweeper.ts';
import { type TimeToLive, ttlFinder } from './expire/ttl.ts';

export type { SweepLock, SweepReport, SweepSettings } from './expire/sweeper.ts';
export type { TimeToLive } from './expire/ttl.ts';

/** Options of {@link createExpiring}. */
export interface ExpireOptions {
  /**
   * How long items live that are saved without `expiration`: for every key, or by key pattern, in which
   * `*` stands for anything; an exact key wins over patterns, and the pattern with the most characters
   * over others. Units: ms. Default: they do not expire.
   */
  readonly ttl?: TimeToLive;
  /**
   * Reading an item with a `ttl` gives it its whole time again when less than half of it is left. That
   * is a change of its attributes, so its etag may change by being read. Default: off.
   */
  readonly sliding?: boolean;
  /** Deletes expired items from time to time, from the first operation until `close`. Default: off. */
  readonly sweep?: SweepSettings;
  /** The clock; give it to the engine too. Units: ms since 1970. Default: `Date.now`. */
  readonly now?: () => number;
}

/**
 * A storage whose items expire by themselves: it gives them an expiration when they are saved without
 * one, and deletes them some time after. Every storage treats an expired item as absent, so nothing
 * depends on when the sweeper comes. A delete asks for the very item that expired, where the storage below
 * can: what is saved anew meanwhile stays.
 *
 * It changes no content. Put it over encryption, so that it sees the expirations, and over
 * `createShredding`, so that what it deletes is shredded.
 * Errors: `invalid-config` for options that make no sense, and when the storage below is opened, for what
 * it cannot do.
 */
export const createExpiring: LayerFactory<ExpireOptions> = /* @__PURE__ */ defineLayer({
  name: 'expiring',
  layer: expiringProvider,
});

/** Makes the items of a provider expire. See {@link createExpiring}. */
export function withExpire(provider: StorageProvider, options: ExpireOptions): StorageProvider {
  return createExpiring.provider(provider, options);
}

function expiringProvider(below: StorageProvider, options: ExpireOptions): StorageProvider {
  const { ttl, sliding = false, sweep, now = Date.now } = options;
  return expireLayer(below, {
    ttlOf: ttlFinder(ttl),
    sliding,
    sweeper: sweep && sweeper(below, sweep, now),
    now,
  });
}
