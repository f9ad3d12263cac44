import type { Bucket } from './gcs-state.ts';
import type { FakeAnswer, FakeRequest } from './request.ts';

/**
 * The headers that let a page of another origin use an answer, by the bucket's rules.
 * https://cloud.google.com/storage/docs/cross-origin
 */
export function corsHeaders(
  bucket: Bucket | undefined,
  request: FakeRequest,
): Record<string, string> {
  const { origin, 'access-control-request-method': asked } = request.headers;
  if (origin === undefined) return {};
  const method = asked ?? request.method;
  const rule = bucket?.cors.find(
    ({ origin: origins = [], method: methods = [] }) =>
      (origins.includes('*') || origins.includes(origin)) &&
      (methods.includes('*') || methods.includes(method)),
  );
  if (rule === undefined) return {};
  const { responseHeader = [], maxAgeSeconds = 3600, method: methods = [] } = rule;
  return {
    'access-control-allow-origin': rule.origin?.includes('*') ? '*' : origin,
    ...(asked === undefined
      ? { 'access-control-expose-headers': responseHeader.join(', ') }
      : {
          'access-control-allow-methods': methods.join(', '),
          'access-control-allow-headers': responseHeader.join(', '),
          'access-control-max-age': String(maxAgeSeconds),
        }),
  };
}

/** Answers a preflight. One that no rule allows gets no headers, so that the browser refuses. */
export function answerPreflight(bucket: Bucket | undefined, request: FakeRequest): FakeAnswer {
  return { status: 200, headers: corsHeaders(bucket, request) };
}
