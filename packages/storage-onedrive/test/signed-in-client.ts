import { Client } from '@microsoft/microsoft-graph-client';

/** The official client with a sign-in of its own, which is all that the backend takes from it. */
export function signedInClient(token: () => string): Client {
  return Client.initWithMiddleware({ authProvider: { getAccessToken: async () => token() } });
}
