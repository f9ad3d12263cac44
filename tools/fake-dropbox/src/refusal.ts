/** A value of the API's type system: unions carry their member in `.tag`. */
export type Tagged = { readonly '.tag': string } & Readonly<Record<string, unknown>>;

/** An answer that is no success. https://www.dropbox.com/developers/documentation/http/documentation#error-handling, read 2026-11-21 */
export class Refusal extends Error {
  readonly status: number;
  /** What the body says; text without a structure. */
  readonly error: Tagged | undefined;
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: number,
    message: string,
    error?: Tagged,
    headers: Readonly<Record<string, string>> = {},
  ) {
    super(message);
    this.status = status;
    this.error = error;
    this.headers = headers;
  }
}

/** A request that is not well formed: plain text. */
export function badRequest(name: string, reason: string): Refusal {
  return new Refusal(400, `Error in call to API function "${name}": ${reason}`);
}

/** An error that the route documents. */
export function routeError(error: Tagged): Refusal {
  return new Refusal(409, summaryOf(error), error);
}

/** The token does not do. https://github.com/dropbox/dropbox-api-spec/blob/main/auth.stone */
export function authError(error: Tagged): Refusal {
  return new Refusal(401, summaryOf(error), error);
}

/** Too many requests, or too many writes at once. https://www.dropbox.com/developers/reference/data-ingress-guide, read 2026-11-21 */
export function rateLimited(
  reason: 'too_many_requests' | 'too_many_write_operations',
  seconds: number,
): Refusal {
  const error = { reason: { '.tag': reason }, retry_after: seconds } as unknown as Tagged;
  return new Refusal(429, `${reason}/.`, error, { 'retry-after': String(seconds) });
}

/** A union whose members are told from the outside in: `tagged('path', 'conflict', 'file')`. */
export function tagged(first: string, ...rest: readonly string[]): Tagged {
  const [next, ...others] = rest;
  if (next === undefined) return { '.tag': first };
  return { '.tag': first, [first]: tagged(next, ...others) };
}

/** The tags of an error, as `error_summary` has them. */
function summaryOf(error: Tagged): string {
  const tags: string[] = [];
  for (let at: Tagged | undefined = error; at !== undefined; ) {
    tags.push(at['.tag']);
    const inner: unknown = at[at['.tag']] ?? at['reason'];
    at =
      typeof inner === 'object' && inner !== null && '.tag' in inner
        ? (inner as Tagged)
        : undefined;
  }
  return `${tags.join('/')}/`;
}
