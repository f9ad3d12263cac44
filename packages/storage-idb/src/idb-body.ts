import type { BodySource, ContentRange } from '@granary/storage-core/provider';
import type { BodyRef } from './idb-schema.ts';

/** Content that was written and that waits for the commit of its object. */
export interface WrittenBody {
  readonly ref: BodyRef;
  /** Units: bytes. */
  readonly size: number;
  /** `sha256-<base64>`, when it was asked for. */
  readonly sha256?: string;
}

/** How {@link BodyStore.write} is to write. */
export interface WriteBodyOptions {
  readonly signal?: AbortSignal | undefined;
  readonly checksum?: 'sha256' | undefined;
}

/** Where large content is kept: rows of `chunks`, or files beside the database. */
export interface BodyStore {
  /**
   * Stores content under a fresh random id, in bounded memory, and enters it in `writes` before its
   * first byte. The row of `writes` is dropped by the transaction that commits the object; when
   * writing fails, whatever was stored is removed.
   */
  write(source: AsyncIterable<Uint8Array>, options: WriteBodyOptions): Promise<WrittenBody>;
  /**
   * The content, or a part of it. Looks at each step whether the content is still there.
   * Errors, when it is read: `conflict`, retryable, when it is gone.
   */
  read(ref: BodyRef, part: ContentRange): BodySource;
  /** Removes content, outside of any transaction. Removing it twice is no error. */
  remove(ref: BodyRef): Promise<void>;
}
