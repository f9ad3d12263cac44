import {
  abortedError,
  type CompanionSide,
  type CopyOptions,
  meetWriteConditions,
  type ObjectInfo,
  patchAttributes,
} from '@granary/storage-core/provider';
import { isCurrent } from './opfs-companion.ts';
import { changedMeanwhile, withOutcome } from './opfs-errors.ts';
import { attributesFor, etagOf, infoOf } from './opfs-info.ts';
import type { FoundObject, Reader } from './opfs-read.ts';
import type { TempFile, Temps } from './opfs-temp.ts';
import { createTemp, type Writer } from './opfs-write.ts';

/** What is read of the source at a time. Units: bytes. */
const PIECE_BYTES = 4 * 1024 * 1024;
/** So often a source is read again that is written over meanwhile. */
const MAX_ATTEMPTS = 8;

/** Copies and moves objects without their bytes leaving the browser. */
export interface Copier {
  copy(from: string, to: string, options: CopyOptions): Promise<ObjectInfo>;
  move(from: string, to: string, options: CopyOptions): Promise<ObjectInfo>;
}

export function openCopier(temps: Temps, reader: Reader, writer: Writer): Copier {
  /** The source and a file with its content; both of one write. */
  async function duplicate(
    from: string,
    { sourceIfMatch, signal }: CopyOptions,
  ): Promise<{ readonly source: FoundObject; readonly temp: TempFile }> {
    for (let attempt = 1; ; attempt += 1) {
      const source = await reader.look(from);
      meetWriteConditions(etagOf(source.file), { ifMatch: sourceIfMatch });
      const temp = await createTemp(temps, source.file.size);
      try {
        await copyContent(source.file, temp, signal);
        if (!(await isCurrent(source))) throw changedMeanwhile();
        return { source, temp };
      } catch (error) {
        await temp.discard();
        const isChanged = !signal?.aborted && !(await isCurrent(source));
        if (!isChanged || attempt === MAX_ATTEMPTS) throw withOutcome(error, 'not-applied');
      }
    }
  }

  async function copyTo(
    from: string,
    to: string,
    options: CopyOptions,
    isLocked: boolean,
    after: (source: FoundObject) => Promise<void>,
  ): Promise<ObjectInfo> {
    const { ifNoneMatch, signal } = options;
    const conditions = ifNoneMatch === undefined ? {} : { ifNoneMatch };
    const { source, temp } = await duplicate(from, options);
    try {
      const side = carried(to, source, options);
      const commit = async () => {
        const info = await writer.commit({
          ...{ key: to, temp, side, conditions, signal },
          isLate: true,
        });
        await after(source);
        return info;
      };
      return await (isLocked ? commit() : writer.locked([to], signal, commit));
    } finally {
      await temp.discard();
    }
  }

  return {
    copy: (from, to, options) => copyTo(from, to, options, false, async () => {}),

    // Not by a rename: that keeps the time of the file, so the target could get an etag that it had
    // before.
    move: (from, to, options) =>
      writer.locked([from, to], options.signal, async () => {
        if (from === to) {
          const { file, described } = await reader.look(from);
          const { sourceIfMatch, ifNoneMatch } = options;
          meetWriteConditions(etagOf(file), { ifMatch: sourceIfMatch, ifNoneMatch });
          if (options.attributes === undefined) return infoOf(from, file, described);
          return copyTo(from, to, options, true, async () => {});
        }
        return copyTo(from, to, options, true, async (source) => {
          try {
            await writer.removeLocked(from, source);
          } catch (error) {
            throw withOutcome(error, 'unknown');
          }
        });
      }),
  };
}

async function copyContent(
  file: File,
  temp: TempFile,
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let offset = 0; offset < file.size; offset += PIECE_BYTES) {
    const piece = await file.slice(offset, offset + PIECE_BYTES).arrayBuffer();
    if (signal?.aborted) throw abortedError(signal);
    await temp.append(new Uint8Array(piece));
  }
}

/** What is said of the copy: the source's, with what the caller wants changed. */
function carried(
  to: string,
  { file, described }: FoundObject,
  { attributes: patch }: CopyOptions,
): CompanionSide {
  const info = infoOf(to, file, described);
  const source = described?.attributes ?? {};
  const attributes = attributesFor(to, patchAttributes(source, patch));
  const { checksums } = info;
  return { attributes, ...(checksums && { size: file.size, checksums }) };
}
