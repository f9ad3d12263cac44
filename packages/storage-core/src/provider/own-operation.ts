import type { StorageProvider } from '../contract/provider.ts';
import { unsupported } from '../errors/to-storage-error.ts';
import type { OptionalOperation } from './optional-operations.ts';

/**
 * How a layer calls an optional operation of the provider below, which is there when the layer's
 * own is called, since both follow one capability. Errors: `unsupported` when it is not.
 */
export function ownOperation(provider: StorageProvider): OwnOperation {
  return (name) => {
    const operation = provider[name];
    if (operation == null) throw unsupported(provider.name, name);
    const bound: unknown = typeof operation === 'function' ? operation.bind(provider) : operation;
    return bound as never;
  };
}

type OwnOperation = <Name extends OptionalOperation>(
  name: Name,
) => NonNullable<StorageProvider[Name]>;
