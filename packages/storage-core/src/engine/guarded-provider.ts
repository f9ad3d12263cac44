import type { StorageProvider } from '../contract/provider.ts';
import { guardProvider } from '../provider/guard-provider.ts';
import { withPrefix } from '../provider/with-prefix.ts';
import { withReadOnly } from '../provider/with-read-only.ts';

/** A provider with core's half of the contract around it. */
export function guarded(provider: StorageProvider): StorageProvider {
  return guardProvider(provider);
}

/** The guarded view of a provider below a prefix. */
export function prefixed(provider: StorageProvider, prefix: string): StorageProvider {
  return guardProvider(withPrefix(provider, prefix));
}

/** The guarded view of a provider through which nothing can be changed. */
export function readOnly(provider: StorageProvider): StorageProvider {
  return guardProvider(withReadOnly(provider));
}
