import { isRefusal, refusal, refusalBody, refuse } from './refusal.ts';
import type { Answer, Call } from './request.ts';
import { partsOf } from './upload-routes.ts';

/** "limited to 100 calls in a single batch request". https://developers.google.com/workspace/drive/api/guides/performance#batch-requests, read 2026-11-21 */
const MAX_CALLS = 100;

/** Answers many calls in one, each as if it had come by itself. Content can be neither sent nor read. */
export function batch(call: Call, route: (call: Call) => Answer): Answer {
  const boundary = /^multipart\/mixed;.*boundary="?([^";]+)"?/.exec(
    call.headers['content-type'] ?? '',
  )?.[1];
  if (boundary === undefined) throw refuse.badRequest('Failed to parse batch request.');
  const parts = partsOf(call.body, boundary);
  if (parts.length > MAX_CALLS) {
    throw refusal(400, 'batchSizeTooLarge', 'The batch request contains too many calls.');
  }
  if (parts.length === 0) throw refuse.badRequest('The batch request is empty.');
  const answers = parts.map(({ headers, content }) => {
    if (headers['content-type'] !== 'application/http') {
      throw refuse.badRequest('Failed to parse batch request.');
    }
    return { id: headers['content-id'], answer: answerOf(call, content.toString(), route) };
  });
  const mark = `batch_${crypto.randomUUID()}`;
  const text = answers.map(({ id, answer: { status, headers = {}, body = '' } }) => {
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    const contentId =
      id === undefined
        ? ''
        : `Content-ID: ${id.replace(/^<?/, '<response-').replace(/>?$/, '>')}\r\n`;
    return `--${mark}\r\nContent-Type: application/http\r\n${contentId}\r\nHTTP/1.1 ${status} ${status < 300 ? 'OK' : 'Error'}\r\n${lines.join('')}\r\n${String(body)}\r\n`;
  });
  return {
    status: 200,
    headers: { 'content-type': `multipart/mixed; boundary=${mark}` },
    body: `${text.join('')}--${mark}--`,
  };
}

function answerOf(outer: Call, text: string, route: (call: Call) => Answer): Answer {
  const [head = '', ...rest] = text.split('\r\n\r\n');
  const [line = '', ...headerLines] = head.split('\r\n');
  const match = /^(GET|POST|PATCH|DELETE) (\/\S+)(?: HTTP\/1\.1)?$/.exec(line.trim());
  try {
    if (match === null) throw refuse.badRequest('Failed to parse batch request.');
    const url = new URL(match[2] ?? '', outer.origin);
    const { searchParams: query, pathname: path } = url;
    if (path.startsWith('/upload/') || query.get('alt') === 'media' || path.startsWith('/batch/')) {
      throw refuse.badRequest('Media upload and download cannot be part of a batch.');
    }
    const headers = Object.fromEntries(
      headerLines.flatMap((header) => {
        const colon = header.indexOf(':');
        return colon < 0
          ? []
          : [[header.slice(0, colon).toLowerCase(), header.slice(colon + 1).trim()]];
      }),
    );
    const body = Buffer.from(rest.join('\r\n\r\n'));
    return route({ ...outer, method: match[1] ?? '', path, query, headers, body });
  } catch (error) {
    if (!isRefusal(error)) throw error;
    return {
      status: error.status,
      headers: { 'content-type': 'application/json; charset=UTF-8' },
      body: refusalBody(error),
    };
  }
}
