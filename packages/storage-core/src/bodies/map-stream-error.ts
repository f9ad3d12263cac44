/**
 * A stream that passes chunks on as they are asked for, holds none back, and breaks with what
 * `toError` makes of the error that the one below breaks with. Cancelling it cancels that one.
 */
export function mapStreamError(
  stream: ReadableStream<Uint8Array>,
  toError: (error: unknown) => unknown,
): ReadableStream<Uint8Array> {
  let reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        reader ??= stream.getReader();
        const { done, value } = await reader.read().catch((error: unknown) => {
          throw toError(error);
        });
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => (reader ?? stream).cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
