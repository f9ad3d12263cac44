import { type Body, type ChunkSource, sourceStream, toBody } from '@granary/storage-core/provider';
import { chunksOf, counted, joinChunks, takeChunks, wrapped } from './chunks.ts';
import { gzipBytes, gzipped } from './gzip.ts';
import { encodeHeader, encodeTrailer, type Method, startsWithMagic } from './header.ts';

/** Longest content that is compressed in memory, in one piece. Units: bytes. */
const HELD_BYTES = 1024 * 1024;
/** Of longer content, so much is tried first. Units: bytes. */
const BLOCK_BYTES = 64 * 1024;
/** What is smaller than this stays as it is: less than a block of most disks. Units: bytes. */
const LEAST_BYTES = 512;
/** What does not shrink by this part of its size stays as it is. */
const LEAST_SAVING = 1 / 16;

/** How content is to be stored. */
export interface StoreTerms {
  readonly compress: boolean;
  /** Everything gets a header, so that what has none was written by somebody else. */
  readonly wrapAll: boolean;
  /** The size may stand at the end, where it can be read. */
  readonly sizeAtEnd: boolean;
}

/** Content as it is stored. */
export interface StoredBody {
  readonly body: Body;
  /** Whether it has a header, so that the size below is not that of the content. */
  readonly isWrapped: boolean;
  /** Size of the content itself, once it has been read. Units: bytes. */
  plainSize(): number;
}

/** Decides how content is stored: by itself when it is small, by a first block when it is not. */
export async function toStoredBody(body: Body, terms: StoreTerms): Promise<StoredBody> {
  const { buffered, size } = body;
  if ((buffered?.byteLength ?? size ?? Number.POSITIVE_INFINITY) <= HELD_BYTES) {
    return inMemory(buffered ?? (await body.bytes()), body, terms);
  }
  if (buffered !== undefined) {
    const head = buffered.subarray(0, BLOCK_BYTES);
    return streamed(body, head, () => chunksOf(() => body.stream()), terms);
  }
  if (body.replayable) {
    const look = chunksOf(() => body.stream());
    const { chunks } = await takeChunks(look, BLOCK_BYTES);
    await look.cancel('only the beginning was looked at');
    return streamed(body, joinChunks(chunks), () => chunksOf(() => body.stream()), terms);
  }
  const source = chunksOf(() => body.stream());
  const { chunks, ended } = await takeChunks(source, size === undefined ? HELD_BYTES : BLOCK_BYTES);
  const head = joinChunks(chunks);
  if (ended) return inMemory(head, undefined, terms);
  return streamed(body, head, () => wrapped([head], source), terms);
}

async function inMemory(
  bytes: Uint8Array,
  given: Body | undefined,
  { compress, wrapAll }: StoreTerms,
): Promise<StoredBody> {
  const { byteLength: size } = bytes;
  const plainSize = () => size;
  if (compress && size >= LEAST_BYTES) {
    const gzip = await gzipBytes(bytes);
    const header = encodeHeader('gzip', size);
    if (isWorthIt(header.byteLength + gzip.byteLength, size)) {
      return { body: toBody(joinChunks([header, gzip])), isWrapped: true, plainSize };
    }
  }
  if (wrapAll || startsWithMagic(bytes)) {
    const header = encodeHeader('stored', size);
    return { body: toBody(joinChunks([header, bytes])), isWrapped: true, plainSize };
  }
  const body = given?.buffered === undefined ? toBody(bytes) : given;
  return { body, isWrapped: false, plainSize };
}

async function streamed(
  body: Body,
  head: Uint8Array,
  open: () => ChunkSource,
  terms: StoreTerms,
): Promise<StoredBody> {
  const { size, replayable } = body;
  const mayCompress = terms.compress && (size !== undefined || terms.sizeAtEnd);
  const method: Method = mayCompress && (await shrinks(head)) ? 'gzip' : 'stored';
  const isWrapped = method === 'gzip' || terms.wrapAll || startsWithMagic(head);
  let count = 0;
  const plainSize = () => size ?? count;
  const plain = () => {
    count = 0;
    return counted(open(), (bytes) => {
      count += bytes;
    });
  };
  if (!isWrapped && replayable) return { body, isWrapped, plainSize };

  const header = isWrapped ? [encodeHeader(method, size)] : [];
  const stored = (): ChunkSource => {
    if (method === 'stored') return wrapped(header, plain());
    const trailer = size === undefined ? () => encodeTrailer(count) : undefined;
    return wrapped(header, gzipped(plain()), trailer);
  };
  const stream = () => sourceStream(stored());
  const headerBytes = header[0]?.byteLength ?? 0;
  return {
    body: {
      size: method === 'gzip' || size === undefined ? undefined : size + headerBytes,
      replayable,
      bytes: () => toBody(stream()).bytes(),
      stream,
      cancel: (reason) => body.cancel(reason),
    },
    isWrapped,
    plainSize,
  };
}

async function shrinks(head: Uint8Array): Promise<boolean> {
  const block = head.subarray(0, BLOCK_BYTES);
  return isWorthIt((await gzipBytes(block)).byteLength, block.byteLength);
}

function isWorthIt(storedBytes: number, plainBytes: number): boolean {
  return storedBytes <= plainBytes * (1 - LEAST_SAVING);
}
