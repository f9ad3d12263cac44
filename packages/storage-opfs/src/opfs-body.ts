import type { BodySource, ChunkSource, ContentRange } from '@granary/storage-core/provider';
import { isCurrent } from './opfs-companion.ts';
import { changedMeanwhile, toOpfsError } from './opfs-errors.ts';
import type { FoundFile } from './opfs-store.ts';

/** What is read before the file is looked at again and all of it handed out. Units: bytes. */
const WINDOW_BYTES = 8 * 1024 * 1024;
/** While the file is looked at after one window, the next one is read. */
const WINDOWS_AHEAD = 2;

/**
 * The content of a file that others may replace while it is read. A `File` may then give an error or,
 * in some browsers, other bytes; so nothing is handed out before the file proved to be the same
 * after the reading. Holds a few windows of it.
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
  const ahead: Promise<Uint8Array[]>[] = [];
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  let reading: Promise<unknown> = Promise.resolve();
  let isRead = false;
  let ready: Uint8Array[] = [];

  async function readWindow(): Promise<Uint8Array[]> {
    reader ??= blob.stream().getReader();
    const chunks: Uint8Array[] = [];
    let size = 0;
    while (size < WINDOW_BYTES && !isRead) {
      const { done, value } = await readable(found, reader.read());
      if (done) {
        isRead = true;
      } else {
        chunks.push(value);
        size += value.byteLength;
      }
    }
    return chunks;
  }

  async function proved(window: Promise<Uint8Array[]>): Promise<Uint8Array[]> {
    const chunks = await window;
    if (chunks.length > 0) await checkCurrent(found);
    return chunks;
  }

  function readAhead(): void {
    const window = reading.then(readWindow);
    reading = window.catch(() => {});
    const next = proved(window);
    // Whoever asks for it is told.
    next.catch(() => {});
    ahead.push(next);
  }

  return {
    async next() {
      if (ready.length === 0) {
        while (ahead.length < WINDOWS_AHEAD) readAhead();
        ready = (await ahead.shift())?.reverse() ?? [];
      }
      return ready.pop();
    },
    async cancel(reason) {
      isRead = true;
      ready = [];
      ahead.length = 0;
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
