/** What the service refuses a request with. https://learn.microsoft.com/graph/errors, read 2026-11-21 */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Closer reason, in `error.innerError.code`. */
  readonly inner: string | undefined;
}

const REFUSALS: WeakSet<object> = new WeakSet();

/** Makes a refusal to throw. */
function refusal(
  status: number,
  code: string,
  message: string,
  {
    headers = {},
    inner,
  }: {
    readonly headers?: Readonly<Record<string, string>>;
    readonly inner?: string | undefined;
  } = {},
): Refusal & Error {
  const made = Object.assign(new Error(message), { status, code, message, headers, inner });
  REFUSALS.add(made);
  return made;
}

/** Whether what was thrown is a refusal. */
export function isRefusal(error: unknown): error is Refusal & Error {
  return typeof error === 'object' && error !== null && REFUSALS.has(error);
}

/** https://learn.microsoft.com/onedrive/developer/rest-api/concepts/errors, read 2026-11-21 */
export const refuse = {
  token: (message = 'Access token is empty.'): Refusal & Error =>
    refusal(401, 'InvalidAuthenticationToken', message),
  preauthenticated: (): Refusal & Error =>
    refusal(401, 'unauthenticated', 'The address is good by itself and takes no token.'),
  denied: (): Refusal & Error => refusal(403, 'accessDenied', 'Access denied'),
  noItem: (): Refusal & Error => refusal(404, 'itemNotFound', 'The resource could not be found.'),
  noDrive: (): Refusal & Error => refusal(404, 'ResourceNotFound', "User's mysite not found."),
  request: (message: string, inner?: string): Refusal & Error =>
    refusal(400, 'invalidRequest', message, { inner }),
  taken: (): Refusal & Error => refusal(409, 'nameAlreadyExists', 'Name already exists'),
  changed: (): Refusal & Error =>
    refusal(412, 'resourceModified', "ETag does not match current item's value"),
  full: (): Refusal & Error =>
    refusal(507, 'quotaLimitReached', 'Insufficient Space Available', {
      inner: 'insufficientSpaceAvailable',
    }),
  range: (message: string): Refusal & Error =>
    refusal(416, 'invalidRange', message, { inner: 'fragmentOverlap' }),
  noSession: (): Refusal & Error =>
    refusal(404, 'itemNotFound', 'The upload session was not found'),
  method: (): Refusal & Error =>
    refusal(405, 'Request_BadRequest', 'Specified HTTP method is not allowed.'),
  notSupported: (): Refusal & Error => refusal(501, 'notSupported', 'Operation not supported'),
  resync: (location: string): Refusal & Error =>
    refusal(410, 'resyncRequired', 'Resync required. Replace any local items.', {
      headers: { location },
      inner: 'resyncChangesApplyDifferences',
    }),
};
