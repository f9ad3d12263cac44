import { isStorageError } from '@granary/storage-core/provider';
import { fromFailure, fromResponse } from './acme-errors.ts';

/** Where the service is and who asks. */
export interface AcmeAccess {
  readonly endpoint: string;
  readonly token: string;
  readonly fetch: typeof globalThis.fetch;
}

/** One request. */
export interface AcmeRequest {
  readonly headers?: Readonly<Record<string, string>>;
  /** Fields that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly body?: Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>;
  /** Ends the request until its answer begins, or is read where that is done here. */
  readonly signal?: AbortSignal | undefined;
}

/** Sends requests. Errors: what `acme-errors.ts` makes of an answer that is no success. */
export interface AcmeClient {
  send(method: string, path: string, request: AcmeRequest): Promise<Response>;
  /** The same for an answer that is JSON, read to its end. */
  json(method: string, path: string, request: AcmeRequest): Promise<unknown>;
}

/** A body that is a stream needs `duplex`, which the type does not know yet. */
interface StreamingRequest extends RequestInit {
  readonly duplex: 'half';
}

/** Returns the client: the one place that builds requests. */
export function acmeClient({ endpoint, token, fetch }: AcmeAccess): AcmeClient {
  const base = endpoint.endsWith('/') ? endpoint : `${endpoint}/`;

  async function send(
    method: string,
    path: string,
    { headers, query = {}, body }: AcmeRequest,
    signal: AbortSignal,
  ): Promise<Response> {
    const url = new URL(path, base);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    const request: StreamingRequest = {
      method,
      headers: { ...headers, authorization: `Bearer ${token}` },
      body: body ?? null,
      duplex: 'half',
      signal,
    };
    const response = await fetch(url, request);
    if (response.ok) return response;
    await response.body?.cancel();
    throw fromResponse(response);
  }

  return {
    send: (method, path, request) =>
      untilAborted(request.signal, (own) => send(method, path, request, own)),
    json: (method, path, request) =>
      untilAborted(request.signal, async (own) => (await send(method, path, request, own)).json()),
  };
}

/** `fetch` keeps listening to its signal for long, so it gets one of its own. */
async function untilAborted<Result>(
  signal: AbortSignal | undefined,
  send: (own: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', abort);
  try {
    return await send(controller.signal);
  } catch (error) {
    throw signal?.aborted || isStorageError(error) ? error : fromFailure(error);
  } finally {
    signal?.removeEventListener('abort', abort);
  }
}
