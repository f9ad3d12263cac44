import type { OpenWriter } from './opfs-file-writer.ts';
import { quietly } from './opfs-patience.ts';
import { type FileReply, type FileRequest, serveFiles } from './opfs-serve-files.ts';

/** Pieces up to this size go over in memory that comes back and is used again. Units: bytes. */
const PIECE_BYTES = 1024 * 1024;

/** A worker of the provider's own. It is started with its first file. */
export interface FileWorker {
  readonly open: OpenWriter;
  /** Whether it has started. One that a page's policy forbids has not, and never will. */
  start(): Promise<boolean>;
  stop(): void;
}

export function fileWorker(create: () => Worker = createBlobWorker): FileWorker {
  const waiting = new Map<number, (reply: FileReply) => void>();
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
    worker.onmessage = ({ data }: MessageEvent<FileReply>) => {
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
    request: Omit<FileRequest, 'id'>,
    transfer: readonly ArrayBuffer[] = [],
  ): Promise<void> {
    lastId += 1;
    const id = lastId;
    const { error } = await new Promise<FileReply>((resolve, reject) => {
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
