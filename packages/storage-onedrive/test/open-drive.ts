import { isStorageError, type StorageError } from '@granary/storage-core/provider';
import type { FakeOneDrive } from '@granary-tools/fake-onedrive';
import type { OneDriveOptions } from '../src/index.ts';

/** A folder of the drive that no other test has. */
export function freshRoot(): string {
  return `test-${crypto.randomUUID()}`;
}

/** Options of a storage in a folder of its own that tries once. */
export function optionsFor(
  fake: FakeOneDrive,
  options: OneDriveOptions,
): OneDriveOptions & { readonly retry: false } {
  return {
    auth: () => fake.token(),
    endpoint: fake.url,
    root: freshRoot(),
    retry: false,
    ...options,
  };
}

/** What a piece of work fails with; `undefined` when it does not. */
export function rejection(work: Promise<unknown>): Promise<StorageError | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => (isStorageError(error) ? error : undefined),
  );
}
