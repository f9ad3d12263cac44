/** What the page asks of the worker. */
export interface FileRequest {
  readonly id: number;
  readonly file: number;
  readonly operation: 'open' | 'write' | 'truncate' | 'close' | 'abort';
  readonly handle?: FileSystemFileHandle;
  readonly keep?: boolean;
  readonly bytes?: Uint8Array;
  readonly at?: number;
}

/** What the worker answers. */
export interface FileReply {
  readonly id: number;
  /** The memory that what was written came in. */
  readonly memory?: ArrayBuffer;
  readonly error?: { readonly name: string; readonly message: string };
}

/** The part of a worker's global scope that is used. */
export interface WorkerScope {
  onmessage: ((event: MessageEvent<FileRequest>) => void) | null;
  postMessage(reply: FileReply, transfer: readonly ArrayBuffer[]): void;
}

/**
 * Writes files with synchronous access handles, for a page that cannot. It is handed to a worker as
 * its source, so it knows nothing but its argument, and names no inner function, because bundlers
 * put calls of their own around those.
 */
export function serveFiles(scope: WorkerScope): void {
  const files = new Map<number, FileSystemSyncAccessHandle>();
  scope.onmessage = async ({ data }) => {
    const { id, file: number, operation, handle, keep, bytes, at = 0 } = data;
    const memory = bytes?.buffer as ArrayBuffer | undefined;
    const back = memory === undefined ? [] : [memory];
    const given = memory === undefined ? {} : { memory };
    try {
      if (operation === 'open' && handle !== undefined) {
        const opened = await handle.createSyncAccessHandle();
        files.set(number, opened);
        if (keep !== true) opened.truncate(0);
      } else {
        const file = files.get(number);
        if (file === undefined) throw new DOMException('The file is closed.', 'InvalidStateError');
        if (operation === 'write' && bytes !== undefined) {
          for (let done = 0; done < bytes.byteLength; ) {
            const left = bytes.subarray(done) as Uint8Array<ArrayBuffer>;
            const count = file.write(left, { at: at + done });
            if (count === 0) throw new DOMException('No room is left.', 'QuotaExceededError');
            done += count;
          }
        } else if (operation === 'truncate') {
          file.truncate(at);
        } else {
          files.delete(number);
          try {
            if (operation === 'close') file.flush();
          } finally {
            file.close();
          }
        }
      }
      scope.postMessage({ id, ...given }, back);
    } catch (error) {
      const { name = 'Error', message = '' } = error as Partial<Error>;
      scope.postMessage({ id, ...given, error: { name, message } }, back);
    }
  };
}
