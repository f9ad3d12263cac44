import { refuse } from './refusal.ts';
import { type FakeAnswer, type FakeRequest, fieldsOf, jsonOf } from './request.ts';

/** "Limited to 20 individual requests": json-batching. */
const MAX_REQUESTS = 20;
const FIELDS = ['id', 'method', 'url', 'headers', 'body', 'dependsOn'];

/** Many requests in one. https://learn.microsoft.com/graph/json-batching, read 2026-11-21 */
export function answerBatch(
  request: FakeRequest,
  answer: (inner: FakeRequest) => FakeAnswer,
): FakeAnswer {
  if (request.method !== 'POST') throw refuse.method();
  const { requests } = jsonOf(request, ['requests']);
  if (!Array.isArray(requests) || requests.length === 0 || requests.length > MAX_REQUESTS) {
    throw refuse.request('A batch has 1 to 20 requests.');
  }
  const failed = new Set<string>();
  const seen = new Set<string>();
  const responses = requests.map((one: unknown) => {
    const { id, method, url, headers = {}, body, dependsOn = [] } = fieldsOf(one, FIELDS);
    if (typeof id !== 'string' || typeof method !== 'string' || typeof url !== 'string') {
      throw refuse.request('id, method and url are required.');
    }
    if (seen.has(id)) throw refuse.request('An id is there twice.');
    seen.add(id);
    if ((dependsOn as readonly string[]).some((other) => failed.has(other) || !seen.has(other))) {
      failed.add(id);
      return { id, status: 424, headers: {}, body: errorOf('failedDependency') };
    }
    const own = Object.entries(headers as Record<string, string>);
    const target = new URL(`${request.origin}/v1.0${url.startsWith('/') ? url : `/${url}`}`);
    const result = answer({
      method,
      path: target.pathname,
      query: target.searchParams,
      headers: {
        ...Object.fromEntries(own.map(([name, value]) => [name.toLowerCase(), value])),
        authorization: request.headers['authorization'],
      },
      body: body === undefined ? Buffer.alloc(0) : Buffer.from(JSON.stringify(body)),
      origin: request.origin,
    });
    if (result.status >= 400) failed.add(id);
    return { id, status: result.status, headers: result.headers ?? {}, body: result.body };
  });
  // Answers may come in another order than the requests.
  return { status: 200, body: { responses: responses.toReversed() } };
}

function errorOf(code: string): object {
  return { error: { code, message: code } };
}
