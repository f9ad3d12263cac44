import { type Body, StorageError, toBody } from '@granary/storage-core/provider';
import { type ContentCheck, checkBytes } from './content-check.ts';

/** Content that is small enough to be checked before anything is sent. Units: bytes. */
const HELD_BYTES = 256 * 1024;

/** A body whose last bytes come out only when its checks have passed. */
export interface GatedBody {
  readonly body: Body;
  /** What the last reading was refused with. */
  readonly failure: () => unknown;
  /** Errors: `unknown` when the storage below took the body without reading it to its end. */
  checkRead(): void;
}

/** Puts checks around a body. What is in memory, or small, is checked at once. */
export async function gatedBody(body: Body, open: () => ContentCheck): Promise<GatedBody> {
  if (body.buffered !== undefined || (body.size ?? Number.POSITIVE_INFINITY) <= HELD_BYTES) {
    const bytes = body.buffered ?? (await body.bytes());
    await checkBytes(bytes, open());
    const held = body.buffered === undefined ? toBody(bytes) : body;
    return { body: held, failure: () => undefined, checkRead() {} };
  }
  let failure: unknown;
  let passed = false;
  const start = (): ContentCheck => {
    failure = undefined;
    const check = open();
    return {
      push: (chunk) => check.push(chunk).catch(fail),
      finish: () =>
        check.finish().then(() => {
          passed = true;
        }, fail),
      stop: (reason) => check.stop(reason),
    };
  };
  function fail(error: unknown): never {
    failure = error;
    throw error;
  }
  const gated: Body = {
    size: body.size,
    replayable: body.replayable,
    async bytes() {
      const bytes = await body.bytes();
      await checkBytes(bytes, start());
      return bytes;
    },
    stream: () => checkedStream(body.stream(), start()),
    cancel: (reason) => body.cancel(reason),
  };
  return {
    body: gated,
    failure: () => failure,
    checkRead() {
      if (passed) return;
      throw new StorageError(
        'unknown',
        'the storage below took the content without reading all of it, so it was not checked.',
        {
          outcome: 'unknown',
          hint: 'Delete the object, and look for a newer version of its backend.',
        },
      );
    },
  };
}

/**
 * A stream that lets its last chunk out, and ends, only when the check has passed. What reads it
 * never has all of the content before.
 */
export function checkedStream(
  stream: ReadableStream<Uint8Array>,
  check: ContentCheck,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let held: Uint8Array | undefined;

  /** The next chunk that may go out; `undefined` at the end. */
  async function next(): Promise<Uint8Array | undefined> {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) {
        await check.finish();
        return undefined;
      }
      await check.push(value);
      const ready = held;
      // A source may use its buffer again for the next chunk.
      held = value.slice();
      if (ready !== undefined) return ready;
    }
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await next();
          if (chunk !== undefined) return controller.enqueue(chunk);
          if (held !== undefined) controller.enqueue(held);
          controller.close();
        } catch (error) {
          check.stop(error);
          await reader.cancel(error).catch(() => {});
          throw error;
        }
      },
      async cancel(reason) {
        check.stop(reason);
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
