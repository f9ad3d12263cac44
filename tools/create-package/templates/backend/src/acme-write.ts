import {
  type Body,
  type ObjectInfo,
  type PutOptions,
  toStorageError,
} from '@granary/storage-core/provider';
import type { AcmeClient } from './acme-client.ts';
import { toInfo, writeHeaders } from './acme-headers.ts';
import { toPath } from './acme-keys.ts';

/** Writes an object in one request. What the source of the content fails with comes first. */
export async function writeObject(
  client: AcmeClient,
  key: string,
  body: Body,
  options: PutOptions,
): Promise<ObjectInfo> {
  const { signal } = options;
  let sourceError: unknown;
  try {
    const content = body.buffered
      ? (body.buffered as Uint8Array<ArrayBuffer>)
      : watched(body.stream(), (error) => {
          sourceError = error;
        });
    const headers = writeHeaders(options);
    const response = await client.send('PUT', toPath(key), { headers, body: content, signal });
    return toInfo(key, response.headers);
  } catch (error) {
    await body.cancel(error);
    if (sourceError === undefined) throw error;
    throw toStorageError(sourceError, { outcome: 'not-applied' }, signal);
  }
}

/** Passes a stream on and tells of its error, which `fetch` hides behind one of its own. */
function watched(
  stream: ReadableStream<Uint8Array>,
  onError: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const reader = stream.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await reader.read();
          if (done) controller.close();
          else controller.enqueue(value);
        } catch (error) {
          onError(error);
          throw error;
        }
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
