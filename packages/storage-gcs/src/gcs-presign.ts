import type { GetSignedUrlConfig } from '@google-cloud/storage';
import {
  checkEndpoint,
  type PresignedRequest,
  type PresignOptions,
  StorageError,
} from '@granary/storage-core/provider';
import { type GcsStore, untilAborted } from './gcs-client.ts';
import { toName, toPath } from './gcs-keys.ts';

const HOUR_MS = 3_600_000;
/** https://cloud.google.com/storage/docs/access-control/signed-urls, read 2026-11-21 */
const MAX_MS = 7 * 24 * HOUR_MS;

/**
 * What a signature binds. A SHA-256 is not among it: the documentation does not say that the service
 * compares the content with the hash that was signed.
 */
export const PRESIGN_OPTIONS = [
  'contentType',
  'contentLength',
  'ifNoneMatch',
  'responseDisposition',
  'responseContentType',
] as const;

/**
 * Signs a request, with the account's key where it is there, else by asking Google's IAM to sign.
 * https://cloud.google.com/storage/docs/access-control/signing-urls-with-helpers
 */
export async function presignRequest(
  store: GcsStore,
  key: string,
  options: PresignOptions,
): Promise<PresignedRequest> {
  const { method = 'GET', expiresInMs = HOUR_MS, signal } = options;
  if (expiresInMs > MAX_MS) {
    throw new StorageError('invalid-argument', 'a request can be signed for seven days at most.', {
      hint: `Give expiresInMs up to ${MAX_MS}.`,
    });
  }
  // The service counts whole seconds, from the one in which it was signed.
  const signedAt = Math.floor(Date.now() / 1000) * 1000;
  const expiresAt = new Date(signedAt + Math.max(1000, Math.floor(expiresInMs / 1000) * 1000));
  const headers = method === 'PUT' ? putHeaders(options) : {};
  const { 'content-type': contentType, ...extensionHeaders } = headers;
  const config: GetSignedUrlConfig = {
    version: 'v4',
    action: method === 'PUT' ? 'write' : 'read',
    accessibleAt: new Date(signedAt),
    expires: expiresAt,
    ...(contentType !== undefined && { contentType }),
    extensionHeaders,
    ...(method === 'GET' && { queryParams: answerParameters(options) }),
  };
  const client = store.client();
  const [url] = await untilAborted(
    client.bucket(store.bucket).file(toName(key)).getSignedUrl(config),
    signal,
  ).catch((error: unknown) => {
    throw signal?.aborted ? error : notSigned(error);
  });
  return { url, method, headers, expiresAt };
}

/** Refuses what is no address. */
export function checkPublicUrl(publicUrl: string | undefined): void {
  if (publicUrl !== undefined) checkEndpoint(publicUrl, { allowInsecure: true });
}

/** The lasting URL of a key below a base. */
export function publicUrlOf(base: string, key: string): string {
  return `${base.replace(/\/$/, '')}/${toPath(key)}`;
}

/** https://cloud.google.com/storage/docs/xml-api/reference-headers, read 2026-11-21 */
function putHeaders({
  contentType,
  contentLength,
  ifNoneMatch,
}: PresignOptions): Record<string, string> {
  return {
    ...(contentType !== undefined && { 'content-type': contentType }),
    ...(contentLength !== undefined && {
      'x-goog-content-length-range': `${contentLength},${contentLength}`,
    }),
    ...(ifNoneMatch !== undefined && { 'x-goog-if-generation-match': '0' }),
  };
}

function answerParameters({
  responseDisposition,
  responseContentType,
}: PresignOptions): Record<string, string> {
  return {
    ...(responseDisposition !== undefined && {
      'response-content-disposition': responseDisposition,
    }),
    ...(responseContentType !== undefined && { 'response-content-type': responseContentType }),
  };
}

function notSigned(error: unknown): StorageError {
  return new StorageError('unauthenticated', 'these credentials cannot sign requests.', {
    cause: error,
    hint: 'Give the credentials of a service account, or grant iam.serviceAccounts.signBlob on the account in use.',
  });
}
