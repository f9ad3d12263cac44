import type { StorageProvider } from '@granary/storage-core/provider';

/**
 * How the bytes of an object were dealt with before it was deleted: overwritten where they lay; replaced
 * by a new write, of random bytes or of nothing; or not at all.
 */
export type Overwritten = 'in-place' | 'replaced' | 'none';

/** What was done in one store. */
export interface ErasedStore {
  /** Name of its backend. */
  readonly name: string;
  /** Whether there was an object. */
  readonly existed: boolean;
  readonly overwritten: Overwritten;
  /** Old versions that were deleted for good. */
  readonly versions: number;
  /** Unfinished uploads that were aborted. */
  readonly uploads: number;
}

/** What was done to a key, and what nobody can promise. */
export interface ShredReport extends ErasedStore {
  readonly key: string;
  readonly at: Date;
  /** `replace`: another write took its place, and the old versions were deleted. */
  readonly cause: 'delete' | 'replace' | 'move';
  /** An encryption layer stands below, so what is left behind anywhere is encrypted, where it encrypted. */
  readonly encrypted: boolean;
  /** The key of its content was destroyed by `destroyKey`. */
  readonly keyDestroyed: boolean;
  /** In the order of the option `copies`. */
  readonly copies: readonly ErasedStore[];
  /** Sentences for a protocol: where something of it may be left. */
  readonly notPromised: readonly string[];
}

/**
 * Where something may be left. That overwriting does not reach all of a medium, and that destroying
 * keys does: NIST SP 800-88, https://csrc.nist.gov/pubs/sp/800/88/r2/final (read 2026-11-21).
 */
export function notPromised(
  { versions, uploads }: Pick<StorageProvider, 'versions' | 'uploads'>,
  report: Pick<ShredReport, 'overwritten' | 'encrypted' | 'keyDestroyed'>,
): readonly string[] {
  const { overwritten, encrypted, keyDestroyed } = report;
  const sentences = [
    overwritten === 'in-place'
      ? 'Media that write elsewhere (SSDs, copy-on-write file systems) may keep the overwritten bytes.'
      : 'The bytes were not overwritten where they lay; media keep them until they use the place again.',
    'Snapshots, replicas and backups that are not among `copies` keep what they hold.',
    versions === undefined &&
      'Versions or a trash that the service keeps without this storage listing them are untouched.',
    uploads === undefined && 'Parts of unfinished uploads cannot be listed here.',
    'The name of the object may stand in logs, journals and delete markers.',
  ];
  if (keyDestroyed) sentences.push('What is left is unreadable once no copy of its key is left.');
  else if (encrypted)
    sentences.push(
      'What is left can be read with the keys of the encryption layer while they exist.',
    );
  else sentences.push('What is left is readable: it was not encrypted here.');
  return sentences.filter((sentence) => sentence !== false);
}
