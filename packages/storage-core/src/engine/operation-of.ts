import type { OperationOptions } from '../contract/operations.ts';
import type { StorageProvider } from '../contract/provider.ts';
import type { StorageErrorFields } from '../errors/storage-error.ts';
import { toStorageError, unsupported } from '../errors/to-storage-error.ts';
import { opened } from './engine-context.ts';

/** An optional operation of a provider, after opening it when it may be there only then. Errors: `unsupported`. */
export async function operationOf<Name extends keyof StorageProvider>(
  provider: StorageProvider,
  name: Name,
  options: OperationOptions,
  key?: string,
): Promise<NonNullable<StorageProvider[Name]>> {
  const operation = provider[name] ?? (await opened(provider, options))[name];
  if (operation !== undefined && operation !== null) return operation;
  throw unsupported(provider.name, name).with({ operation: name, key });
}

/** Throws what was thrown, as a `StorageError` that says where. */
export function rethrow(error: unknown, fields: StorageErrorFields): never {
  throw toStorageError(error, fields);
}
