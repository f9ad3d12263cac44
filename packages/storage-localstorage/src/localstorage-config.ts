import { type ConfigSource, readOptions } from '@granary/storage-core/provider';
import type { LocalStorageOptions } from './localstorage-provider.ts';

/** `localstorage:?namespace=my-app`, or `localstorage://my-app`. Errors: `invalid-config`. */
export function localStorageFromConfig(source: ConfigSource): LocalStorageOptions {
  return readOptions(source, {
    namespace: { type: 'string', from: 'host' },
    maxObjectBytes: { type: 'number' },
    maxTotalBytes: { type: 'number' },
  });
}
