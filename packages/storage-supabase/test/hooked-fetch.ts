/** What a hook sees of a request. */
export interface Hooked {
  readonly method: string;
  readonly path: string;
  /** Sends it on. */
  send(): Promise<Response>;
}

/** A `fetch` that a test can get in between. A hook that returns nothing lets the request pass. */
export function hookedFetch(): {
  readonly fetch: typeof globalThis.fetch;
  hook(next: ((request: Hooked) => Promise<Response> | Response | undefined) | undefined): void;
} {
  let hook: ((request: Hooked) => Promise<Response> | Response | undefined) | undefined;
  return {
    hook(next) {
      hook = next;
    },
    async fetch(input, init) {
      const url = new URL(String(input));
      const send = () => globalThis.fetch(input, init);
      const request = { method: init?.method ?? 'GET', path: url.pathname + url.search, send };
      return (await hook?.(request)) ?? (await send());
    },
  };
}
