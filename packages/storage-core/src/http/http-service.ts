import { checkEndpoint } from '../config/check-endpoint.ts';
import type { AccessToken, TokenSource } from '../contract/factory.ts';
import { isStorageError, StorageError } from '../errors/storage-error.ts';
import { boundFetch } from './bound-fetch.ts';

/** What a service that is asked over HTTP is reached with. */
export interface HttpServiceSettings {
  /** Signs requests in, by a bearer token. Default: requests go out as they are. */
  readonly auth?: TokenSource | undefined;
  /** Default: `fetch` of the platform. */
  readonly fetch?: typeof globalThis.fetch | undefined;
  /** Allows plain http to another machine. Default: false. */
  readonly allowInsecure?: boolean | undefined;
  /** What an answer that is no success means. `unauthenticated` is what another token may mend. */
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
  /**
   * Statuses besides the successes that are an answer. That of a redirect, such as 308, is one where
   * there is nowhere to go; nothing is followed.
   */
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
   * Sends a request, once; where `errorOf` finds it `unauthenticated`, a new token is asked for, and
   * the request sent with it. Redirects are errors: they could carry the token away.
   * Errors: what `errorOf` makes of an answer that is no success; `unavailable` when no answer comes,
   * for what is no GET or HEAD with an unknown outcome; `invalid-config` for an address without encryption.
   */
  send(request: ServiceRequest): Promise<Response>;
}

/** So much of an answer that is no success is handed to whoever finds out why. Units: characters. */
const MAX_REASON = 64 * 1024;

/** Methods that change nothing. */
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD']);

/** Makes the way to a service. Sends nothing. */
export function httpService(settings: HttpServiceSettings): HttpService {
  const { auth, allowInsecure, errorOf, unreachableHint } = settings;

  async function ask(request: ServiceRequest, token: AccessToken | undefined): Promise<Response> {
    const { method, url, body, accept, signal, streams } = request;
    signal?.throwIfAborted();
    const headers = {
      ...request.headers,
      ...(token !== undefined && { authorization: `Bearer ${token.token}` }),
    };
    try {
      const fetch = boundFetch(settings.fetch ?? globalThis.fetch, { accept, signal, streams });
      return await fetch(url, { method, headers, cache: 'no-store', body: body ?? null });
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      throw new StorageError('unavailable', 'the service could not be reached.', {
        cause: error,
        outcome: READS.has(method) ? 'not-applied' : 'unknown',
        hint: unreachableHint,
      });
    }
  }

  return {
    async send(request) {
      const { url, accept = [], anonymous = false, signal } = request;
      const { origin } = new URL(url);
      checkEndpoint(origin, { allowInsecure });
      const asked = { ...(signal && { signal }) };
      const tokens = anonymous ? undefined : auth;

      async function answerWith(token: AccessToken | undefined): Promise<Response | StorageError> {
        const response = await ask(request, token);
        const isAnswer = response.ok || accept.includes(response.status);
        return isAnswer ? response : errorOf(await refusedAnswer(response));
      }

      const token = await tokens?.getToken(asked);
      let answer = await answerWith(token);
      if (tokens !== undefined && isStorageError(answer, 'unauthenticated')) {
        const fresh = await tokens.getToken({ ...asked, refresh: true });
        if (fresh.token !== token?.token) answer = await answerWith(fresh);
      }
      if (isStorageError(answer)) throw answer;
      return answer;
    },
  };
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
