import {
  StorageError,
  type TokenInput,
  type TokenSource,
  toTokenSource,
} from '@granary/storage-core/provider';

/** An `AuthenticationProvider` of `@microsoft/microsoft-graph-client`, by shape. */
export interface GraphAuthenticationLike {
  getAccessToken(): Promise<string>;
}

/** A `Client` of `@microsoft/microsoft-graph-client`, by shape. */
export interface GraphClientLike {
  api(path: string): unknown;
}

/** A token, what answers with one, or the SDK's own sign-in. */
export type OneDriveAuth = TokenInput | GraphAuthenticationLike;

/**
 * Where tokens come from: `auth`, or the sign-in of `client`.
 * Errors: `invalid-config` when there is none.
 */
export function tokensOf(
  auth: OneDriveAuth | undefined,
  client: GraphClientLike | undefined,
): TokenSource {
  const given = auth ?? signInOf(client);
  if (given === undefined) {
    throw new StorageError('invalid-config', 'the option "auth" is missing.', {
      hint:
        client === undefined
          ? 'In code, give a function that answers with an access token, the SDK\'s client, or createOneDrive({ clientId }) of @granary/storage, which signs in; on the command line, run: granary login onedrive; in a configuration, "token" is an access token, good for about an hour.'
          : 'The client has no authProvider to take, so give "auth" beside it.',
    });
  }
  if (isGraphAuthentication(given)) {
    return toTokenSource(() => given.getAccessToken());
  }
  return toTokenSource(given);
}

/** The SDK keeps the options that it was made with, and has no other way to its sign-in. */
function signInOf(client: GraphClientLike | undefined): GraphAuthenticationLike | undefined {
  const { config } = (client ?? {}) as { readonly config?: { readonly authProvider?: unknown } };
  const provider = config?.authProvider;
  return isGraphAuthentication(provider) ? provider : undefined;
}

function isGraphAuthentication(value: unknown): value is GraphAuthenticationLike {
  const { getAccessToken } = (value ?? {}) as Partial<GraphAuthenticationLike>;
  return typeof getAccessToken === 'function';
}
