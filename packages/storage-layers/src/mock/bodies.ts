import { type Body, type StoredObject, storedObject, toBody } from '@granary/storage-core/provider';
import type { MockClock } from './clock.ts';
import { type FaultOptions, faultError } from './faults.ts';

const DEFAULT_CHUNK_BYTES = 64 * 1024;

/** How the bytes of one body flow. */
export interface Flow {
  readonly chunkBytes?: number | undefined;
  /** Units: ms before every chunk. */
  readonly chunkDelay?: number | undefined;
  readonly clock: MockClock;
  /** Where the body breaks off or stalls. */
  readonly fault?: FaultOptions | undefined;
  /** The body is on its way down: when it breaks off, nothing was stored. */
  readonly isWrite: boolean;
  readonly hang: (signal: AbortSignal) => Promise<never>;
}

/** An object whose body is slow, breaks off or stalls, as the flow says. */
export function slowObject(object: StoredObject, flow: Flow): StoredObject {
  if (isPlain(flow)) return object;
  const stopped = new AbortController();
  const open = () => slowStream(object.stream(), flow, stopped);
  return storedObject(
    object.info,
    {
      bytes: () => toBody(open()).bytes(),
      stream: open,
      cancel: async (reason) => {
        stopped.abort(reason);
        await object.cancel(reason);
      },
    },
    { below: object, ...(object.range && { range: object.range }) },
  );
}

/** Content on its way down that is slow, breaks off or stalls, as the flow says. */
export function slowBody(body: Body, flow: Flow): Body {
  if (isPlain(flow)) return body;
  return mapInput(body, (stream) => slowStream(stream, flow, new AbortController()));
}

/** Content with its stream passed through a function; it does not come from memory any more. */
function mapInput(
  body: Body,
  map: (stream: ReadableStream<Uint8Array>) => ReadableStream<Uint8Array>,
): Body {
  return {
    size: body.size,
    replayable: body.replayable,
    ...(body.varies && { varies: true }),
    bytes: async () => toBody(map(body.stream())).bytes(),
    stream: () => map(body.stream()),
    cancel: (reason) => body.cancel(reason),
  };
}

function isPlain({ chunkDelay = 0, fault }: Flow): boolean {
  return chunkDelay === 0 && fault?.cutAfterBytes === undefined;
}

function slowStream(
  source: ReadableStream<Uint8Array>,
  flow: Flow,
  stopped: AbortController,
): ReadableStream<Uint8Array> {
  const { chunkBytes = DEFAULT_CHUNK_BYTES, chunkDelay = 0, clock, fault } = flow;
  const cutAfterBytes = fault?.cutAfterBytes ?? Number.POSITIVE_INFINITY;
  const reader = source.getReader();
  let rest: Uint8Array = new Uint8Array(0);
  let passedBytes = 0;

  async function next(): Promise<Uint8Array | undefined> {
    if (fault !== undefined && passedBytes >= cutAfterBytes) {
      if (fault.hang) await flow.hang(stopped.signal);
      throw faultError(fault, flow.isWrite);
    }
    if (rest.byteLength === 0) {
      const { done, value } = await reader.read();
      if (done) return undefined;
      rest = value;
    }
    if (chunkDelay > 0) await clock.sleep(chunkDelay, stopped.signal);
    const length = Math.min(rest.byteLength, chunkBytes, cutAfterBytes - passedBytes);
    const chunk = new Uint8Array(rest.subarray(0, length));
    rest = rest.subarray(length);
    passedBytes += length;
    return chunk;
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const chunk = await next();
          if (chunk === undefined) controller.close();
          else controller.enqueue(chunk);
        } catch (error) {
          await reader.cancel(error);
          throw error;
        }
      },
      async cancel(reason) {
        stopped.abort(reason);
        await reader.cancel(reason);
      },
    },
    { highWaterMark: 0 },
  );
}
