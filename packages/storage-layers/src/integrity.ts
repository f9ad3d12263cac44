import {
  defineLayer,
  type LayerFactory,
  providerOf,
  StorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { integrityLayer } from './integrity/layer.ts';
import { type RepairEvent, repairer } from './integrity/repair.ts';
import type { RepairOptions } from './integrity/verify-store.ts';

export type { RepairEvent } from './integrity/repair.ts';
export {
  type RepairOptions,
  type StoreCheck,
  type VerifyFinding,
  type VerifyOptions,
  type VerifyReport,
  verifyStore,
} from './integrity/verify-store.ts';

/** Options of {@link createVerified}. */
export interface IntegrityOptions {
  /** Where right content comes from when what is stored is damaged. Default: from nowhere. */
  readonly repair?: RepairOptions;
  /** Told of every damaged object that the second copy could mend. */
  readonly onRepair?: (event: RepairEvent) => void;
  /**
   * What happens without a checksum. `read`: objects without one are read as they are. `refuse`: they
   * fail with `invalid-data`. `allow`: they are read, and a store that can keep no checksums is
   * written to without any. Default: `read`.
   */
  readonly unchecked?: 'allow' | 'read' | 'refuse';
}

function layer(provider: StorageProvider, options: IntegrityOptions): StorageProvider {
  const { repair, onRepair, unchecked = 'read' } = options;
  if (!['allow', 'read', 'refuse'].includes(unchecked)) {
    throw new StorageError('invalid-argument', 'unchecked is "allow", "read" or "refuse".');
  }
  const mends = repair && repairer({ below: provider, from: providerOf(repair.from), onRepair });
  return integrityLayer(provider, { repairer: mends, unchecked });
}

/**
 * A storage that notices when content is not what was written: every write keeps a SHA-256 in
 * `info.checksums`, and every whole read is compared with it. `bytes()` never gives wrong bytes; a
 * stream breaks with `corrupted` before its last chunk. With `repair: { from }`, a second copy takes
 * the place of what is damaged, and is written back unless somebody wrote meanwhile.
 *
 * Parts of objects, presigned requests and public URLs are not checked. Checksums are kept by the
 * store itself where it can, else in metadata under a name of their own. It stands right over the
 * backend, below compression and encryption, so that a check needs no key; anywhere else works too.
 * Errors: `corrupted`; `unsupported` for a write to a store that can keep no checksum.
 */
export const createVerified: LayerFactory<IntegrityOptions> = /* @__PURE__ */ defineLayer({
  name: 'verified',
  layer,
});

/** Checks what goes through a provider: {@link createVerified} for the authors of stacks. */
export function withIntegrity(
  provider: StorageProvider,
  options: IntegrityOptions = {},
): StorageProvider {
  return createVerified.provider(provider, options);
}
