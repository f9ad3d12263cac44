/** What the service answers instead of doing what was asked. */
export interface Refusal extends Error {
  readonly status: number;
  readonly reason: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly location?: string | undefined;
}

/** Details of a {@link refusal}. */
export interface RefusalDetails {
  readonly headers?: Readonly<Record<string, string>>;
  /** The parameter or header that is wrong. */
  readonly location?: string;
}

const REFUSALS = new WeakSet<object>();

/** Makes a refusal. Reasons: https://developers.google.com/workspace/drive/api/guides/handle-errors, read 2026-11-21 */
export function refusal(
  status: number,
  reason: string,
  message: string,
  { headers = {}, location }: RefusalDetails = {},
): Refusal {
  const made = Object.assign(new Error(message), { status, reason, headers, location });
  REFUSALS.add(made);
  return made;
}

/** Whether what was thrown is a refusal. */
export function isRefusal(error: unknown): error is Refusal {
  return typeof error === 'object' && error !== null && REFUSALS.has(error);
}

/** Words of refusals that come from several places. */
export const refuse = {
  notFound: (id: string): Refusal =>
    refusal(404, 'notFound', `File not found: ${id}.`, { location: 'fileId' }),
  invalid: (message: string, location?: string): Refusal =>
    refusal(400, 'invalid', message, location === undefined ? {} : { location }),
  badRequest: (message: string): Refusal => refusal(400, 'badRequest', message),
  scopes: (): Refusal =>
    refusal(403, 'insufficientPermissions', 'Request had insufficient authentication scopes.', {
      headers: {
        'www-authenticate':
          'Bearer realm="https://accounts.google.com/", error="insufficient_scope", scope="https://www.googleapis.com/auth/drive"',
      },
    }),
  files: (message = 'The user does not have sufficient permissions for this file.'): Refusal =>
    refusal(403, 'insufficientFilePermissions', message),
  unauthorized: (): Refusal =>
    refusal(401, 'authError', 'Invalid Credentials', {
      headers: {
        'www-authenticate': 'Bearer realm="https://accounts.google.com/", error="invalid_token"',
      },
      location: 'Authorization',
    }),
} as const;

/** The body of a refusal. */
export function refusalBody({ status, reason, message, location }: Refusal): string {
  const error = {
    message,
    domain: reason.endsWith('LimitExceeded') ? 'usageLimits' : 'global',
    reason,
    ...(location !== undefined && { location, locationType: 'parameter' }),
  };
  return JSON.stringify({ error: { code: status, message, errors: [error] } });
}
