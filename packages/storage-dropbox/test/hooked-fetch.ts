/** What a hook sees of a request. */
export interface Hooked {
  /** Name of the route, such as `files/upload`. */
  readonly route: string;
  readonly headers: Headers;
  /** The argument. */
  readonly arg: Readonly<Record<string, unknown>>;
  /** Sends it on. */
  send(): Promise<Response>;
}

type Hook = (request: Hooked) => Promise<Response> | Response | undefined;

/** A `fetch` that a test can get in between. A hook that returns nothing lets the request pass. */
export function hookedFetch(): {
  readonly fetch: typeof globalThis.fetch;
  readonly routes: string[];
  hook(next: Hook | undefined): void;
} {
  let hook: Hook | undefined;
  const routes: string[] = [];
  return {
    routes,
    hook(next) {
      hook = next;
    },
    async fetch(input, init) {
      const route = new URL(String(input)).pathname.replace('/2/', '');
      routes.push(route);
      const headers = new Headers(init?.headers);
      const source = headers.get('dropbox-api-arg') ?? String(init?.body ?? 'null');
      const arg = (JSON.parse(source) ?? {}) as Readonly<Record<string, unknown>>;
      const send = () => globalThis.fetch(input, init);
      return (await hook?.({ route, headers, arg, send })) ?? (await send());
    },
  };
}

/** An answer that is no success, as the service gives it. */
export function refused(...tags: readonly string[]): Response {
  const error = tags.reduceRight<object>(
    (inner, tag) => ({ '.tag': tag, ...('.tag' in inner && { [tag]: inner }) }),
    {},
  );
  return Response.json({ error_summary: `${tags.join('/')}/..`, error }, { status: 409 });
}
