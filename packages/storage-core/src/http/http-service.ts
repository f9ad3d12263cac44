import { checkEndpoint } from '../config/check-endpoint.ts';
import type { AccessToken, TokenSource } from '../contract/factory.ts';
import { StorageError } from '../errors/storage-error.ts';

/** What a service that is asked over HTTP is reached with. */
export interface HttpServiceSettings {
  /** Signs requests in, by a bearer token. Default: requests go out as they are. */
  readonly auth?: TokenSource | undefined;
  /** Default: `fetch` of the platform. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Allows plain http to another machine. Default: false. */
  readonly allowInsecure?: boolean | undefined;
  /** What an answer that is no success means. */
  errorOf(answer: RefusedAnswer): StorageError;
  /** What to look at when no answer comes. */
  readonly unreachableHint: string;
}

/** An answer that is no success, with its body read. */
export interface RefusedAnswer {
  readonly status: number;
  readonly headers: Headers;
  /** As much of the body as tells why: 64 KiB. */
  readonly text: string;
  /** The body, where it is JSON. */
  readonly json?: unknown;
}

/** One request. */
export interface ServiceRequest {
  readonly method: string;
  /** Whole address, percent-encoded. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: Uint8Array<ArrayBuffer> | string | undefined;
  /** Statuses besides the successes that are an answer. */
  readonly accept?: readonly number[] | undefined;
  /** The body of a success is handed on as it comes; the signal then ends the request until it begins. Default: it is read here. */
  readonly streams?: boolean | undefined;
  /** Goes out without a token: the address is a secret that is good by itself. */
  readonly anonymous?: boolean | undefined;
  /** Ends the request. */
  readonly signal?: AbortSignal | undefined;
}

/** A service that is asked over HTTP. */
export interface HttpService {
  /**
   * Sends a request, once; a token that the service refuses is asked for again, and the request sent
   * with the new one. Redirects are errors: they could carry the token away.
   * Errors: what `errorOf` makes of an answer that is no success; `unavailable` when no answer comes,
   * for what is no GET or HEAD with an unknown outcome; `invalid-config` for an address without encryption.
   */
  send(request: ServiceRequest): Promise<Response>;
}

/** Statuses whose answers have no body. https://fetch.spec.whatwg.org/#null-body-status */
const BODILESS: ReadonlySet<number> = new Set([101, 103, 204, 205, 304]);
/** So much of an answer that is no success is handed to whoever finds out why. Units: characters. */
const MAX_REASON = 64 * 1024;

/** Methods that change nothing. */
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);
const RESPONSE = Symbol('response');

/** Makes the way to a service. Sends nothing. */
export function httpService(settings: HttpServiceSettings): HttpService {
  const { auth, allowInsecure, errorOf, unreachableHint } = settings;

  async function ask(request: ServiceRequest, token: AccessToken | undefined): Promise<Response> {
    const { method, url, body, signal, streams = false } = request;
    signal?.throwIfAborted();
    const headers = {
      ...request.headers,
      ...(token !== undefined && { authorization: `Bearer ${token.token}` }),
    };
    const init: RequestInit = { method, headers, redirect: 'error', cache: 'no-store' };
    // `fetch` keeps listening to its own signal for long, so it gets another one.
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    signal?.addEventListener('abort', abort);
    try {
      const fetch = settings.fetch ?? globalThis.fetch;
      const response = await fetch(url, {
        ...init,
        body: body ?? null,
        signal: controller.signal,
      });
      return streams && response.ok ? held(response) : await wholeResponse(response);
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw new StorageError('unavailable', 'the service could not be reached.', {
        cause: error,
        outcome: READS.has(method) ? 'not-applied' : 'unknown',
        hint: unreachableHint,
      });
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  return {
    async send(request) {
      const { url, accept = [], anonymous = false, signal } = request;
      const { origin } = new URL(url);
      checkEndpoint(origin, { allowInsecure });
      const isAnswer = ({ ok, status }: Response) => ok || accept.includes(status);
      const tokens = anonymous ? undefined : auth;

      let response = await ask(request, await tokens?.getToken({ ...(signal && { signal }) }));
      if (response.status === 401 && tokens !== undefined && !isAnswer(response)) {
        response = await ask(
          request,
          await tokens.getToken({ ...(signal && { signal }), refresh: true }),
        );
      }
      if (isAnswer(response)) return response;
      throw errorOf(await refusedAnswer(response));
    },
  };
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

async function refusedAnswer(response: Response): Promise<RefusedAnswer> {
  const { status, headers } = response;
  const text = (await response.text()).slice(0, MAX_REASON);
  const json = parse(text);
  return { status, headers, text, ...(json !== undefined && { json }) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
