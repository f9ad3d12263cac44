import type { FakeRequest } from './request.ts';

/** Trouble that the fake makes: the conformance kit's names. */
export type FakeFault =
  | 'unavailable'
  | 'second-page'
  | 'ignore-range'
  | 'cut-body'
  | 'last-step-of-write'
  | 'lost-reply';

/** Whether the request is the second page of a listing. */
export function isLaterPage({ path, query }: FakeRequest): boolean {
  return path.endsWith('/o') && query['pageToken'] !== undefined;
}

/** Whether the request is a write that changes what readers see. */
export function isCommit({ method, path, query }: FakeRequest): boolean {
  if (method === 'GET' || method === 'HEAD' || path === '/token') return false;
  const isStep = 'uploads' in query || 'partNumber' in query;
  return !isStep && (method !== 'DELETE' || query['uploadId'] === undefined);
}
