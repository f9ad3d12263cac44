import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { checkEndpoint, isLoopback, StorageError } from '@granary/storage-core/provider';
import { fromFailure } from './s3-errors.ts';
import type { S3NativeOptions } from './s3-native.ts';
import type { S3Options } from './s3-provider.ts';

/** Connections kept open at once, as the SDK has it. */
const MAX_CONNECTIONS = 50;

const SILENT = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/** Options of one request, as the SDK takes them. */
export interface RequestTerms {
  readonly abortSignal: AbortSignal;
}

/** A request to be sent: `(client, terms) => client.send(new HeadObjectCommand(…), terms)`. */
export type Request<Output> = (client: S3Client, terms: RequestTerms) => Promise<Output>;

/** Limits of the service that a test makes smaller. Units: bytes. */
export interface S3Limits {
  /** Largest object that one request copies. */
  readonly maxCopyBytes: number;
  /** Least part of a larger copy. */
  readonly copyPartBytes: number;
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html, read 2026-11-21 */
const LIMITS: S3Limits = { maxCopyBytes: 5 * 1024 ** 3, copyPartBytes: 512 * 1024 ** 2 };

/** The bucket, and the one way to send requests to it. */
export interface S3Store {
  readonly bucket: string;
  /** Fields of every request about objects. */
  readonly target: {
    readonly Bucket: string;
    readonly ExpectedBucketOwner?: string;
    readonly RequestPayer?: 'requester';
  };
  /** Fields of every request about the bucket. */
  readonly bucketTarget: { readonly Bucket: string; readonly ExpectedBucketOwner?: string };
  readonly limits: S3Limits;
  /** Whether the store keeps the checksums of S3. */
  readonly checksums: boolean;
  /** Fields of every put that does not say otherwise. */
  readonly native: S3NativeOptions | undefined;
  /** Made with the first use. */
  client(): S3Client;
  /** Sends a request. Errors: those of `s3-errors.ts`, and what the signal says. */
  send<Output>(signal: AbortSignal | undefined, request: Request<Output>): Promise<Output>;
  /** The same for an answer that is still being read: `release` ends it. */
  open<Output>(
    signal: AbortSignal | undefined,
    request: Request<Output>,
  ): Promise<{ readonly output: Output; readonly release: () => void }>;
  /** Closes the connections of a client that was made here. */
  close(): void;
}

/** Returns the store of these options. No I/O, and no client, before the first request. */
export function s3Store(options: S3Options, limits: S3Limits = LIMITS): S3Store {
  const { bucket, expectedBucketOwner, requestPayer = false } = options;
  const config = options.client === undefined ? clientConfig(options) : undefined;
  let client = options.client;

  function theClient(): S3Client {
    client ??= new S3Client(config ?? {});
    return client;
  }

  async function open<Output>(
    signal: AbortSignal | undefined,
    request: Request<Output>,
  ): Promise<{ readonly output: Output; readonly release: () => void }> {
    // The SDK listens to its signal until the answer has been read, so it gets one of its own.
    const controller = new AbortController();
    const abort = () => controller.abort(signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    try {
      const output = await request(theClient(), { abortSignal: controller.signal });
      return { output, release: () => controller.abort() };
    } catch (error) {
      throw signal?.aborted ? error : fromFailure(error);
    } finally {
      signal?.removeEventListener('abort', abort);
    }
  }

  const bucketTarget = {
    Bucket: bucket,
    ...(expectedBucketOwner !== undefined && { ExpectedBucketOwner: expectedBucketOwner }),
  };

  return {
    bucket,
    target: { ...bucketTarget, ...(requestPayer && { RequestPayer: 'requester' as const }) },
    bucketTarget,
    limits,
    checksums: options.checksums ?? !isCustom(options),
    native: options.native,
    client: theClient,
    open,
    send: async (signal, request) => (await open(signal, request)).output,
    close() {
      if (options.client === undefined) client?.destroy();
    },
  };
}

/** Whether the store is another one than Amazon's, as far as the options tell. */
export function isCustom(options: S3Options): boolean {
  const { endpoint, client } = options;
  if (endpoint !== undefined)
    return !/\.amazonaws\.com(?:\.cn)?$/i.test(new URL(endpoint).hostname);
  return client?.config.isCustomEndpoint === true || mayBeElsewhere(options);
}

/** Whether the environment may send an application's own client to another store than Amazon's. */
export function mayBeElsewhere({
  endpoint,
  client,
}: Pick<S3Options, 'endpoint' | 'client'>): boolean {
  if (endpoint !== undefined || client === undefined) return false;
  return !client.config.isCustomEndpoint && client.config.ignoreConfiguredEndpointUrls !== true;
}

/** The address that the environment or a profile gives a client, if one does. Makes no request. */
export async function configuredEndpoint(client: S3Client): Promise<string | undefined> {
  const { serviceConfiguredEndpoint } = client.config as {
    readonly serviceConfiguredEndpoint?: () => Promise<string | undefined>;
  };
  return serviceConfiguredEndpoint?.();
}

/** The SDK's own options. Errors: `invalid-config`. */
function clientConfig(options: S3Options): S3ClientConfig {
  const { endpoint, allowInsecure, maxConnections = MAX_CONNECTIONS } = options;
  const url = endpoint === undefined ? undefined : checkEndpoint(endpoint, { allowInsecure });
  const region =
    options.region ?? (url !== undefined && isCustom(options) ? 'us-east-1' : undefined);
  const checksums = options.checksums ?? !isCustom(options);
  const credentials = credentialsOf(options);
  const agent = { keepAlive: true, maxSockets: maxConnections };

  return {
    ...(url !== undefined && { endpoint: url.href }),
    ...(region !== undefined && { region }),
    ...(credentials !== undefined && { credentials }),
    forcePathStyle: options.forcePathStyle ?? (url !== undefined && isAddress(url.hostname)),
    // It would write warnings to the console, of what is an error here anyway.
    logger: SILENT,
    // An endpoint that only the environment names would be taken for Amazon's, with all it keeps.
    ignoreConfiguredEndpointUrls: true,
    // One retry loop: core's.
    maxAttempts: 1,
    followRegionRedirects: true,
    requestChecksumCalculation: checksums ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    responseChecksumValidation: checksums ? 'WHEN_SUPPORTED' : 'WHEN_REQUIRED',
    // A request that waits for "100 Continue" cannot use a connection that is open already.
    expectContinueHeader: false,
    requestHandler: {
      httpAgent: agent,
      httpsAgent: agent,
      // For the handler of browsers: a redirect may lead to plain http, or to another store.
      requestInit: () => ({ redirect: 'manual' as const }),
    },
  };
}

function credentialsOf(options: S3Options): S3ClientConfig['credentials'] | undefined {
  const { accessKeyId, secretAccessKey, sessionToken, credentials } = options;
  if (credentials !== undefined) return credentials;
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined;
  if (accessKeyId === undefined || secretAccessKey === undefined) {
    throw new StorageError('invalid-config', 'of accessKeyId and secretAccessKey one is missing.', {
      hint: 'Give both, or none to use the credentials that the AWS SDK finds.',
    });
  }
  return { accessKeyId, secretAccessKey, ...(sessionToken !== undefined && { sessionToken }) };
}

/** A host without names below it, so that a bucket cannot be part of the name. */
function isAddress(hostname: string): boolean {
  return isLoopback(hostname) || hostname.startsWith('[') || /^\d+(?:\.\d+){3}$/.test(hostname);
}
