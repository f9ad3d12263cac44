import { randomBytes } from 'node:crypto';
import { invalid } from './refusal.ts';
import { type FakeAnswer, type FakeRequest, readQuery, splitOnce } from './request.ts';

/** https://cloud.google.com/storage/docs/batch, read 2026-11-21 */
const MAX_CALLS = 100;

/** Answers several calls that came as one. Each part is a request of its own, with its own answer. */
export function answerBatch(
  request: FakeRequest,
  answer: (part: FakeRequest) => FakeAnswer,
): FakeAnswer {
  const header = request.headers['content-type'] ?? '';
  const [, quoted, plain] =
    /^multipart\/mixed;\s*boundary=(?:"([^"]+)"|([^;\s]+))/.exec(header) ?? [];
  const boundary = quoted ?? plain;
  if (request.method !== 'POST' || boundary === undefined) {
    throw invalid('Failed to parse batch request: no boundary', 'badRequest');
  }
  const parts = request.body
    .toString()
    .split(new RegExp(`(?:^|\r\n)--${boundary.replace(/[^\w-]/g, '\\$&')}(?:--)?(?:\r\n|$)`))
    .slice(1)
    .filter((part) => part.trim() !== '');
  if (parts.length === 0) throw invalid('Failed to parse batch request: no parts', 'badRequest');
  if (parts.length > MAX_CALLS) {
    throw invalid(`The batch has ${parts.length} calls; the most is ${MAX_CALLS}.`, 'badRequest');
  }
  const own = `batch_${randomBytes(12).toString('base64url')}`;
  const answers = parts.map((part) => {
    const { id, inner } = readPart(part, request.headers['authorization']);
    const { status, headers = {}, body = '' } = answer(inner);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    return `--${own}\r\nContent-Type: application/http\r\nContent-ID: <response-${id}>\r\n\r\nHTTP/1.1 ${status} Status\r\n${lines.join('')}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}\r\n`;
  });
  return {
    status: 200,
    headers: { 'content-type': `multipart/mixed; boundary=${own}` },
    body: `${answers.join('')}--${own}--\r\n`,
  };
}

function readPart(
  part: string,
  authorization = '',
): { readonly id: string; readonly inner: FakeRequest } {
  const [outer = '', http = ''] = splitOnce(part, '\r\n\r\n');
  if (!/^content-type:\s*application\/http/im.test(outer)) {
    throw invalid('A part of a batch must be application/http.', 'badRequest');
  }
  const [, id = ''] = /^content-id:\s*<([^>]*)>/im.exec(outer) ?? [];
  const [head = '', body = ''] = splitOnce(http, '\r\n\r\n');
  const [line = '', ...headerLines] = head.split('\r\n');
  const [, method, target] = /^([A-Z]+) (\/\S*) HTTP\/1\.1$/.exec(line) ?? [];
  if (method === undefined || target === undefined) {
    throw invalid('Failed to parse batch request: no request line', 'badRequest');
  }
  const headers = headerLines.map((text) => {
    const [name, value = ''] = splitOnce(text, ':');
    return [name.toLowerCase(), value.trim()] as const;
  });
  const [path, search = ''] = splitOnce(target, '?');
  return {
    id,
    inner: {
      method,
      path,
      search,
      query: readQuery(search),
      headers: { authorization, ...Object.fromEntries(headers) },
      body: Buffer.from(body),
    },
  };
}
