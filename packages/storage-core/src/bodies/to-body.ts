import type { Body, BodyInput } from '../contract/body.ts';
import { StorageError } from '../errors/storage-error.ts';
import { bufferedBody, plainBytes } from './buffered-body.ts';
import {
  type ChunkSource,
  checkedSource,
  collect,
  isBytes,
  iterableSource,
  sourceStream,
  streamSource,
  tagOf,
  wrongSize,
} from './chunk-source.ts';

/** What {@link toBody} can be told. */
export interface ToBodyOptions {
  /** Size that the caller promises; more or fewer bytes fail the read. Units: bytes. */
  readonly size?: number;
}

/**
 * Makes a {@link Body} of whatever an application may hand over. Nothing is read and no buffer is
 * copied before the body is used. Strings become UTF-8.
 * Errors: `invalid-argument` for anything else, a stream that is locked or was read, shared
 * memory, and a size that is known to be wrong.
 */
export function toBody(input: BodyInput | Body, options: ToBodyOptions = {}): Body {
  const { size } = options;
  if (size !== undefined && !(Number.isSafeInteger(size) && size >= 0)) {
    throw refusal(`the size ${String(size)} is not a whole number of bytes.`);
  }
  if (typeof input === 'string') return checkedBody(encode(input), size);
  if (typeof input !== 'object' || input === null) throw notContent();
  if (isBytes(input)) return checkedBody(attached(input), size);
  if (tagOf(input) === 'ArrayBuffer') {
    return checkedBody(attached(new Uint8Array(input as ArrayBuffer)), size);
  }
  if ('replayable' in input) return sizedBody(input, size);
  if (isBlob(input)) return blobBody(input, size);
  if ('getReader' in input) return readOnceBody(streamSource(unread(input)), size);
  if (Symbol.asyncIterator in input) return readOnceBody(iterableSource(undrained(input)), size);
  throw notContent();
}

function checkedBody(bytes: Uint8Array, declared: number | undefined): Body {
  checkSize(bytes.byteLength, declared);
  return bufferedBody(plainBytes(bytes));
}

function blobBody(blob: Blob, declared: number | undefined): Body {
  const { size } = blob;
  checkSize(size, declared);
  const open = () => checkedSource(streamSource(blob.stream()), size);
  return {
    size,
    replayable: true,
    bytes: () => collect(open(), size),
    stream: () => sourceStream(open()),
    cancel: async () => {},
  };
}

function readOnceBody(content: ChunkSource, size: number | undefined): Body {
  const source = checkedSource(content, size);
  let used = false;
  function take(): ChunkSource {
    if (used) {
      throw refusal('the content was read already, and its source gives it only once.');
    }
    used = true;
    return source;
  }
  return {
    size,
    replayable: false,
    bytes: async () => collect(take(), size),
    stream: () => sourceStream(take()),
    cancel: (reason) => source.cancel(reason).catch(() => {}),
  };
}

/** A body that is held to a size it did not know. */
function sizedBody(body: Body, size: number | undefined): Body {
  if (size === undefined || body.size === size) return body;
  if (body.size !== undefined) throw wrongSize(`it has ${body.size}`, size);
  const open = () => checkedSource(streamSource(body.stream()), size);
  return {
    size,
    replayable: body.replayable,
    ...(body.varies && { varies: true }),
    bytes: async () => collect(open(), size),
    stream: () => sourceStream(open()),
    cancel: (reason) => body.cancel(reason),
  };
}

function encode(text: string): Uint8Array {
  if (!text.isWellFormed()) {
    throw refusal('the text has a lone surrogate, which UTF-8 cannot hold.');
  }
  return new TextEncoder().encode(text);
}

/** A transferred buffer looks empty; storing it would lose what was meant. */
function attached(bytes: Uint8Array): Uint8Array {
  if ((bytes.buffer as ArrayBuffer).detached) {
    throw refusal('the buffer was transferred away, so its bytes are gone.');
  }
  return bytes;
}

function checkSize(size: number, declared: number | undefined): void {
  if (declared !== undefined && declared !== size) throw wrongSize(`it has ${size}`, declared);
}

function isBlob(input: object): input is Blob {
  return 'arrayBuffer' in input && 'stream' in input && 'size' in input;
}

function unread(stream: ReadableStream<Uint8Array>): ReadableStream<Uint8Array> {
  if (stream.locked || wasRead(stream)) {
    throw refusal('the stream is locked or was read already.');
  }
  return stream;
}

/** A stream does not tell whether it was read; making a response of it does. */
function wasRead(stream: ReadableStream<Uint8Array>): boolean {
  try {
    new Response(stream);
    return false;
  } catch {
    return typeof Response === 'function';
  }
}

function undrained(iterable: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const { readableDidRead, readableEnded } = iterable as {
    readonly readableDidRead?: boolean;
    readonly readableEnded?: boolean;
  };
  if (readableDidRead || readableEnded) throw refusal('the stream was read already.');
  return iterable;
}

function notContent(): StorageError {
  return new StorageError(
    'invalid-argument',
    'this is not something that can be stored as bytes.',
    {
      outcome: 'not-applied',
      hint: 'Give a string, Uint8Array, ArrayBuffer (not shared), Blob, File, ReadableStream or AsyncIterable of Uint8Array.',
    },
  );
}

function refusal(reason: string): StorageError {
  return new StorageError('invalid-argument', reason, { outcome: 'not-applied' });
}
