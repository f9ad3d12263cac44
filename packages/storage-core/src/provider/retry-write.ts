import { sourceStream, streamSource } from '../bodies/chunk-source.ts';
import type { Body } from '../contract/body.ts';
import type { ObjectInfo } from '../contract/object-info.ts';
import type { PutOptions, WriteConditions } from '../contract/operations.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { isStorageError, type StorageError } from '../errors/storage-error.ts';
import type { Retried, Try } from './retry-loop.ts';

/** Whether a write holds only under a condition, so that a second try may fail by the first. */
export function isConditional({ ifMatch, ifNoneMatch }: WriteConditions): boolean {
  return ifMatch !== undefined || ifNoneMatch !== undefined;
}

/** A random id that tells one write from all others. */
export function createWriteId(): string {
  return crypto.randomUUID();
}

/** A body that tells of every chunk that is read, and whether it can still be read from its start. */
export function watchedBody(body: Body): { readonly isWhole: () => boolean; of(one: Try): Body } {
  // Nothing can become of what is in memory.
  if (body.buffered !== undefined) return { isWhole: () => true, of: () => body };
  let used = false;
  const use = () => {
    used = true;
  };
  return {
    isWhole: () => body.replayable || !used,
    of: ({ touch }) => ({
      size: body.size,
      replayable: body.replayable,
      ...(body.varies && { varies: true }),
      bytes() {
        use();
        return body.bytes();
      },
      stream() {
        use();
        const source = streamSource(body.stream());
        return sourceStream({
          async next() {
            const chunk = await source.next();
            touch();
            return chunk;
          },
          cancel: (reason) => source.cancel(reason),
        });
      },
      async cancel(reason) {
        // A body that can be read from its start is let go of when no more try follows.
        if (body.replayable || !used) return;
        await body.cancel(reason);
      },
    }),
  };
}

/** A put that is tried again when that can neither lose nor double anything. */
export function retriedPut(
  { provider, can, loop }: Retried,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<ObjectInfo> {
  const { signal } = options;
  const watched = watchedBody(body);
  const conditional = isConditional(options);
  const mayMark = conditional && can().writeIds === true;
  const writeId = options.writeId ?? (mayMark ? createWriteId() : undefined);
  return loop.run(
    {
      operation: 'put',
      key,
      signal,
      writes: true,
      contentBytes: body.size,
      again: ({ outcome }) =>
        watched.isWhole() && (!conditional || writeId !== undefined || outcome === 'not-applied'),
    },
    (one) =>
      settled(provider, key, writeId, one, () =>
        provider.put(key, watched.of(one), {
          ...options,
          ...(writeId !== undefined && { writeId }),
          signal: one.signal,
        }),
      ),
  );
}

/**
 * A try of a conditional write. When an earlier one may have been applied, a failed condition can
 * be its own doing: the id of the write, and nothing else, tells (SPEC COND-10).
 */
export async function settled(
  provider: StorageProvider,
  key: string,
  writeId: string | undefined,
  { signal, unsure }: Try,
  write: () => Promise<ObjectInfo>,
): Promise<ObjectInfo> {
  try {
    return await write();
  } catch (error) {
    if (!unsure || writeId === undefined || !isSettling(error)) throw error;
    const info = await provider.stat(key, { signal }).catch((failure: unknown) => {
      // Ask again with the next try, unless there is nothing to ask.
      if (isStorageError(failure, 'not-found')) return undefined;
      throw failure;
    });
    if (info?.writeId === writeId) return info;
    throw error;
  }
}

function isSettling(error: unknown): error is StorageError {
  return ['precondition-failed', 'conflict', 'not-found'].some((code) =>
    isStorageError(error, code as StorageError['code']),
  );
}
