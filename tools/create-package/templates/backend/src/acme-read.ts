import {
  type ContentRange,
  type GetOptions,
  parseContentRange,
  rangeHeader,
  StorageError,
  type StoredObject,
  storedObject,
} from '@granary/storage-core/provider';
import type { AcmeClient } from './acme-client.ts';
import { fromFailure } from './acme-errors.ts';
import { conditionHeaders, toInfo } from './acme-headers.ts';
import { toPath } from './acme-keys.ts';

/** Reads an object or a part of it; the answer's body is handed on as it comes. */
export async function readObject(
  client: AcmeClient,
  key: string,
  { range, ifMatch, ifNoneMatch, signal }: GetOptions,
): Promise<StoredObject> {
  const response = await client.send('GET', toPath(key), {
    headers: {
      ...(range && { range: rangeHeader(range) }),
      ...conditionHeaders({ ifMatch, ifNoneMatch }),
    },
    signal,
  });
  const body = response.body ?? new Blob([]).stream();
  const source = {
    stream: () => readable(body, signal),
    cancel: (reason?: unknown) => body.cancel(reason),
  };
  if (!range) return storedObject(toInfo(key, response.headers), source);
  const part = returnedRange(response);
  if (part) return storedObject(toInfo(key, response.headers), source, { range: part });
  await body.cancel();
  throw new StorageError('unavailable', 'the service ignored the range and sent everything.');
}

function returnedRange({ status, headers }: Response): ContentRange | undefined {
  return status === 206 ? parseContentRange(headers.get('content-range') ?? '')?.range : undefined;
}

/** A connection that breaks is `unavailable`, so that the retry loop goes on from there. */
function readable(
  body: ReadableStream<Uint8Array>,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read().catch((error: unknown) => {
          throw signal?.aborted ? error : fromFailure(error);
        });
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
