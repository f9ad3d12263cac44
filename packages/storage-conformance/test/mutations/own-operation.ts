import type { StorageProvider } from '@granary/storage-core/provider';

export type Operation<Name extends keyof StorageProvider> = NonNullable<StorageProvider[Name]>;

/** An operation of a provider that has all of them. */
export function own<Name extends keyof StorageProvider>(
  provider: StorageProvider,
  name: Name,
): Operation<Name> {
  return provider[name] as Operation<Name>;
}
