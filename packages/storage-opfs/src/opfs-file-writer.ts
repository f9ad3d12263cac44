import { StorageError } from '@granary/storage-core/provider';
import { quietly } from './opfs-patience.ts';

/** A file that is being written. Nobody else knows its name yet. */
export interface FileWriter {
  /** The bytes may be used again when it resolves. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  /** Sets the length. Units: bytes. */
  truncate(size: number): Promise<void>;
  /** Has all that was written reach the file. */
  close(): Promise<void>;
  /** Lets go of the file, whatever is in it then. Does not fail. */
  abort(): Promise<void>;
}

/** Opens a file for writing: emptied, or as it is. */
export type OpenWriter = (handle: FileSystemFileHandle, keep: boolean) => Promise<FileWriter>;

/**
 * What is written goes into a file beside and takes the place of the file with `close`:
 * https://fs.spec.whatwg.org/#api-filesystemfilehandle-createwritable (read 2026-11-21).
 */
export const openWritable: OpenWriter = async (handle, keepExistingData) => {
  const stream = await handle.createWritable({ keepExistingData });
  return {
    write: (bytes, position) =>
      stream.write({ type: 'write', position, data: bytes as Uint8Array<ArrayBuffer> }),
    truncate: (size) => stream.truncate(size),
    close: () => stream.close(),
    abort: () => quietly(stream.abort()),
  };
};

/**
 * In dedicated workers alone, for the origin's own files alone. `flush` before `close`, which does
 * not: https://github.com/whatwg/fs/pull/85 (read 2026-11-21).
 */
export const openSync: OpenWriter = async (handle, keep) => {
  const file = await handle.createSyncAccessHandle();
  try {
    if (!keep) file.truncate(0);
  } catch (error) {
    file.close();
    throw error;
  }
  return {
    async write(bytes, at) {
      let done = 0;
      while (done < bytes.byteLength) {
        const left = bytes.subarray(done) as Uint8Array<ArrayBuffer>;
        const count = file.write(left, { at: at + done });
        if (count === 0) throw fullDisk();
        done += count;
      }
    },
    async truncate(size) {
      file.truncate(size);
    },
    async close() {
      try {
        file.flush();
      } finally {
        file.close();
      }
    },
    async abort() {
      file.close();
    },
  };
};

function fullDisk(): StorageError {
  return new StorageError('quota-exceeded', 'the browser took no more bytes.', {
    outcome: 'not-applied',
    hint: 'Delete something, or ask for more with navigator.storage.persist().',
  });
}
