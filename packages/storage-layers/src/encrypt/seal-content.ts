import { type ByteReader, bufferReader } from './byte-reader.ts';
import type { Bytes } from './ciphers.ts';
import type { BegunChunk, FileCipher } from './file-cipher.ts';
import { CHUNK_PLAIN_BYTES, CHUNK_SEGMENTS, segmentRoom, storedSize, TINK } from './layout.ts';
import { type ReadAhead, readAhead } from './read-ahead.ts';
import { ciphers } from './runtime-ciphers.ts';
import type { TinkStream } from './tink-stream.ts';

/** With this segment of a chunk the next one is begun, so that its keys are there when it comes. */
const AHEAD_SEGMENT = 1;

/** What is sealed, and from which chunk on. */
export interface SealSettings {
  /** What the source holds, where it is known: then nothing is looked ahead. Units: bytes. */
  readonly size?: number | undefined;
  readonly firstChunk?: number;
  /** Ends without the last, short chunk: more is to come from elsewhere. The content fills its chunks. */
  readonly isOpenEnded?: boolean;
}

/**
 * Content as it is stored, piece by piece: chunk after chunk, each with a head and a stream of its own.
 * The last chunk is never full, so that its absence shows.
 */
export function sealContent(
  file: FileCipher,
  source: ByteReader,
  { size, firstChunk = 0, isOpenEnded = false }: SealSettings = {},
): ReadAhead<Bytes> {
  let chunk = firstChunk;
  let segment = 0;
  let stream: TinkStream | undefined;
  let coming: Promise<BegunChunk> | undefined;
  let isOver = false;
  let taken = 0;
  const spare = size === undefined ? new Uint8Array(TINK.segmentBytes) : undefined;

  /** A copy that is good until the next one. */
  function kept(plain: Uint8Array): Uint8Array {
    spare?.set(plain);
    return spare?.subarray(0, plain.byteLength) ?? plain;
  }

  async function begin(): Promise<readonly Promise<Bytes>[] | undefined> {
    if (isOver) return undefined;
    const pieces: Promise<Bytes>[] = [];
    if (stream === undefined) {
      if (isOpenEnded && (await source.isDone())) {
        isOver = true;
        return undefined;
      }
      const begun = await (coming ?? file.begin(chunk));
      coming = undefined;
      stream = begun.stream;
      pieces.push(Promise.resolve(begun.head));
    }
    if (segment === AHEAD_SEGMENT && (size === undefined || size - taken > CHUNK_PLAIN_BYTES)) {
      coming = file.begin(chunk + 1);
      // It is awaited when its chunk begins, if it does.
      coming.catch(() => {});
    }
    const room = segmentRoom(segment);
    const plain = await source.take(room);
    taken += plain.byteLength;
    if (segment === CHUNK_SEGMENTS - 1 && plain.byteLength === room) {
      pieces.push(stream.seal(segment, true, plain));
      stream = undefined;
      chunk += 1;
      segment = 0;
      return pieces;
    }
    // Looking ahead may make the source use its buffer again.
    const held = size === undefined ? kept(plain) : plain;
    isOver =
      plain.byteLength < room || (size === undefined ? await source.isDone() : taken >= size);
    pieces.push(stream.seal(segment, isOver, held));
    segment += 1;
    return pieces;
  }

  return readAhead(begin, ciphers.inFlight);
}

/** Content in memory as it is stored. */
export async function sealBytes(
  file: FileCipher,
  plain: Uint8Array,
  settings: SealSettings = {},
): Promise<Bytes> {
  const { isOpenEnded = false } = settings;
  const last = isOpenEnded ? storedSize(0) : 0;
  const sealed = new Uint8Array(storedSize(plain.byteLength) - last);
  const pieces = sealContent(file, bufferReader(plain), { ...settings, size: plain.byteLength });
  let at = 0;
  for (;;) {
    const piece = await pieces.next();
    if (piece === undefined) return sealed;
    sealed.set(piece, at);
    at += piece.byteLength;
  }
}
