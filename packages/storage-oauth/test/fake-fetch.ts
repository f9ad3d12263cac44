/** One request that was sent. */
export interface SentRequest {
  readonly url: string;
  readonly form: URLSearchParams;
  readonly headers: Headers;
}

/** What stands in for the network: answers by a function, and remembers what was sent. */
export interface FakeNetwork {
  readonly fetch: typeof globalThis.fetch;
  readonly sent: SentRequest[];
}

/** Answers with JSON for an object; status 400 where it has an `error`. */
export function fakeNetwork(
  answer: (request: SentRequest, count: number) => object | Promise<object>,
): FakeNetwork {
  const sent: SentRequest[] = [];
  return {
    sent,
    async fetch(input, init = {}) {
      const form = new URLSearchParams((init.body as URLSearchParams | undefined) ?? '');
      const request = { url: String(input), form, headers: new Headers(init.headers) };
      sent.push(request);
      const result = await answer(request, sent.length);
      if (result instanceof Response) return result;
      return Response.json(result, { status: 'error' in result ? 400 : 200 });
    },
  };
}

/** An answer of a token endpoint. */
export function tokens(number: number, fields: object = {}): object {
  return {
    access_token: `access-${number}`,
    refresh_token: `refresh-${number}`,
    token_type: 'Bearer',
    expires_in: 3600,
    ...fields,
  };
}

/** An ID token; nobody checks signatures of what comes from the token endpoint itself. */
export function idToken(claims: object, now: number = Date.now()): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const times = { iat: Math.floor(now / 1000), exp: Math.floor(now / 1000) + 600 };
  return `${part({ alg: 'RS256' })}.${part({ ...times, ...claims })}.${'c2ln'}`;
}
