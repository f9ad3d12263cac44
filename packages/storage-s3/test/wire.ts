import { Readable } from 'node:stream';
import { S3Client } from '@aws-sdk/client-s3';

/** A request as it would go over the wire. */
export interface Sent {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, unknown>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: unknown;
}

/** What is answered to a request, or what sending it fails with. */
export interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Readable;
  readonly error?: unknown;
}

/** What becomes of requests, in their order, or by what they are. */
export type Script =
  | readonly Answer[]
  | ((sent: Sent, signal: AbortSignal) => Answer | Promise<Answer>);

/** A client of Amazon S3 whose requests are answered from a script, signed and checked as ever. */
export function wire(
  script: Script,
  config: {
    readonly endpoint?: string;
    readonly streams?: boolean;
    readonly ignoreConfiguredEndpointUrls?: boolean;
  } = {},
): { readonly client: S3Client; readonly sent: Sent[] } {
  const sent: Sent[] = [];
  const { streams = true, ...own } = config;
  const client = new S3Client({
    ignoreConfiguredEndpointUrls: true,
    ...own,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI' },
    maxAttempts: 1,
    logger: { trace() {}, debug() {}, info() {}, warn() {}, error() {} },
    expectContinueHeader: false,
    requestHandler: {
      ...(streams && { metadata: { handlerProtocol: 'http/1.1' } }),
      async handle(request: Sent, { abortSignal }: { abortSignal?: unknown } = {}) {
        const { method, path, query = {}, headers, body } = request;
        const one = { method, path, query, headers, body };
        sent.push(one);
        const signal = abortSignal as AbortSignal;
        const answer =
          typeof script === 'function' ? await script(one, signal) : script[sent.length - 1];
        if (answer === undefined) throw new Error(`no answer for ${method} ${path}`);
        if (answer.error !== undefined) throw answer.error;
        const content =
          typeof answer.body === 'string' ? Readable.from([Buffer.from(answer.body)]) : answer.body;
        const response = {
          statusCode: answer.status ?? 200,
          headers: {
            'x-amz-request-id': 'R1',
            date: 'Sat, 21 Nov 2026 10:00:00 GMT',
            ...answer.headers,
          },
          body: content ?? Readable.from([]),
        };
        return { response: response as never };
      },
    },
  });
  return { client, sent };
}

/** The answer with which S3 refuses something. */
export function refused(
  status: number,
  code: string,
  headers: Record<string, string> = {},
): Answer {
  return {
    status,
    headers,
    body: `<?xml version="1.0"?><Error><Code>${code}</Code><Message>m</Message></Error>`,
  };
}

/** The headers that tell about an object of this size. */
export function objectHeaders(
  size: number,
  headers: Record<string, string> = {},
): Record<string, string> {
  return {
    etag: '"0cc175b9c0f1b6a831c399e269772661"',
    'last-modified': 'Sat, 21 Nov 2026 09:00:00 GMT',
    'content-length': String(size),
    ...headers,
  };
}
