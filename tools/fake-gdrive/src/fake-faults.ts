/** Trouble that the fake makes: the conformance kit's names. */
export type FakeFault =
  | 'unavailable'
  | 'second-page'
  | 'ignore-range'
  | 'cut-body'
  | 'last-step-of-write'
  | 'lost-reply';

/** Whether the request is the second page of a listing. */
export function isLaterPage(method: string, path: string, query: URLSearchParams): boolean {
  return method === 'GET' && path === '/drive/v3/files' && query.has('pageToken');
}

/** Whether the request is a write that changes what readers see. */
export function isCommit(
  method: string,
  path: string,
  headers: Readonly<Record<string, string | undefined>>,
  query: URLSearchParams,
): boolean {
  if (method === 'GET') return false;
  if (query.has('upload_id')) {
    return method === 'PUT' && !(headers['content-range'] ?? '').endsWith('*');
  }
  if (query.get('uploadType') === 'resumable') return false;
  // A folder on the way to a file is nothing that readers see.
  return path !== '/drive/v3/files';
}
