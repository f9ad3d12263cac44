import { StorageError } from '@granary/storage-core';
import { isLoopback } from '@granary/storage-core/provider';
import { allowInsecureRequests, customFetch } from 'oauth4webapi';
import type { SignInProvider } from './providers/provider.ts';
import { REQUEST_TIMEOUT_MS } from './request-timeout.ts';

/** What is exchanged for tokens by the application's own server. */
export type Exchange = (
  parameters: URLSearchParams,
  options: { readonly signal?: AbortSignal },
) => Promise<unknown>;

/** What the transport is made with. */
export interface TransportSettings {
  readonly provider: SignInProvider;
  readonly fetch: typeof globalThis.fetch | undefined;
  readonly exchange: Exchange | undefined;
}

/** A way to send requests, as `oauth4webapi` takes it. */
type Send = (
  url: string,
  init: {
    readonly body?: URLSearchParams | undefined;
    readonly signal?: AbortSignal | undefined;
  },
) => Promise<Response>;

/** Options of one request. */
export interface TransportOptions {
  readonly [allowInsecureRequests]: true;
  readonly [customFetch]: Send;
  readonly signal: AbortSignal;
}

/** How requests get to a provider. */
export interface ProviderTransport {
  /** Options of each request: no redirects, a time limit, and the way to the network. */
  requestOptions(signal: AbortSignal | undefined, isExchange?: boolean): TransportOptions;
  /** Sends one request to the provider itself. */
  send(url: string, init: object): Promise<Response>;
}

/** Makes the way to a provider. Sends nothing by itself. */
export function providerTransport(settings: TransportSettings): ProviderTransport {
  const { provider, exchange } = settings;

  async function send(url: string, init: object): Promise<Response> {
    checkAddress(url, provider);
    const fetch = settings.fetch ?? globalThis.fetch;
    const response = await fetch(url, { ...init, redirect: 'error', cache: 'no-store' });
    return namedAsInRfc(response);
  }

  return {
    send,
    requestOptions(signal, isExchange = false) {
      const limit = AbortSignal.timeout(REQUEST_TIMEOUT_MS);
      return {
        // It is checked here, and allowed to this machine alone.
        [allowInsecureRequests]: true,
        [customFetch]: isExchange && exchange ? viaServer(exchange) : send,
        signal: signal ? AbortSignal.any([signal, limit]) : limit,
      };
    },
  };
}

/** Errors: `invalid-config` for what is neither https nor on this machine. */
export function checkAddress(address: string, { id, title }: SignInProvider): void {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol === 'https:') return;
  if (url?.protocol === 'http:' && isLoopback(url.hostname)) return;
  throw new StorageError('invalid-config', `an address of ${title} is not https.`, {
    provider: id,
    outcome: 'not-applied',
    hint: 'Tokens are sent over https alone; plain http only to this machine, for tests.',
  });
}

/** The application's server in the place of the token endpoint. */
function viaServer(exchange: Exchange): Send {
  return async (_url, { body, signal }) => {
    const answer = await exchange(new URLSearchParams(body), { ...(signal && { signal }) });
    if (answer instanceof Response) return answer;
    const isRefusal = typeof (answer as { error?: unknown } | null)?.error === 'string';
    return Response.json(answer, { status: isRefusal ? 400 : 200 });
  };
}

/**
 * Google calls the address of its device codes `verification_url`:
 * https://developers.google.com/identity/protocols/oauth2/limited-input-device, read 2026-11-21.
 */
async function namedAsInRfc(response: Response): Promise<Response> {
  const type = response.headers.get('content-type') ?? '';
  if (!response.ok || !type.includes('json')) return response;
  const text = await response.text();
  const { status, headers } = response;
  const isGoogles = text.includes('"verification_url"') && !text.includes('"verification_uri"');
  const named = isGoogles ? text.replace('"verification_url"', '"verification_uri"') : text;
  return new Response(named, { status, headers });
}
