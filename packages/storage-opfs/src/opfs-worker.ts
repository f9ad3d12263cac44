import type { OpenWriter } from './opfs-file-writer.ts';
import { quietly } from './opfs-patience.ts';

/** What the page asks of the worker. */
interface Request {
  readonly id: number;
  readonly file: number;
  readonly operation: 'open' | 'write' | 'truncate' | 'close' | 'abort';
  readonly handle?: FileSystemFileHandle;
  readonly keep?: boolean;
  readonly bytes?: Uint8Array;
  readonly at?: number;
}

interface Reply {
  readonly id: number;
  /** The memory that what was written came in. */
  readonly memory?: ArrayBuffer;
  readonly error?: { readonly name: string; readonly message: string };
}

/** The part of a worker's global scope that is used. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Request>) => void) | null;
  postMessage(reply: Reply, transfer: readonly ArrayBuffer[]): void;
}

/** Pieces up to this size go over in memory that comes back and is used again. Units: bytes. */
const PIECE_BYTES = 1024 * 1024;

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

/** A worker of the provider's own. It is started with its first file. */
export interface FileWorker {
  readonly open: OpenWriter;
  /** Whether it has started. One that a page's policy forbids has not, and never will. */
  start(): Promise<boolean>;
  stop(): void;
}

export function fileWorker(create: () => Worker = createBlobWorker): FileWorker {
  const waiting = new Map<number, (reply: Reply) => void>();
  let spare: ArrayBuffer | undefined;
  let worker: Worker | undefined;
  let starting: Promise<boolean> | undefined;
  let lastId = 0;

  async function start(): Promise<boolean> {
    try {
      worker = create();
    } catch {
      // https://www.w3.org/TR/CSP3/#directive-worker-src (read 2026-11-21): some throw, some tell later.
      return false;
    }
    worker.onerror = (event) => {
      event.preventDefault();
      lose('The worker ended with an error.');
    };
    worker.onmessage = ({ data }: MessageEvent<Reply>) => {
      if (data.memory?.byteLength === PIECE_BYTES) spare = data.memory;
      waiting.get(data.id)?.(data);
      waiting.delete(data.id);
    };
    // It refuses to close a file that nobody opened, and that is an answer.
    await quietly(ask({ file: 0, operation: 'abort' }));
    return worker !== undefined;
  }

  function lose(message: string): void {
    worker?.terminate();
    worker = undefined;
    for (const [id, answer] of waiting)
      answer({ id, error: { name: 'InvalidStateError', message } });
    waiting.clear();
  }

  /** Copies what is to be written, because its owner may use its memory again. */
  function write(file: number, bytes: Uint8Array, at: number): Promise<void> {
    if (bytes.byteLength > PIECE_BYTES) return ask({ file, operation: 'write', bytes, at });
    const memory = spare ?? new ArrayBuffer(PIECE_BYTES);
    spare = undefined;
    const piece = new Uint8Array(memory, 0, bytes.byteLength);
    piece.set(bytes);
    return ask({ file, operation: 'write', bytes: piece, at }, [memory]);
  }

  async function ask(
    request: Omit<Request, 'id'>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<void> {
    lastId += 1;
    const id = lastId;
    const { error } = await new Promise<Reply>((resolve, reject) => {
      if (worker === undefined) {
        resolve({ id, error: { name: 'InvalidStateError', message: 'The worker has ended.' } });
        return;
      }
      waiting.set(id, resolve);
      try {
        worker.postMessage({ ...request, id }, [...transfer]);
      } catch (refused) {
        waiting.delete(id);
        reject(refused);
      }
    });
    if (error !== undefined) throw new DOMException(error.message, error.name);
  }

  return {
    async open(handle, keep) {
      lastId += 1;
      const file = lastId;
      await ask({ file, operation: 'open', handle, keep });
      return {
        write: (bytes, at) => write(file, bytes, at),
        truncate: (size) => ask({ file, operation: 'truncate', at: size }),
        close: () => ask({ file, operation: 'close' }),
        abort: () => quietly(ask({ file, operation: 'abort' })),
      };
    },
    start() {
      starting ??= start();
      return starting;
    },
    stop() {
      lose('The storage was closed.');
      starting = undefined;
    },
  };
}

/**
 * Needs no file beside the bundle and so no setting of any bundler: esbuild leaves
 * `new Worker(new URL(…))` alone (https://github.com/evanw/esbuild/issues/312), and in dependencies
 * vite broke it until 2026 (https://github.com/vitejs/vite/issues/8427, both read 2026-11-21). A page
 * whose policy lacks `worker-src blob:` refuses it.
 */
function createBlobWorker(): Worker {
  const source = `(${serveFiles.toString()})(self)`;
  const url = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const worker = new Worker(url, { name: 'granary-opfs' });
  // Some browsers read it only when the worker starts.
  const revoke = () => URL.revokeObjectURL(url);
  worker.addEventListener('message', revoke, { once: true });
  worker.addEventListener('error', revoke, { once: true });
  return worker;
}
