import {
  checkEndpoint,
  httpService,
  isStorageError,
  StorageError,
} from '@granary/storage-core/provider';
import { type GdriveSignIn, tokensOf } from './gdrive-auth.ts';
import { fromAnswer, notDrive } from './gdrive-errors.ts';

/** The version of the API that this package speaks. */
export const API_VERSION = 'v3';
const ENDPOINT = 'https://www.googleapis.com';

/** What the way to a Drive is made of. */
export interface GdriveAccess extends GdriveSignIn {
  readonly endpoint?: string | undefined;
  readonly fetch?: typeof globalThis.fetch | undefined;
  readonly allowInsecure?: boolean | undefined;
}

/** One request to the service. */
export interface DriveRequest {
  readonly method: string;
  /** Below the version, such as `files`. Segments that are ids are escaped. */
  readonly path: string;
  /** Fields that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly json?: object | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
  /** `upload`: for content. Default: for what describes files. */
  readonly via?: 'upload' | undefined;
  /** The body of a success is handed on as it comes. */
  readonly streams?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A request to the address of a resumable upload. */
export interface SessionRequest {
  readonly method: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array<ArrayBuffer> | undefined;
  readonly accept: readonly number[];
  readonly signal?: AbortSignal | undefined;
}

/** The way to the service. */
export interface DriveClient {
  /** Errors: what `gdrive-errors.ts` makes of an answer that is no success. */
  send(request: DriveRequest): Promise<Response>;
  /** Sends a request and reads the answer, which is JSON. */
  json<Value>(request: DriveRequest): Promise<Value>;
  /** Sends many calls in one. */
  batch(boundary: string, body: string, signal: AbortSignal | undefined): Promise<Response>;
  /** Sends to a resumable upload, whose address is a secret that is good without a token. */
  session(request: SessionRequest): Promise<Response>;
}

/** Makes the way to the service. Sends nothing. Errors: `invalid-config`. */
export function driveClient(access: GdriveAccess): DriveClient {
  const { endpoint = ENDPOINT, allowInsecure } = access;
  const base = checkEndpoint(endpoint, { allowInsecure }).href.replace(/\/+$/, '');
  const service = httpService({
    auth: tokensOf(access),
    fetch: access.fetch,
    allowInsecure,
    errorOf: fromAnswer,
    unreachableHint: 'Check the network, and that nothing blocks www.googleapis.com.',
  });

  function send({ path, query, json, via, headers, ...request }: DriveRequest): Promise<Response> {
    const area = via === 'upload' ? 'upload/drive' : 'drive';
    return service.send({
      ...request,
      url: `${base}/${area}/${API_VERSION}/${path}${toQuery(query)}`,
      headers: { ...(json && { 'content-type': 'application/json; charset=UTF-8' }), ...headers },
      body: json === undefined ? request.body : JSON.stringify(json),
    });
  }

  return {
    send,
    async json<Value>(request: DriveRequest) {
      return (await readJson(await send(request))) as Value;
    },
    batch: (boundary, body, signal) =>
      service.send({
        method: 'POST',
        url: `${base}/batch/drive/${API_VERSION}`,
        headers: { 'content-type': `multipart/mixed; boundary=${boundary}` },
        body,
        signal,
      }),
    async session({ url, ...request }) {
      // The address comes from a token that may have been through other hands.
      if (!URL.canParse(url) || new URL(url).origin !== new URL(base).origin) {
        throw new StorageError('invalid-argument', 'the token names another service.', {
          outcome: 'not-applied',
        });
      }
      return service.send({ ...request, url, anonymous: true });
    },
  };
}

/** Reads JSON that is an object. Errors: `unavailable` for anything else, such as a login page. */
export async function readJson(response: Response): Promise<object> {
  const text = await response.text();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below.
  }
  throw notDrive('it is not JSON', { status: response.status });
}

/** An id as it stands in a path. */
export function idPath(id: string): string {
  return encodeURIComponent(id);
}

/** Whether the failure says that there is nothing of this id, or no more. */
export function isGone(error: unknown): boolean {
  return isStorageError(error, 'not-found');
}

function toQuery(query: DriveRequest['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(value)}`],
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
