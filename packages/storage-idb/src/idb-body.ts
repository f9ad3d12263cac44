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

/** Content that is to be written. */
export interface ContentSource {
  /** Whether `open` may be called again. */
  readonly isReplayable: boolean;
  /** The content from its start. */
  open(): AsyncIterable<Uint8Array>;
}

/** How {@link BodyStore.write} is to write. */
export interface WriteBodyOptions {
  /** The object that it is for. */
  readonly key?: string | undefined;
  /** Units: bytes. Absent when it is not known before the content has been read. */
  readonly size?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly checksum?: 'sha256' | undefined;
}

/** Where large content is kept: rows of `chunks`, or files beside the database. */
export interface BodyStore {
  /**
   * Stores content under a fresh random id, in bounded memory, and enters it in `writes` before its
   * first byte. The row of `writes` is dropped by the transaction that commits the object; when
   * writing fails, whatever was stored is removed. On a full store room is made first.
   */
  write(content: ContentSource, options: WriteBodyOptions): Promise<WrittenBody>;
  /**
   * The content, or a part of it. Looks at each step whether the content is still there.
   * Errors, when it is read: `conflict`, retryable, when it is gone.
   */
  read(ref: BodyRef, part: ContentRange): BodySource;
  /** Removes content, outside of any transaction. Removing it twice is no error. */
  remove(ref: BodyRef): Promise<void>;
}

/** Content of which some was read already: the first reading begins with that. */
export function afterHead(
  head: Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
  content: ContentSource,
): ContentSource {
  let isFirst = true;
  return {
    isReplayable: content.isReplayable,
    open() {
      if (!isFirst) return content.open();
      isFirst = false;
      return headAndRest(head, rest);
    },
  };
}

/** Its end ends the rest, however it comes. What was handed out is held no longer. */
async function* headAndRest(
  head: Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let chunk = head.shift(); chunk !== undefined; chunk = head.shift()) yield chunk;
    for (let next = await rest.next(); !next.done; next = await rest.next()) yield next.value;
  } finally {
    await rest.return?.();
  }
}
