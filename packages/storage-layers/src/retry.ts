import {
  defineLayer,
  type LayerFactory,
  type RetryOptions,
  withRetry,
} from '@granary/storage-core/provider';

export type { RetryEvent, RetryOptions } from '@granary/storage-core/provider';
export { withRetry };

/**
 * A storage that tries again what may succeed then: the loop that every remote backend has
 * already, for one that has none. It goes below a cache and above a mock. It changes neither bytes,
 * keys nor attributes.
 */
export const createRetrying: LayerFactory<RetryOptions> = /* @__PURE__ */ defineLayer({
  name: 'retrying',
  layer: withRetry,
});
