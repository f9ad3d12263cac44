import { boundFetch, checkEndpoint, isBrowser, StorageError } from '@granary/storage-core/provider';
import { StorageClient } from '@supabase/storage-js';
import { fromFailure, fromResponse, fromSdk } from './supabase-errors.ts';

/** The Storage part of an app's client: `StorageClient` of `@supabase/storage-js`, by shape. */
export interface SupabaseStorageLike {
  from(bucket: string): unknown;
}

/** An app's client: `SupabaseClient` of `@supabase/supabase-js`, by shape. */
export interface SupabaseClientLike {
  readonly storage: SupabaseStorageLike;
}

/** Where the project is and who asks. */
export interface SupabaseAccess {
  readonly url?: string | undefined;
  readonly key?: string | undefined;
  readonly bucket: string;
  readonly client?: SupabaseClientLike | SupabaseStorageLike | undefined;
  readonly accessToken?: (() => Token | Promise<Token>) | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly allowInsecure?: boolean | undefined;
  readonly allowServiceKeyInBrowser?: boolean | undefined;
}

type Token = string | null | undefined;

/** What storage-js gives for a bucket. */
export type BucketFiles = ReturnType<StorageClient['from']>;

/** One request of our own. */
export interface SupabaseRequest {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer>;
  /** Statuses besides the successes that are an answer. */
  readonly accept?: readonly number[];
  /** The body of a success is handed on as it comes; the signal then ends the request until it begins. Default: it is read here. */
  readonly streams?: boolean;
  /** Ends the request. */
  readonly signal?: AbortSignal | undefined;
}

/** How storage-js is called once. */
export interface SupabaseCall {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** Reaches one bucket: through storage-js, and with plain requests for what it has not. */
export interface SupabaseBucket {
  readonly bucket: string;
  /** Address of the Storage API. */
  readonly url: string;
  readonly native: unknown;
  /** Errors: what `supabase-errors.ts` makes of an answer that is no success. */
  send(method: string, path: string, request: SupabaseRequest): Promise<Response>;
  /** Calls storage-js with a bucket's files; its names go into paths, so they are escaped. */
  call<Data>(
    operation: (files: BucketFiles) => PromiseLike<SdkResult<Data>>,
    call: SupabaseCall,
  ): Promise<Data>;
}

interface SdkResult<Data> {
  readonly data: Data | null;
  readonly error: unknown;
}

interface Connection {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly fetch: typeof globalThis.fetch;
  readonly native: unknown;
}

/**
 * Opens a bucket. Makes no request.
 * Errors: `invalid-config` for a missing or unsafe address, a missing key, a service key in a browser,
 * and a client that is none.
 */
export function supabaseBucket(access: SupabaseAccess): SupabaseBucket {
  const { bucket } = access;
  if (bucket === '') throw refusal('the option "bucket" is empty.');
  const { url, headers, fetch, native } = access.client
    ? connectionOf(access.client, access)
    : connectionTo(access);

  return {
    bucket,
    url,
    native,
    async send(method, path, { headers: own, body, accept = [], streams, signal }) {
      const request: RequestInit = {
        method,
        headers: { ...headers, ...own },
        body: body ?? null,
        ...(isBrowser() && { cache: 'no-store' as const }),
      };
      const answered = await untilAborted(fetch, signal, streams)(`${url}/${path}`, request);
      if (answered.ok || accept.includes(answered.status)) return answered;
      throw await fromResponse(answered);
    },
    async call(operation, { headers: own, signal }) {
      let answered: Headers | undefined;
      const bound = untilAborted(fetch, signal);
      const client = new StorageClient(url, { ...headers, ...own }, async (...request) => {
        const response = await bound(...request);
        answered = response.headers;
        return response;
      });
      const { data, error } = await operation(client.from(encodeURIComponent(bucket)));
      if (error !== null) {
        if (signal?.aborted) throw signal.reason;
        throw fromSdk(error, answered);
      }
      return data as never;
    },
  };
}

/** What an app's own client connects with, its user's session included. */
function connectionOf(
  client: SupabaseClientLike | SupabaseStorageLike,
  { key, accessToken, url, allowInsecure, allowServiceKeyInBrowser }: SupabaseAccess,
): Connection {
  if (url !== undefined || key !== undefined || accessToken !== undefined) {
    throw refusal(
      'the option "client" brings its own url, key and session; give one or the other.',
    );
  }
  const storage = 'storage' in client ? client.storage : client;
  // storage-js keeps these for itself, and has no other way to a request of one's own.
  const inside = storage as Partial<Connection> & SupabaseStorageLike;
  const { url: address, headers, fetch } = inside;
  if (typeof address !== 'string' || typeof headers !== 'object' || typeof fetch !== 'function') {
    throw refusal('the option "client" is no SupabaseClient and no StorageClient.');
  }
  checkEndpoint(address, { allowInsecure });
  const keys = [(client as { supabaseKey?: unknown }).supabaseKey, ...Object.values(headers)];
  for (const secret of keys) checkKey(String(secret), allowServiceKeyInBrowser);
  return { url: address.replace(/\/+$/, ''), headers, fetch, native: client };
}

function connectionTo(access: SupabaseAccess): Connection {
  const { url, key, accessToken, allowInsecure, allowServiceKeyInBrowser } = access;
  if (url === undefined) throw refusal('the option "url" is missing.');
  if (key === undefined || key === '') throw refusal('the option "key" is missing.');
  checkKey(key, allowServiceKeyInBrowser);
  const base = checkEndpoint(url, { allowInsecure }).href.replace(/\/+$/, '');
  const address = base.endsWith('/storage/v1') ? base : `${base}/storage/v1`;
  const send = access.fetch ?? globalThis.fetch;

  const fetch: typeof globalThis.fetch = async (input, init) => {
    const headers = new Headers(init?.headers);
    headers.set('apikey', key);
    headers.set('authorization', `Bearer ${(await accessToken?.()) || key}`);
    return send(input, { ...init, headers });
  };
  const native = new StorageClient(address, {}, fetch);
  return { url: address, headers: {}, fetch, native };
}

/** A key that skips every policy must not be where everybody can read it. */
function checkKey(key: string, isAllowed = false): void {
  if (isAllowed || !isBrowser() || !isServiceKey(key.replace(/^Bearer /, ''))) return;
  throw new StorageError('invalid-config', 'a service key is used in a browser.', {
    hint: 'It skips every policy, and visitors can read it: use the publishable (anon) key with the session of the user. An app that only its administrators can load may say { allowServiceKeyInBrowser: true }.',
  });
}

/** https://supabase.com/docs/guides/api/api-keys, read 2026-11-21 */
function isServiceKey(key: string): boolean {
  if (key.startsWith('sb_secret_')) return true;
  const [, payload = ''] = key.split('.');
  try {
    const text = atob(payload.replaceAll('-', '+').replaceAll('_', '/'));
    return (JSON.parse(text) as { role?: unknown } | null)?.role === 'service_role';
  } catch {
    return false;
  }
}

/** A `fetch` that ends with the signal, and fails as this backend does. */
function untilAborted(
  fetch: typeof globalThis.fetch,
  signal: AbortSignal | undefined,
  streams = false,
): typeof globalThis.fetch {
  const bound = boundFetch(fetch, { signal, streams });
  return async (input, init) => {
    try {
      return await bound(input, init);
    } catch (error) {
      throw signal?.aborted ? error : fromFailure(error);
    }
  };
}

function refusal(reason: string): StorageError {
  return new StorageError('invalid-config', reason);
}
