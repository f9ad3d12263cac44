import {
  AuthenticationHandler,
  Client,
  type Context,
  HTTPMessageHandler,
  type Middleware,
  RedirectHandler,
  RetryHandler,
  TelemetryHandler,
} from '@microsoft/microsoft-graph-client';
import type { DriveSite } from './drive-site.ts';

const GRAPH = 'https://graph.microsoft.com';

/**
 * The official client with its own handlers. It sends no token to other hosts and over plain http, so it
 * keeps the Graph's address until the last step, and sees that address in answers.
 */
export function graphClient({ url, token }: DriveSite): Client {
  const sender = new HTTPMessageHandler();
  const toFake: Middleware = {
    async execute(context: Context) {
      const meant = String(context.request);
      const sent: Context = { ...context, request: meant.replace(GRAPH, url) };
      await sender.execute(sent);
      if (sent.response) context.response = await named(sent.response);
    },
  };

  /** Addresses of further pages are the Graph's; those of content are not. */
  async function named(response: Response): Promise<Response> {
    const { status, headers } = response;
    if (!headers.get('content-type')?.startsWith('application/json')) return response;
    const text = (await response.text()).replaceAll(url, GRAPH);
    return new Response(text, { status, headers });
  }

  const chain: readonly Middleware[] = [
    new AuthenticationHandler({ getAccessToken: async () => token }),
    new RetryHandler(),
    new RedirectHandler(),
    new TelemetryHandler(),
    toFake,
  ];
  for (const [index, middleware] of chain.entries()) {
    const next = chain[index + 1];
    if (next !== undefined) middleware.setNext?.(next);
  }
  const [first = toFake] = chain;
  return Client.initWithMiddleware({ middleware: first });
}
