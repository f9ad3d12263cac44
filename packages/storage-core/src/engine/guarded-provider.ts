import type { StorageProvider } from '../contract/provider.ts';
import { guardProvider } from '../provider/guard-provider.ts';
import { type PrefixOptions, withPrefix } from '../provider/with-prefix.ts';
import { withReadOnly } from '../provider/with-read-only.ts';

/** A provider with core's half of the contract around it. */
export function guarded(provider: StorageProvider): StorageProvider {
  return guardProvider(provider);
}

/** The guarded view of a provider below a prefix. */
export function prefixed(
  provider: StorageProvider,
  prefix: string,
  options: PrefixOptions,
): StorageProvider {
  return guardProvider(withPrefix(provider, prefix, options));
}

/** The guarded view of a provider through which nothing can be changed. */
export function readOnly(provider: StorageProvider): StorageProvider {
  return guardProvider(withReadOnly(provider));
}
