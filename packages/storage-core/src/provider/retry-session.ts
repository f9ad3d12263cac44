import type { ObjectInfo } from '../contract/object-info.ts';
import type { OperationOptions } from '../contract/operations.ts';
import type { CompleteOptions, UploadSession } from '../contract/upload.ts';
import type { Retried, Try, Work } from './retry-loop.ts';
import { isConditional, settled } from './retry-write.ts';

/** An upload session of which a part, never the object, is sent again. */
export function retriedSession(
  { provider, loop }: Retried,
  session: UploadSession,
  writeId: string | undefined,
): UploadSession {
  const { key, part } = session;
  /** The largest part so far: a session may keep its last one back and send it with `complete`. Units: bytes. */
  let largest = 0;
  const work = (name: string, signal: AbortSignal | undefined): Work<never> => ({
    operation: `upload.${name}`,
    key,
    signal,
    // A session that is lost stays lost.
    again: ({ restart }) => !restart,
  });

  /** Bytes of a part that the service holds already, from its start. */
  async function heldOf(offset: number, length: number, one: Try): Promise<number> {
    const { held } = await session.status({ signal: one.signal });
    const around = held.find(
      (range) => range.offset <= offset && offset < range.offset + range.length,
    );
    return around === undefined ? 0 : Math.min(length, around.offset + around.length - offset);
  }

  return {
    key,
    token: session.token,
    part,
    ...(session.expiresAt !== undefined && { expiresAt: session.expiresAt }),

    status: ({ signal }: OperationOptions = {}) =>
      loop.run(work('status', signal), (one) => session.status({ signal: one.signal })),

    write(offset, bytes, { signal } = {}) {
      let tries = 0;
      largest = Math.max(largest, bytes.byteLength);
      return loop.run({ ...work('write', signal), contentBytes: bytes.byteLength }, async (one) => {
        tries += 1;
        // A service that takes parts in order may have taken this one, or its beginning.
        const held =
          tries > 1 && part.order === 'sequential'
            ? await heldOf(offset, bytes.byteLength, one)
            : 0;
        if (held === bytes.byteLength && held > 0) return;
        await session.write(offset + held, bytes.subarray(held), { signal: one.signal });
      });
    },

    complete(options: CompleteOptions = {}): Promise<ObjectInfo> {
      const { signal } = options;
      const conditional = isConditional(options);
      return loop.run(
        {
          ...work('complete', signal),
          writes: true,
          contentBytes: largest,
          again: ({ outcome, restart }) =>
            !restart && (!conditional || writeId !== undefined || outcome === 'not-applied'),
        },
        (one) =>
          settled(provider, key, writeId, one, () =>
            session.complete({ ...options, signal: one.signal }),
          ),
      );
    },

    abort: ({ signal }: OperationOptions = {}) =>
      loop.run(work('abort', signal), (one) => session.abort({ signal: one.signal })),
  };
}
