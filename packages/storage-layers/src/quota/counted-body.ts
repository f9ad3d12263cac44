import { type Body, toBody } from '@granary/storage-core/provider';

/** Tells, chunk by chunk, how much of the content has come. What `tell` throws ends it. */
export function countedBody(body: Body, tell: (sizeBytes: number) => void): Body {
  const open = () => {
    let sizeBytes = 0;
    return body.stream().pipeThrough(
      new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          sizeBytes += chunk.byteLength;
          tell(sizeBytes);
          controller.enqueue(chunk);
        },
      }),
    );
  };
  return {
    size: body.size,
    replayable: body.replayable,
    ...(body.varies && { varies: true }),
    bytes: async () => toBody(open()).bytes(),
    stream: open,
    cancel: (reason) => body.cancel(reason),
  };
}
