import { setTimeout } from 'node:timers/promises';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import { inject } from 'vitest';

type Handler = S3Client['config']['requestHandler'];
type Handled = Awaited<ReturnType<Handler['handle']>>;
type HandledRequest = Parameters<Handler['handle']>[0];

/** A client of the server of this run, as the peculiarities of Ceph 16 want it. */
export function radosgwClient(): S3Client {
  const { endpoint, region, accessKeyId, secretAccessKey } = inject('s3');
  const client = new S3Client({
    endpoint,
    region,
    credentials: { accessKeyId, secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    expectContinueHeader: false,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
  // It compares the etags of writes without their quotes, and no further than its own etag goes.
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers, method } = args.request as HandledRequest;
      const ifMatch = headers['if-match'];
      if (method === 'PUT' && ifMatch !== undefined && !('x-amz-copy-source' in headers)) {
        const [, etag = 'none'] = /^"([\da-f]{32}(?:-\d+)?)"$/.exec(ifMatch) ?? [];
        headers['if-match'] = etag;
      }
      return next(args);
    },
    { step: 'build', name: 'unquotedEtags' },
  );
  steadied(client.config.requestHandler);
  return client;
}

/** Makes a bucket that no other test uses, and returns its name. */
export async function freshBucket(client: S3Client): Promise<string> {
  const bucket = `granary-${crypto.randomUUID()}`;
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  return bucket;
}

/** How long the server may go on with a write whose connection was cut. Units: ms. */
const LATE_MS = 100;

/**
 * It answers 500 where a request lost a race inside: a reading one is sent again, and a conditional one
 * answered as S3 does, with 409. A write that is aborted may still land, so its end waits for that: what
 * is read then stays as it is.
 */
function steadied(handler: Handler): void {
  const handle = handler.handle.bind(handler);
  handler.handle = async (request, options): Promise<Handled> => {
    const handled = await handle(request, options).catch(async (error: unknown) => {
      const isWrite = request.method === 'PUT' || request.method === 'POST';
      const { abortSignal } = (options ?? {}) as { readonly abortSignal?: AbortSignal };
      if (isWrite && abortSignal?.aborted) await setTimeout(LATE_MS);
      throw error;
    });
    if (handled.response.statusCode !== 500) return handled;
    if (request.method === 'GET' || request.method === 'HEAD') {
      (handled.response.body as { resume?(): void } | undefined)?.resume?.();
      return handle(request, options);
    }
    const isConditional = 'if-match' in request.headers || 'if-none-match' in request.headers;
    if (isConditional) handled.response.statusCode = 409;
    return handled;
  };
}
