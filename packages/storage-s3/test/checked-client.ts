import { Readable } from 'node:stream';
import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { radosgwClient } from './radosgw.ts';

type Handler = S3Client['config']['requestHandler'];
type HandledRequest = Parameters<Handler['handle']>[0];
type Handled = Awaited<ReturnType<Handler['handle']>>;

/**
 * A client whose requests meet, on their way to the server, the conditions that S3 checks and Ceph 16 does
 * not: of deleting, of a copy's source and target, and of completing an upload. It is as strict as S3: an
 * etag without quotes is refused. Writes of one key wait for each other, so that a check holds.
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-requests.html, read 2026-11-21
 */
export function checkedClient(): S3Client {
  const client = radosgwClient();
  const looker = radosgwClient();
  const turns = new Map<string, Promise<unknown>>();
  const handler = client.config.requestHandler;
  const handle = handler.handle.bind(handler);

  async function etagOf(path: string): Promise<string | undefined> {
    const [, bucket = '', key = '', version] =
      /^\/?([^/]+)\/([^?]*)(?:\?versionId=(.*))?$/.exec(path) ?? [];
    const command = new HeadObjectCommand({
      Bucket: bucket,
      Key: decodeURIComponent(key),
      ...(version !== undefined && { VersionId: decodeURIComponent(version) }),
    });
    return looker.send(command).then(
      ({ ETag }) => ETag,
      () => undefined,
    );
  }

  async function refusal(request: HandledRequest): Promise<Handled | undefined> {
    const { method, headers, path, query = {} } = request;
    const source = headers['x-amz-copy-source'];
    const completes = method === 'POST' && 'uploadId' in query;
    const isChecked = method === 'DELETE' || source !== undefined || completes;
    const ifMatch = isChecked ? headers['if-match'] : undefined;
    const ifNoneMatch = isChecked ? headers['if-none-match'] : undefined;
    const sourceIfMatch = headers['x-amz-copy-source-if-match'];
    for (const etag of [ifMatch, sourceIfMatch]) {
      if (etag !== undefined && !/^"[^"]+"$/.test(etag)) return answer(400, 'InvalidArgument');
    }
    if (sourceIfMatch !== undefined && source !== undefined) {
      const etag = await etagOf(source);
      if (etag !== undefined && etag !== sourceIfMatch) return answer(412, 'PreconditionFailed');
    }
    if (ifMatch === undefined && ifNoneMatch === undefined) return undefined;
    const etag = await etagOf(path);
    const fails = ifMatch === undefined ? etag !== undefined : etag !== ifMatch;
    return fails ? answer(412, 'PreconditionFailed') : undefined;
  }

  handler.handle = async (request, options) => {
    if (request.method === 'GET' || request.method === 'HEAD') return handle(request, options);
    const before = turns.get(request.path) ?? Promise.resolve();
    const turn = before.then(async () => (await refusal(request)) ?? handle(request, options));
    turns.set(
      request.path,
      turn.catch(() => {}),
    );
    return turn;
  };
  return client;
}

function answer(statusCode: number, code: string): Handled {
  const body = Readable.from([Buffer.from(`<Error><Code>${code}</Code></Error>`)]);
  const response = { statusCode, headers: { 'content-type': 'application/xml' }, body };
  return { response: response as unknown as Handled['response'] };
}
