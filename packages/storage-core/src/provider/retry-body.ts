import { type ChunkSource, collect } from '../bodies/chunk-source.ts';
import { givesStream, objectChunks, storedObject } from '../bodies/stored-object.ts';
import type { ByteRange, StoredObject } from '../contract/body.ts';
import type { GetOptions } from '../contract/operations.ts';
import { StorageError } from '../errors/storage-error.ts';
import type { Retried, Work } from './retry-loop.ts';
import type { TimeLimits } from './time-limits.ts';

/** From here on a read of everything continues where it broke instead of starting again. */
const CONTINUED_FROM_BYTES = 1024 * 1024;
/** See {@link SLOWEST_LINE} in retry-loop. Units: bytes per ms. */
const SLOWEST_LINE = 50;

/**
 * An object whose body is continued when it breaks: by a range from where it broke, of the same
 * write alone. Without ranges only a body of which nothing was handed out can start again.
 */
export function retriedObject(
  { provider, can, loop }: Retried,
  key: string,
  options: GetOptions,
  first: StoredObject,
): StoredObject {
  const { info } = first;
  const { signal } = options;
  const { offset: start, length: size } = first.range ?? { offset: 0, length: info.size };
  const about: Work<never> = { operation: 'get', key, signal };
  let current = first;

  /** The rest of the same write, after `done` bytes. */
  async function again(done: number): Promise<StoredObject> {
    const { rangeReads, readConditions } = can();
    const rest: { range?: ByteRange } =
      done > 0 || first.range !== undefined
        ? { range: { offset: start + done, length: size - done } }
        : {};
    const { version } = options;
    const object = await loop
      .run({ ...about, discard: (late: StoredObject) => void late.cancel() }, (one) =>
        provider.get(key, {
          ...rest,
          ...(readConditions && { ifMatch: info.etag }),
          ...(version !== undefined && { version }),
          signal: one.signal,
        }),
      )
      .catch((error: StorageError) => {
        throw error.code === 'precondition-failed' || error.code === 'not-found'
          ? changed()
          : error;
      });
    if (object.info.etag === info.etag && (done === 0 || rangeReads)) return object;
    void object.cancel();
    throw changed();
  }

  function changed(): StorageError {
    return loop.known(about, new StorageError('conflict', 'the object changed while it was read.'));
  }

  function canContinue(error: StorageError, done: number): boolean {
    // What a stream throws on its own says nothing about why it broke.
    const broken = error.retryable || error.code === 'unknown';
    return broken && error.code !== 'conflict' && (done === 0 || can().rangeReads === true);
  }

  /** A silence of `idleTimeoutMs` and what the content may take besides is the longest; 0 is no limit. */
  function withLimit<Value>(reading: Promise<Value>, moreMs: number): Promise<Value> {
    const { limits, idleTimeoutMs } = loop;
    return idleTimeoutMs === 0 ? reading : inTime(limits, reading, idleTimeoutMs + moreMs);
  }

  async function bytes(): Promise<Uint8Array> {
    if (size >= CONTINUED_FROM_BYTES && givesStream(current)) return collect(chunks(), size);
    for (let failed = 1; ; failed += 1) {
      try {
        return await withLimit(current.bytes(), size / SLOWEST_LINE);
      } catch (thrown) {
        const error = loop.known(about, thrown);
        void current.cancel(error);
        if (!canContinue(error, 0)) throw error;
        await loop.wait(about, error, failed);
        current = await again(0);
      }
    }
  }

  function chunks(): ChunkSource {
    let source: ChunkSource | undefined;
    let done = 0;
    let failed = 0;
    return {
      async next() {
        for (;;) {
          try {
            source ??= objectChunks(current);
            const chunk = await withLimit(source.next(), 0);
            const length = chunk?.byteLength ?? 0;
            done += length;
            if (length > 0) failed = 0;
            return chunk;
          } catch (thrown) {
            const error = loop.known(about, thrown);
            source?.cancel(error).catch(() => {});
            source = undefined;
            if (!canContinue(error, done) || done === size) throw error;
            failed += 1;
            await loop.wait(about, error, failed);
            current = await again(done);
          }
        }
      },
      cancel: (reason) => current.cancel(reason),
    };
  }

  return storedObject(
    info,
    {
      bytes,
      chunks,
      cancel: (reason) => current.cancel(reason),
    },
    {
      below: first,
      ...(first.range !== undefined && { range: first.range }),
      ...(signal !== undefined && { signal }),
    },
  );
}

/** A read's result, or `timeout` when it takes longer. */
function inTime<Value>(
  limits: TimeLimits,
  reading: Promise<Value>,
  limitMs: number,
): Promise<Value> {
  return new Promise((resolve, reject) => {
    const limit = limits.start(limitMs, (ms) => {
      reject(new StorageError('timeout', `nothing of the body came for ${ms} ms.`));
    });
    reading.then(
      (value) => {
        limits.stop(limit);
        resolve(value);
      },
      (error: unknown) => {
        limits.stop(limit);
        reject(error);
      },
    );
  });
}
