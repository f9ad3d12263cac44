import { mapBody } from '../bodies/map-body.ts';
import { addBodyTerms } from '../bodies/stored-object.ts';
import type { Body, StoredObject } from '../contract/body.ts';
import type { ProgressOptions } from '../contract/values.ts';

/** Tells a caller how far one operation is: never backwards, and nothing after its end. */
export interface Reporter {
  /** So many bytes are over in all. Units: bytes. */
  reach(transferredBytes: number): void;
  /** All bytes are over, so many as were counted where nothing else is known. Units: bytes. */
  finish(knownBytes?: number): void;
  /** The operation has ended; nothing is told any more. */
  stop(): void;
}

/** Reports to a callback. An error that the callback throws fails the operation. */
export function reportProgress(
  onProgress: NonNullable<ProgressOptions['onProgress']> | undefined,
  totalBytes: number | undefined,
): Reporter {
  let last = -1;
  let stopped = onProgress === undefined;

  function tell(transferredBytes: number, total: number | undefined): void {
    if (stopped || transferredBytes <= last) return;
    last = transferredBytes;
    onProgress?.({ transferredBytes, ...(total !== undefined && { totalBytes: total }) });
  }

  return {
    reach: (transferredBytes) => tell(transferredBytes, totalBytes),
    finish(knownBytes = totalBytes) {
      const total = knownBytes ?? Math.max(last, 0);
      // The end of a body of unknown length is told again, now with its size.
      if (totalBytes === undefined && last === total) last -= 1;
      tell(total, total);
    },
    stop() {
      stopped = true;
    },
  };
}

/** A body that tells how much of it was read. */
export function countedBody(body: Body, reporter: Reporter): Body {
  return {
    ...body,
    async bytes() {
      const bytes = await body.bytes();
      reporter.reach(bytes.byteLength);
      return bytes;
    },
    stream: () => countedStream(body.stream(), reporter),
  };
}

/** An object that tells how much of it was read, and that is let go of when nothing reads it so long. */
export function watchedObject(
  object: StoredObject,
  onProgress: ProgressOptions['onProgress'],
  idleBodyMs: number | undefined,
): StoredObject {
  if (idleBodyMs !== undefined) addBodyTerms(object, { idleBodyMs });
  if (onProgress === undefined) return object;
  const { info, range } = object;
  const reporter = reportProgress(onProgress, range?.length ?? info.size);
  return mapBody(object, {
    bytes(bytes) {
      reporter.finish();
      return bytes;
    },
    stream: (stream) => countedStream(stream, reporter),
  });
}

function countedStream(
  stream: ReadableStream<Uint8Array>,
  reporter: Reporter,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  let count = 0;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) {
          reporter.finish();
          controller.close();
          return;
        }
        count += value.byteLength;
        controller.enqueue(value);
        reporter.reach(count);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
