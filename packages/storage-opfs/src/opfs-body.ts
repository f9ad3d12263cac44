import type { BodySource, ChunkSource, ContentRange } from '@granary/storage-core/provider';
import { isCurrent } from './opfs-companion.ts';
import { changedMeanwhile, toOpfsError } from './opfs-errors.ts';
import type { FoundFile } from './opfs-store.ts';

/** What is read before the file is looked at again and all of it handed out. Units: bytes. */
const WINDOW_BYTES = 4 * 1024 * 1024;

/**
 * The content of a file that others may replace while it is read. A `File` may then give an error or,
 * in some browsers, other bytes; so nothing is handed out before the file proved to be the same
 * after the reading. Holds one window of it.
 */
export function fileBody(found: FoundFile, { offset, length }: ContentRange): BodySource {
  const blob = found.file.slice(offset, offset + length);
  return {
    async bytes() {
      const bytes = new Uint8Array(await readable(found, blob.arrayBuffer()));
      await checkCurrent(found);
      return bytes;
    },
    chunks: () => windows(found, blob),
  };
}

function windows(found: FoundFile, blob: Blob): ChunkSource {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let ready: Uint8Array[] = [];
  let next: Promise<Uint8Array[]> | undefined;

  async function readWindow(): Promise<Uint8Array[]> {
    reader ??= blob.stream().getReader();
    const chunks: Uint8Array[] = [];
    let size = 0;
    while (size < WINDOW_BYTES) {
      const { done, value } = await readable(found, reader.read());
      if (done) break;
      chunks.push(value);
      size += value.byteLength;
    }
    await checkCurrent(found);
    return chunks;
  }

  return {
    async next() {
      if (ready.length === 0) {
        ready = (await (next ?? readWindow())).reverse();
        next = undefined;
        if (ready.length === 0) return undefined;
      }
      if (ready.length === 1 && next === undefined) {
        // While the last chunk is worked on. Whoever asks for the next one is told.
        next = readWindow();
        next.catch(() => {});
      }
      return ready.pop();
    },
    async cancel(reason) {
      ready = [];
      await reader?.cancel(reason).catch(() => {});
    },
  };
}

/** Errors: `conflict` when the file is another one by now. */
async function checkCurrent(found: FoundFile): Promise<void> {
  let isSame: boolean;
  try {
    isSame = await isCurrent(found);
  } catch (error) {
    throw toOpfsError(error);
  }
  if (!isSame) throw changedMeanwhile();
}

/** Browsers say in many ways that a picture of a file cannot be read any more; the file itself tells. */
async function readable<Value>(found: FoundFile, reading: Promise<Value>): Promise<Value> {
  try {
    return await reading;
  } catch (error) {
    await checkCurrent(found);
    throw toOpfsError(error);
  }
}
