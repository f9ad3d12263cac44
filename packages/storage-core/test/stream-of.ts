/** A stream of these chunks, whatever they are. It gives each one when it is asked. */
export function streamOf(...chunks: readonly unknown[]): ReadableStream<Uint8Array> {
  const left = [...chunks];
  return new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (left.length === 0) controller.close();
        else controller.enqueue(left.shift() as Uint8Array);
      },
    },
    { highWaterMark: 0 },
  );
}
