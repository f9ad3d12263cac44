import { isBrowser } from './is-browser.ts';

/** How long a request is held to what asked for it, and what may answer it. */
export interface FetchBounds {
  /** Ends the request and the reading of its answer; a body that is streamed, until it begins. */
  readonly signal?: AbortSignal | undefined;
  /** The body of a success is handed on as it comes. Default: it is read here. */
  readonly streams?: boolean | undefined;
  /**
   * Statuses that are an answer. That of a redirect is one where there is nowhere to go; every other
   * redirect is an error. Default: none of them.
   */
  readonly accept?: readonly number[] | undefined;
}

/** Statuses whose answers have no body. https://fetch.spec.whatwg.org/#null-body-status */
const BODILESS: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);
/** https://fetch.spec.whatwg.org/#redirect-status */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
const RESPONSE = Symbol('response');

/**
 * A `fetch` that ends with the signal, the reading of what it answers included, and follows no
 * redirect, which could carry a token away. It rejects as `fetch` does.
 */
export function boundFetch(
  fetch: typeof globalThis.fetch,
  { signal, streams = false, accept = [] }: FetchBounds,
): typeof globalThis.fetch {
  return async (input, init) => {
    // `fetch` keeps listening to its own signal for long, so it gets another one.
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    try {
      const redirect = redirectFor(accept);
      const response = await fetch(input, { ...init, redirect, signal: controller.signal });
      if (response.redirected || (redirect !== 'error' && leadsOn(response))) {
        controller.abort();
        throw new TypeError('unexpected redirect');
      }
      return streams && response.ok ? held(response) : await wholeResponse(response);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  };
}

/**
 * What lets the answer through that has the status of a redirect and leads nowhere: browsers hide it
 * from `manual`, and return it from `follow`. https://fetch.spec.whatwg.org/#http-redirect-fetch, read 2026-11-21
 */
function redirectFor(accept: readonly number[]): RequestRedirect {
  if (!accept.some((status) => REDIRECTS.has(status))) return 'error';
  return isBrowser() ? 'follow' : 'manual';
}

function leadsOn({ status, headers }: Response): boolean {
  return REDIRECTS.has(status) && headers.has('location');
}

/**
 * Node ends a body that nobody has begun to read when its response is collected, so the body holds it.
 * https://github.com/nodejs/undici/blob/main/lib/web/fetch/response.js, read 2026-11-21
 */
function held(response: Response): Response {
  if (response.body !== null) Object.assign(response.body, { [RESPONSE]: response });
  return response;
}

async function wholeResponse(response: Response): Promise<Response> {
  const { status, statusText, headers } = response;
  const bytes = await response.arrayBuffer();
  return new Response(BODILESS.has(status) ? null : bytes, { status, statusText, headers });
}
