import {
  defineLayer,
  type LayerFactory,
  StorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { compressLayer } from './compress/layer.ts';
import type { CompressRules } from './compress/rules.ts';

export type { CompressRules } from './compress/rules.ts';

/** Options of {@link createCompressed}. */
export interface CompressOptions extends CompressRules {
  /**
   * What happens to objects that were not written through this layer. `read`: they are read as they
   * are. `refuse`: they fail with `invalid-data`, everything that is written is marked, and there are
   * no upload sessions. Default: `read`.
   */
  readonly foreign?: 'read' | 'refuse';
}

function layer(provider: StorageProvider, options: CompressOptions): StorageProvider {
  const { foreign = 'read', always, contentTypes, keys } = options;
  if (foreign !== 'read' && foreign !== 'refuse') {
    throw new StorageError('invalid-argument', 'foreign is "read" or "refuse".');
  }
  const rules: CompressRules = {
    ...(always !== undefined && { always }),
    ...(contentTypes && { contentTypes }),
    ...(keys && { keys }),
  };
  return compressLayer(provider, { rules, refusesForeign: foreign === 'refuse' });
}

/**
 * A storage that keeps content as gzip: what is saved with `compress: true`, and what the rules name
 * (`always`, `contentTypes`, `keys`). What does not shrink, media that are compressed already and
 * content below half a kilobyte are stored as they are. A header in the stored bytes says what was
 * done, so reading never guesses, whatever the options are by then. Streams of any size go through
 * in constant memory.
 *
 * It stands over encryption, since what is encrypted does not shrink: compress -> encrypt -> store.
 * Sizes in infos are those of the content; `stat` reads the header for it, and listings leave the
 * size out. Ranges, checksums, presigned requests and public URLs are not declared: they would be
 * about the stored bytes. Upload sessions store their parts as they are.
 * Errors: `corrupted` for content that is damaged, cut off, or more than its header says.
 */
export const createCompressed: LayerFactory<CompressOptions> = /* @__PURE__ */ defineLayer({
  name: 'compressed',
  layer,
  notOver: () => ({
    compressed: 'Content is compressed once. Leave one of the two out.',
    validated: 'It would look at compressed content. Put "validated" over "compressed".',
  }),
});

/** Compresses what goes to a provider: {@link createCompressed} for the authors of stacks. */
export function withCompress(
  provider: StorageProvider,
  options: CompressOptions = {},
): StorageProvider {
  return createCompressed.provider(provider, options);
}
