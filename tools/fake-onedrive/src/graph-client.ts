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

/**
 * The official client with its own handlers. It sends no token over plain http, so it keeps its own
 * address until the last step, where what goes to Microsoft goes to the fake.
 */
export function graphClient(url: string, token: () => string): Client {
  const sender = new HTTPMessageHandler();
  const toFake: Middleware = {
    async execute(context: Context) {
      const asked = new URL(String(context.request));
      const isGraph = asked.protocol === 'https:';
      const target = isGraph ? new URL(`${asked.pathname}${asked.search}`, url).href : asked.href;
      // The other handlers go on with the address that was meant.
      const sent: Context = { ...context, request: target };
      await sender.execute(sent);
      if (sent.response) context.response = sent.response;
    },
  };
  const authentication = new AuthenticationHandler({ getAccessToken: async () => token() });
  const retry = new RetryHandler();
  const redirect = new RedirectHandler();
  const telemetry = new TelemetryHandler();
  authentication.setNext(retry);
  retry.setNext(redirect);
  redirect.setNext(telemetry);
  telemetry.setNext(toFake);
  return Client.initWithMiddleware({ middleware: authentication });
}
