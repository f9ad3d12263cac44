import type { IncomingMessage } from 'node:http';
import { Storage, type StorageOptions } from '@google-cloud/storage';
import { checkEndpoint, StorageError } from '@granary/storage-core/provider';
import { fromAnswer, fromFailure, fromSignIn, notGcs } from './gcs-errors.ts';
import {
  type HttpConnection,
  httpConnection,
  readBody,
  type SentContent,
  SourceFailure,
} from './gcs-http.ts';
import type { GcsNativeOptions } from './gcs-native.ts';
import type { GcsOptions } from './gcs-provider.ts';

const MAX_CONNECTIONS = 50;
/** So much of an answer that is no success is read to find out why. Units: bytes. */
const MAX_REASON_BYTES = 64 * 1024;

/** One request to the service. */
export interface GcsRequest {
  readonly method: string;
  /** Percent-encoded, below the endpoint. */
  readonly path: string;
  /** Fields that are undefined are left out, empty ones stand there without a value. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly content?: SentContent | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A bucket and the way to it. */
export interface GcsStore {
  readonly bucket: string;
  /** Whether the bucket is known to keep old generations. */
  keepsVersions(): boolean;
  readonly native: GcsNativeOptions | undefined;
  /** Whether expiry is told to lifecycle rules, too. */
  readonly lifecycleExpiry: boolean;
  /** The SDK's client, made with the first use. */
  client(): Storage;
  /** Sends a request; the answer is a success and its body unread. */
  open(request: GcsRequest): Promise<IncomingMessage>;
  /** Sends a request and reads the answer. */
  send(request: GcsRequest): Promise<GcsAnswer>;
  /** Sends a request and reads the answer, which is JSON. */
  json<Value>(request: GcsRequest): Promise<Value>;
  close(): void;
}

/** An answer that was read. */
export interface GcsAnswer {
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Where the JSON API is, below the endpoint. */
export const JSON_API = '/storage/v1';

/** Makes the way to a bucket. Nothing is sent and no client is made before the first request. */
export function gcsStore(options: GcsOptions, keepsVersions: () => boolean): GcsStore {
  const { bucket, userProject, maxConnections = MAX_CONNECTIONS, native } = options;
  let made: Storage | undefined;
  let connection: HttpConnection | undefined;

  function client(): Storage {
    made ??= options.client ?? makeClient(options);
    return made;
  }

  function connected(): HttpConnection {
    const { allowInsecure } = options;
    connection ??= httpConnection(
      checkEndpoint(client().apiEndpoint, { allowInsecure }),
      maxConnections,
    );
    return connection;
  }

  async function open(request: GcsRequest): Promise<IncomingMessage> {
    const { method, path, query, content, signal } = request;
    const wire = connected();
    const headers = {
      ...(await tokenHeaders(client(), signal)),
      'user-agent': 'granary-storage-gcs',
      ...(userProject !== undefined && { 'x-goog-user-project': userProject }),
      ...(content instanceof Uint8Array && { 'content-length': String(content.byteLength) }),
      ...(content === undefined && hasNoContent(method) && { 'content-length': '0' }),
      ...request.headers,
    };
    let response: IncomingMessage;
    try {
      response = await wire.send({ method, path: path + toQuery(query), headers, content, signal });
    } catch (error) {
      if (signal?.aborted || error instanceof SourceFailure) throw error;
      throw fromFailure(error);
    }
    const { statusCode: status = 0 } = response;
    if (status >= 200 && status < 300) return response;
    throw fromAnswer({ status, headers: response.headers, text: await reasonOf(response, signal) });
  }

  async function send(request: GcsRequest): Promise<GcsAnswer> {
    const response = await open(request);
    const bytes = await readBody(response, request.signal);
    return { headers: response.headers, text: new TextDecoder().decode(bytes) };
  }

  return {
    bucket,
    keepsVersions,
    native,
    lifecycleExpiry: options.lifecycleExpiry ?? false,
    client,
    open,
    send,
    async json<Value>(request: GcsRequest) {
      const { text } = await send(request);
      try {
        return JSON.parse(text) as Value;
      } catch {
        throw notGcs('it is not JSON');
      }
    },
    close: () => connection?.close(),
  };
}

/** Refuses options that contradict each other or would send credentials unprotected. */
export function checkOptions({
  bucket,
  endpoint,
  client,
  allowInsecure,
  ...rest
}: GcsOptions): void {
  if (!/^[a-z0-9][a-z0-9_.-]{1,220}[a-z0-9]$/.test(bucket)) {
    throw new StorageError('invalid-config', 'the option "bucket" is not the name of a bucket.', {
      hint: 'Give the name alone, such as "my-bucket", without "gs://" or a path.',
    });
  }
  if (endpoint !== undefined) checkEndpoint(endpoint, { allowInsecure });
  const own = ['credentials', 'keyFilename', 'authClient', 'projectId'] as const;
  const both = client === undefined ? undefined : own.find((name) => rest[name] !== undefined);
  if (client !== undefined && (both !== undefined || endpoint !== undefined)) {
    throw new StorageError(
      'invalid-config',
      `the option "${both ?? 'endpoint'}" is the client's own, where a client is given.`,
    );
  }
}

function makeClient(options: GcsOptions): Storage {
  const { endpoint, credentials, keyFilename, authClient, projectId } = options;
  const settings: StorageOptions = {
    ...(endpoint !== undefined && { apiEndpoint: endpoint, useAuthWithCustomEndpoint: true }),
    ...(credentials !== undefined && { credentials }),
    ...(keyFilename !== undefined && { keyFilename }),
    ...(authClient !== undefined && { authClient }),
    ...(projectId !== undefined && { projectId }),
    retryOptions: { autoRetry: false, maxRetries: 0 },
  };
  return new Storage(settings);
}

/** An access token, from memory while it is good. */
async function tokenHeaders(
  client: Storage,
  signal: AbortSignal | undefined,
): Promise<Record<string, string>> {
  const asking = client.authClient.getRequestHeaders(client.apiEndpoint).catch((error: unknown) => {
    throw fromSignIn(error);
  });
  const headers = await untilAborted(asking, signal);
  return Object.fromEntries(new Headers(headers));
}

/** Ends with the signal; what goes on without it is shared with later requests. */
export async function untilAborted<Value>(
  asking: Promise<Value>,
  signal: AbortSignal | undefined,
): Promise<Value> {
  if (signal === undefined) return asking;
  let abort: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener('abort', abort);
    if (signal.aborted) abort();
  });
  try {
    return await Promise.race([asking, aborted]);
  } finally {
    if (abort !== undefined) signal.removeEventListener('abort', abort);
    asking.catch(() => {});
  }
}

async function reasonOf(
  response: IncomingMessage,
  signal: AbortSignal | undefined,
): Promise<string> {
  const length = Number(response.headers['content-length'] ?? 0);
  if (length > MAX_REASON_BYTES) {
    response.destroy();
    return '';
  }
  return new TextDecoder().decode(await readBody(response, signal));
}

function hasNoContent(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}

function toQuery(query: GcsRequest['query'] = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) => {
    if (value === undefined) return [];
    return [value === '' ? name : `${name}=${encodeURIComponent(value)}`];
  });
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}
