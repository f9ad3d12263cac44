import {
  type AnyEngine,
  type OperationOptions,
  StorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';
import type { OverwriteInPlace } from './erase.ts';
import type { ShredReport } from './report.ts';

/** Options of {@link createShredding}. */
export interface ShredOptions {
  /**
   * What is done to the bytes before an object is deleted. `auto`: over an encryption layer, the object is
   * replaced by an empty one, so that the file key in its header goes first; else nothing, since no
   * store of Granary writes where the old bytes lie. `always`: it is replaced by as many random bytes.
   * `never`; or a function that overwrites the bytes where they lie. Default: `auto`.
   */
  readonly overwrite?: 'auto' | 'always' | 'never' | OverwriteInPlace;
  /** Further storages with the same keys, such as backups. What they hold of a key is deleted too. */
  readonly copies?: readonly (AnyEngine | StorageProvider)[];
  /** Deletes the old versions of what is written over too. Default: off. */
  readonly onReplace?: boolean;
  /**
   * Says whether content may go; `false` is a legal hold: the object is neither deleted, moved nor, where
   * no version of it would be left, written over.
   */
  readonly mayDelete?: (key: string) => boolean | Promise<boolean>;
  /** Destroys a key of the content that is kept elsewhere. May be called again for one object. */
  readonly destroyKey?: (key: string, options: OperationOptions) => Promise<void>;
  /** Told after each key. */
  readonly onShred?: (report: ShredReport) => void;
}

/** What a legal hold forbids. */
export function held(key: string): StorageError {
  return new StorageError('permission-denied', 'a legal hold keeps this object as it is.', {
    key,
    outcome: 'not-applied',
    hint: 'Lift the hold first; `mayDelete` decides.',
  });
}
