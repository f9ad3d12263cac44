import { type ChunkSource, collect } from '../bodies/chunk-source.ts';
import { storedObject } from '../bodies/stored-object.ts';
import type { StoredObject } from '../contract/body.ts';
import type { EngineGetOptions } from '../contract/engine.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { isStorageError, StorageError } from '../errors/storage-error.ts';
import { PART_BYTES } from '../upload/part-sizes.ts';
import { checkConcurrency } from './check-concurrency.ts';
import { opened, signalOf } from './engine-context.ts';

/** A part of the object that has not been asked for yet, and where the last one ends. Units: bytes. */
interface Place {
  next: number;
  readonly end: number;
}

/**
 * Reads an object in parts, so many at once, which are handed out in their order; at most that many
 * are in memory. All are of one write: a part of another one fails the read with `conflict`. One
 * read where it is small, where a part of it was asked for from its end, and where the provider
 * cannot read parts of one write.
 */
export async function getParallel(
  provider: StorageProvider,
  key: string,
  { concurrency = 1, onProgress: _told, ...options }: EngineGetOptions,
): Promise<StoredObject> {
  checkConcurrency(concurrency);
  const { rangeReads, readConditions } = (await opened(provider, options)).capabilities;
  const { range } = options;
  const asked = range === undefined ? { offset: 0 } : 'suffix' in range ? undefined : range;
  const isPlain = concurrency === 1 || asked === undefined || !rangeReads || !readConditions;
  if (isPlain || (asked.length ?? Number.POSITIVE_INFINITY) <= PART_BYTES) {
    return provider.get(key, options);
  }

  const first = await provider
    .get(key, { ...options, range: { offset: asked.offset, length: PART_BYTES } })
    .catch((error: unknown) => {
      // Of an empty object there is no part, but there is all of it.
      if (range === undefined && isStorageError(error, 'range-not-satisfiable')) return undefined;
      throw error;
    });
  if (first === undefined) return provider.get(key, options);
  return joined(provider, first, asked, range !== undefined, { ...options, concurrency });
}

/** The first part with all that follow it, as one object. */
function joined(
  provider: StorageProvider,
  first: StoredObject,
  asked: { readonly offset: number; readonly length?: number },
  isRange: boolean,
  options: EngineGetOptions & { readonly concurrency: number },
): StoredObject {
  const { info } = first;
  const { signal, version, concurrency } = options;
  const end = Math.min(info.size, asked.offset + (asked.length ?? info.size));
  const place: Place = { next: asked.offset + PART_BYTES, end };
  const stopper = new AbortController();
  const coming: Promise<Uint8Array>[] = [];
  let begun = false;

  async function part(offset: number, length: number): Promise<Uint8Array> {
    const object = await provider
      .get(info.key, {
        range: { offset, length },
        ifMatch: info.etag,
        ...(version !== undefined && { version }),
        signal: stopper.signal,
      })
      .catch((error: unknown) => {
        const isOther =
          isStorageError(error, 'precondition-failed') || isStorageError(error, 'not-found');
        throw isOther ? changed() : error;
      });
    return object.bytes();
  }

  function fill(): void {
    while (coming.length < concurrency && place.next < place.end) {
      const offset = place.next;
      place.next = Math.min(place.end, offset + PART_BYTES);
      ask(part(offset, place.next - offset));
    }
  }

  /** One that fails before its turn comes is told of in its turn. */
  function ask(bytes: Promise<Uint8Array>): void {
    bytes.catch(() => {});
    coming.push(bytes);
  }

  const chunks: ChunkSource = {
    async next() {
      if (!begun) {
        begun = true;
        ask(first.bytes());
      }
      fill();
      const bytes = await coming[0]?.catch((error: unknown) => {
        stopper.abort(error);
        throw error;
      });
      void coming.shift();
      return bytes;
    },
    async cancel(reason) {
      place.next = place.end;
      stopper.abort(reason);
      await first.cancel(reason);
    },
  };

  const length = end - asked.offset;
  return storedObject(
    info,
    {
      bytes: () => collect(chunks, length),
      chunks: () => chunks,
      cancel: (reason) => chunks.cancel(reason),
    },
    {
      below: first,
      ...(isRange && { range: { offset: asked.offset, length } }),
      ...signalOf({ ...(signal !== undefined && { signal }) }),
    },
  );
}

function changed(): StorageError {
  return new StorageError('conflict', 'the object was written while its parts were read.', {
    hint: 'Read it again.',
  });
}
