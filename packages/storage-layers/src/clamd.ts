import { StorageError } from '@granary/storage-core/provider';
import type { ContentScanner, ScanResult } from './validate/scan.ts';

/** A connection to clamd, as sockets of Deno and of Workers are; for Node see the README. */
export interface ClamdConnection {
  readonly readable: AsyncIterable<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** Options of {@link clamdScanner}. */
export interface ClamdOptions {
  /** Opens a connection to clamd, over TCP or a local socket. Called once for each scan. */
  readonly connect: () => ClamdConnection | Promise<ClamdConnection>;
  /** Longest wait for clamd to take a piece, and to answer after the last one. Units: ms. Default: 60,000. */
  readonly timeoutMs?: number;
}

// clamd(8) of ClamAV 1.4: INSTREAM; https://docs.clamav.net/manual/Usage/Scanning.html (read 2026-11-21).
const COMMAND = new TextEncoder().encode('zINSTREAM\0');
const END = new Uint8Array(4);
const DEFAULT_TIMEOUT_MS = 60_000;
/** A reply is a line; nothing longer is read. Units: bytes. */
const MAX_REPLY_BYTES = 4096;

/**
 * A scanner for `createValidated` that asks ClamAV's daemon over its `INSTREAM` command. It is told
 * the content alone, in pieces as they come.
 * clamd calls clean what it did not look at because of its limits, unless its configuration says
 * `AlertExceedsMax yes`.
 * Errors: `too-large` above clamd's `StreamMaxLength`; `unavailable` when it does not answer, or not
 * with a verdict.
 */
export function clamdScanner(options: ClamdOptions): ContentScanner {
  const { connect, timeoutMs = DEFAULT_TIMEOUT_MS } = options;
  if (!(timeoutMs > 0)) {
    throw new StorageError('invalid-config', `timeoutMs is more than 0, not ${timeoutMs}.`);
  }
  return {
    // It unpacks gzip as it unpacks archives.
    encodings: ['gzip'],
    async scan(content, { signal }) {
      const opening = Promise.resolve().then(connect);
      const connection = await within(timeoutMs, signal, 'no connection to clamd', opening).catch(
        (error: unknown) => {
          // One that comes too late is let go of.
          opening.then(({ writable }) => writable.abort()).catch(() => {});
          throw error;
        },
      );
      const reply = readReply(connection.readable);
      const writer = connection.writable.getWriter();
      try {
        await send(content, writer, reply, (step) =>
          within(timeoutMs, signal, 'clamd takes no more', step),
        );
        return verdictOf(await within(timeoutMs, signal, 'clamd does not answer', reply.text));
      } finally {
        reply.stop();
        writer.abort().catch(() => {});
      }
    },
  };
}

interface Reply {
  readonly text: Promise<string>;
  readonly has: () => boolean;
  stop(): void;
}

/** Reads from the start: clamd may answer before it has all, and closes then. */
function readReply(readable: AsyncIterable<Uint8Array>): Reply {
  const pieces = readable[Symbol.asyncIterator]();
  let isThere = false;
  async function read(): Promise<string> {
    const decoder = new TextDecoder();
    let line = '';
    for (let next = await pieces.next(); !next.done; next = await pieces.next()) {
      line += decoder.decode(next.value, { stream: true });
      if (line.includes('\0') || line.length > MAX_REPLY_BYTES) break;
    }
    return line.split('\0', 1)[0]?.trim() ?? '';
  }
  const text = read().finally(() => {
    isThere = true;
  });
  text.catch(() => {});
  return {
    text,
    has: () => isThere,
    stop() {
      // The socket of Node is let go of by the end of its iteration.
      Promise.resolve(pieces.return?.()).catch(() => {});
    },
  };
}

/** Sends the content in pieces, each after its length, until clamd has answered. */
async function send(
  content: ReadableStream<Uint8Array>,
  writer: WritableStreamDefaultWriter<Uint8Array>,
  reply: Reply,
  timed: (step: Promise<unknown>) => Promise<unknown>,
): Promise<void> {
  const write = (bytes: Uint8Array) => timed(Promise.race([writer.write(bytes), reply.text]));
  try {
    await write(COMMAND);
    for await (const chunk of content) {
      if (reply.has()) return;
      const piece = new Uint8Array(4 + chunk.byteLength);
      new DataView(piece.buffer).setUint32(0, chunk.byteLength);
      piece.set(chunk, 4);
      if (chunk.byteLength > 0) await write(piece);
    }
    if (!reply.has()) await write(END);
  } catch (error) {
    // What clamd said before it hung up tells more than that it did.
    const said = await timed(reply.text).catch(() => '');
    if (said === '') throw error;
  }
}

/** Errors: `too-large`; `unavailable` for all that is no verdict. */
function verdictOf(reply: string): ScanResult {
  if (reply === 'stream: OK') return { verdict: 'clean' };
  const found = /^stream: (.+) FOUND$/.exec(reply)?.[1];
  if (found !== undefined) return { verdict: 'infected', signature: found };
  if (reply.startsWith('INSTREAM size limit exceeded')) {
    throw new StorageError('too-large', 'it is longer than clamd takes.', {
      outcome: 'not-applied',
      hint: 'Raise StreamMaxLength (and MaxFileSize, MaxScanSize) in clamd.conf, or limit maxBytes.',
    });
  }
  throw new StorageError('unavailable', `clamd gave no verdict but ${JSON.stringify(reply)}.`, {
    outcome: 'not-applied',
    hint: "Look at clamd's log.",
  });
}

/** Errors: `unavailable` when the step fails or takes too long; the signal's reason. */
async function within<Result>(
  timeoutMs: number,
  signal: AbortSignal,
  what: string,
  step: Promise<Result>,
): Promise<Result> {
  const ended = Promise.withResolvers<never>();
  const onAbort = () => ended.reject(signal.reason);
  const timer = setTimeout(() => ended.reject(down(`${what} within ${timeoutMs} ms`)), timeoutMs);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    return await Promise.race([
      step.catch((cause: unknown) => {
        throw down(what, cause);
      }),
      ended.promise,
    ]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
  }
}

function down(what: string, cause?: unknown): StorageError {
  return new StorageError('unavailable', `${what}.`, {
    outcome: 'not-applied',
    hint: 'Check that clamd runs and can be reached.',
    cause,
  });
}
