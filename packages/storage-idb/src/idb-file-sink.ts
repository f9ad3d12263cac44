/** Takes the content of one file. */
export interface FileSink {
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<void>;
  abort(): Promise<void>;
}

/** A file's handle in any browser: Safari before 26 can write it in workers only, and in its own way. */
interface WritableHandle {
  createWritable?(): Promise<FileSystemWritableFileStream>;
  createSyncAccessHandle?(): Promise<SyncAccess>;
}

interface SyncAccess {
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  flush(): void;
  close(): void;
}

/**
 * Opens a file that was made just now to be written from its start. `undefined`: this browser can't.
 * Sources: https://developer.mozilla.org/docs/Web/API/FileSystemFileHandle (read 2026-11-21).
 */
export async function openFileSink(handle: WritableHandle): Promise<FileSink | undefined> {
  if (handle.createWritable !== undefined) {
    const stream = await handle.createWritable();
    return {
      write: (bytes) => stream.write(bytes as Uint8Array<ArrayBuffer>),
      close: () => stream.close(),
      abort: () => stream.abort(),
    };
  }
  if (handle.createSyncAccessHandle === undefined) return undefined;
  const access = await handle.createSyncAccessHandle();
  let at = 0;
  return {
    async write(bytes) {
      const written = access.write(bytes, { at });
      at += written;
      // What a full disk leaves of a write: https://fs.spec.whatwg.org/#api-filesystemsyncaccesshandle-write
      if (written < bytes.byteLength) throw new DOMException('no room', 'QuotaExceededError');
    },
    async close() {
      access.flush();
      access.close();
    },
    abort: async () => access.close(),
  };
}
