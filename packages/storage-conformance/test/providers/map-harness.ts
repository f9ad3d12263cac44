import { StorageError, type StorageProvider } from '@granary/storage-core/provider';
import type { Fault, Harness, OpenStore } from '../../src/harness.ts';
import { relay } from '../../src/relay.ts';
import { mapProvider } from './map-provider.ts';
import { type MapStore, mapStore } from './map-store.ts';

const FAULTS: readonly Fault[] = [
  ...([
    'unavailable',
    'second-page',
    'ignore-range',
    'cut-body',
    'last-step-of-write',
    'lost-reply',
  ] as const),
];

/** How a harness over the map differs from the plain one. */
export interface MapHarnessOptions {
  readonly name?: string;
  readonly serverUrl?: string;
  /** Put around the raw provider. */
  readonly wrap?: (provider: StorageProvider, store: MapStore) => StorageProvider;
  readonly layer?: (inner: StorageProvider) => StorageProvider;
  readonly isView?: boolean;
  readonly knownGaps?: Harness['knownGaps'];
  readonly timeoutMs?: number;
  /** Leaves out what lets the harness reach behind the provider. */
  readonly bare?: boolean;
}

/** A harness over the map provider, with everything that a harness can offer. */
export function mapHarness(options: MapHarnessOptions = {}): Harness {
  const { name = 'map', wrap = (provider) => provider, layer } = options;
  return {
    name,
    ...(layer && { layer, isView: options.isView ?? false }),
    ...(options.knownGaps && { knownGaps: options.knownGaps }),
    ...(options.timeoutMs !== undefined && { timeoutMs: options.timeoutMs }),
    create(): OpenStore {
      const { serverUrl = 'http://127.0.0.1:9' } = options;
      const store = mapStore();
      const open = () => wrap(mapProvider(store, { serverUrl }), store);
      if (options.bare === true) return { provider: open() };
      return {
        provider: open(),
        reopen: open,
        outside: {
          requests: () => store.requests,
          held: () => store.held,
          advance(ms) {
            store.aheadMs += ms;
          },
          fault(fault) {
            store.fault = fault;
            return fault === undefined || FAULTS.includes(fault);
          },
          leftovers: () => [],
          intact: () => true,
          missing: () => wrap(missing(mapProvider(mapStore(), { serverUrl })), store),
          small: (capacityBytes) =>
            wrap(mapProvider(mapStore(capacityBytes), { serverUrl }), store),
          secrets: [store.secret],
        },
      };
    },
  };
}

/** A provider over a store that is not there. */
function missing(provider: StorageProvider): StorageProvider {
  const refuse = async (): Promise<never> => {
    throw new StorageError('store-not-found', 'there is no such store.');
  };
  return relay(provider, {
    get: refuse,
    put: refuse,
    stat: refuse,
    delete: refuse,
    // biome-ignore lint/correctness/useYield: it fails before its first page
    async *list() {
      await refuse();
    },
  });
}
