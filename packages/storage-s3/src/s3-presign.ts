import {
  GetObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import {
  type PresignedRequest,
  type PresignOption,
  type PresignOptions,
  StorageError,
} from '@granary/storage-core/provider';
import type { S3Store } from './s3-client.ts';
import type { S3Condition } from './s3-conditions.ts';
import { fromFailure } from './s3-errors.ts';
import { encodeKey } from './s3-keys.ts';

const HOUR_MS = 3_600_000;
/** Units: ms. https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html, read 2026-11-21 */
const MAX_EXPIRES_MS = 7 * 24 * HOUR_MS;

/** Options that a signature of this store binds. */
export function presignOptions(
  checksums: boolean,
  conditions: readonly S3Condition[],
): readonly PresignOption[] {
  return [
    'contentType',
    'contentLength',
    'responseDisposition',
    'responseContentType',
    ...(checksums ? (['checksum'] as const) : []),
    ...(conditions.includes('createIfAbsent') ? (['ifNoneMatch'] as const) : []),
  ];
}

/** Signs a request that anyone may send. Makes no request, unless credentials have to be had. */
export async function presignRequest(
  store: S3Store,
  key: string,
  options: PresignOptions,
): Promise<PresignedRequest> {
  const { method = 'GET', expiresInMs = HOUR_MS } = options;
  if (expiresInMs > MAX_EXPIRES_MS) {
    throw new StorageError('invalid-argument', 'a request is good for seven days at most.', {
      hint: `Give an expiresInMs of at most ${MAX_EXPIRES_MS}.`,
    });
  }
  const signedAt = new Date();
  const expiresIn = Math.ceil(expiresInMs / 1000);
  const { target } = store;
  const expiresAt = new Date(Math.floor(signedAt.getTime() / 1000 + expiresIn) * 1000);
  const fields = method === 'PUT' ? putFields(options) : { headers: {}, input: {} };
  const command =
    method === 'PUT'
      ? new PutObjectCommand({ ...target, Key: key, ...fields.input })
      : new GetObjectCommand({ ...target, Key: key, ...getFields(options) });
  try {
    const url = await getSignedUrl(signer(store.client()), command, {
      expiresIn,
      signingDate: signedAt,
      // The SDK leaves a type unsigned, and adds one of its own where none is given.
      signableHeaders: new Set(Object.keys(fields.headers)),
      // It would move this header into the URL, where nobody compares it.
      unhoistableHeaders: new Set(['x-amz-checksum-sha256']),
    });
    return { url, method, headers: fields.headers, expiresAt };
  } catch (error) {
    throw fromFailure(error);
  }
}

/** The lasting URL of an object: the base with each segment of the key percent-encoded. */
export function publicUrlOf(base: string, key: string): string {
  return `${base.replace(/\/+$/, '')}/${encodeKey(key)}`;
}

function getFields({ responseDisposition, responseContentType }: PresignOptions) {
  return {
    ...(responseDisposition !== undefined && { ResponseContentDisposition: responseDisposition }),
    ...(responseContentType !== undefined && { ResponseContentType: responseContentType }),
  };
}

function putFields({ contentType, contentLength, checksum, ifNoneMatch }: PresignOptions): {
  readonly input: Partial<PutObjectCommandInput>;
  readonly headers: Readonly<Record<string, string>>;
} {
  const sha256 = checksum?.slice('sha256-'.length);
  return {
    input: {
      ...(contentType !== undefined && { ContentType: contentType }),
      ...(contentLength !== undefined && { ContentLength: contentLength }),
      ...(sha256 !== undefined && { ChecksumSHA256: sha256 }),
      ...(ifNoneMatch !== undefined && { IfNoneMatch: ifNoneMatch }),
    },
    // The length is signed, too; whoever sends a body says it by that, and a browser lets nobody set it.
    headers: {
      ...(contentType !== undefined && { 'content-type': contentType }),
      ...(sha256 !== undefined && { 'x-amz-checksum-sha256': sha256 }),
      ...(ifNoneMatch !== undefined && { 'if-none-match': ifNoneMatch }),
    },
  };
}

/** The client without the checksum of a content that is not there yet. */
function signer(client: S3Client): S3Client {
  const config = {
    ...client.config,
    requestChecksumCalculation: async () => 'WHEN_REQUIRED' as const,
  };
  return Object.create(client, { config: { value: config } }) as S3Client;
}
