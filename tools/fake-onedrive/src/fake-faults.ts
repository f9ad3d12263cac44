import type { FakeRequest } from './request.ts';

/** Trouble that the fake makes: the conformance kit's names. */
export type FakeFault =
  | 'unavailable'
  | 'second-page'
  | 'ignore-range'
  | 'cut-body'
  | 'last-step-of-write'
  | 'lost-reply';

/** Whether the request is a page of a listing behind the first. */
export function isLaterPage({ path, query }: FakeRequest): boolean {
  return path.endsWith('/children') && query.has('$skiptoken');
}

/** Whether the request changes what readers see. */
export function isCommit({ method, path, headers }: FakeRequest): boolean {
  if (method === 'GET' || path.endsWith('/createUploadSession') || path.endsWith('/$batch')) {
    return false;
  }
  if (!path.startsWith('/up/')) return true;
  const [, end, total] = /-(\d+)\/(\d+)$/.exec(headers['content-range'] ?? '') ?? [];
  return method === 'PUT' && Number(end) + 1 === Number(total);
}
