import { StorageError } from '@granary/storage-core';
import {
  type AuthorizationServer,
  authorizationCodeGrantRequest,
  type Client,
  type ClientAuth,
  ClientSecretPost,
  calculatePKCECodeChallenge,
  clockSkew,
  deviceAuthorizationRequest,
  deviceCodeGrantRequest,
  discoveryRequest,
  generateRandomCodeVerifier,
  generateRandomNonce,
  generateRandomState,
  getValidatedIdTokenClaims,
  None,
  processAuthorizationCodeResponse,
  processDeviceAuthorizationResponse,
  processDeviceCodeResponse,
  processDiscoveryResponse,
  processRefreshTokenResponse,
  processRevocationResponse,
  refreshTokenGrantRequest,
  revocationRequest,
  type TokenEndpointResponse,
  validateAuthResponse,
} from 'oauth4webapi';
import { type Grant, toGrant } from './grant.ts';
import { fillTenant, withoutTenantIssuer } from './issuer.ts';
import type { OAuthClientSettings, OAuthRequests } from './oauth-client.ts';
import { refused, toSignInError } from './oauth-errors.ts';
import { checkAddress, providerTransport } from './provider-transport.ts';
import type { SignInProvider } from './providers/provider.ts';

/** RFC 8628, 3.2. Units: s. */
const DEFAULT_INTERVAL_S = 5;

/** Makes the requests. Sends nothing by itself. */
export function oauthRequests(settings: OAuthClientSettings): OAuthRequests {
  const { provider, fetch, exchange, now } = settings;
  const { requestOptions, send } = providerTransport({ provider, fetch, exchange });
  const { clientId, clientSecret } = provider;
  const auth: ClientAuth = clientSecret === undefined ? None() : ClientSecretPost(clientSecret);
  let found: Promise<AuthorizationServer> | undefined;

  function clientNow(): Client {
    return { client_id: clientId, [clockSkew]: (now() - Date.now()) / 1000 };
  }

  function server(): Promise<AuthorizationServer> {
    found ??= findServer();
    const mine = found;
    mine.catch(() => {
      if (found === mine) found = undefined;
    });
    return mine;
  }

  async function findServer(): Promise<AuthorizationServer> {
    const { issuer, endpoints } = provider;
    if (endpoints !== undefined) {
      return {
        issuer,
        authorization_endpoint: endpoints.authorization,
        token_endpoint: endpoints.token,
        ...(endpoints.deviceAuthorization !== undefined && {
          device_authorization_endpoint: endpoints.deviceAuthorization,
        }),
        ...(endpoints.revocation !== undefined && { revocation_endpoint: endpoints.revocation }),
      };
    }
    checkAddress(issuer, provider);
    const address = new URL(issuer);
    return processDiscoveryResponse(
      address,
      await discoveryRequest(address, requestOptions(undefined)),
    );
  }

  /** Runs a request; whatever goes wrong is told without what was sent. */
  async function attempt<Result>(
    operation: string,
    secrets: readonly (string | undefined)[],
    signal: AbortSignal | undefined,
    work: () => Promise<Result>,
  ): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      const sent = [...secrets, clientSecret].filter((one) => one !== undefined);
      throw toSignInError(error, { provider, operation, secrets: sent, signal });
    }
  }

  function grantOf(answer: TokenEndpointResponse, scopes: readonly string[]): Grant {
    return toGrant(answer, {
      claims: getValidatedIdTokenClaims(answer),
      accountField: provider.accountField,
      scopes,
      now: now(),
    });
  }

  return {
    begin: ({ redirectUri, scopes, mark = '', loginHint, parameters, signal }) =>
      attempt('signIn', [], signal, async () => {
        const { authorization_endpoint: endpoint } = await server();
        if (endpoint === undefined) throw lacks(provider, 'authorization address');
        checkAddress(endpoint, provider);
        const state = mark + generateRandomState();
        const verifier = generateRandomCodeVerifier();
        const nonce = scopes.includes('openid') ? generateRandomNonce() : undefined;
        const url = new URL(endpoint);
        const query = {
          ...provider.parameters,
          ...parameters,
          ...(loginHint !== undefined && { login_hint: loginHint }),
          ...(scopes.length > 0 && { scope: scopes.join(' ') }),
          ...(nonce !== undefined && { nonce }),
          client_id: clientId,
          response_type: 'code',
          redirect_uri: redirectUri,
          state,
          code_challenge: await calculatePKCECodeChallenge(verifier),
          code_challenge_method: 'S256',
        };
        for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
        const secrets = { verifier, ...(nonce !== undefined && { nonce }) };
        return { url: url.href, state, ...secrets, redirectUri, scopes };
      }),

    finish: (pending, answer, signal) =>
      attempt('signIn', [answer.get('code') ?? undefined, pending.verifier], signal, async () => {
        const as = await server();
        const client = clientNow();
        const { nonce, redirectUri, verifier, state, scopes } = pending;
        const checked = validateAuthResponse(as, client, withoutTenantIssuer(as, answer), state);
        const response = await authorizationCodeGrantRequest(
          as,
          client,
          auth,
          checked,
          redirectUri,
          verifier,
          requestOptions(signal, true),
        );
        const named = await fillTenant(as, response);
        const expected = nonce === undefined ? {} : { expectedNonce: nonce, requireIdToken: true };
        return grantOf(
          await processAuthorizationCodeResponse(named, client, response, expected),
          scopes,
        );
      }),

    startDevice: (scopes, signal) =>
      attempt('signIn', [], signal, async () => {
        const as = await server();
        if (as.device_authorization_endpoint === undefined) throw lacks(provider, 'device code');
        const client = clientNow();
        const scope = scopes.join(' ');
        const response = await deviceAuthorizationRequest(
          as,
          client,
          auth,
          new URLSearchParams(scope === '' ? {} : { scope }),
          requestOptions(signal),
        );
        const start = await processDeviceAuthorizationResponse(as, client, response);
        checkAddress(start.verification_uri, provider);
        const complete = start.verification_uri_complete;
        if (complete !== undefined) checkAddress(complete, provider);
        return {
          deviceCode: start.device_code,
          userCode: start.user_code,
          verificationUri: start.verification_uri,
          ...(complete !== undefined && { verificationUriComplete: complete }),
          expiresInMs: start.expires_in * 1000,
          intervalMs: (start.interval ?? DEFAULT_INTERVAL_S) * 1000,
        };
      }),

    pollDevice: ({ deviceCode }, scopes, signal) =>
      attempt('signIn', [deviceCode], signal, async () => {
        const as = await server();
        const client = clientNow();
        const options = requestOptions(signal, true);
        const response = await deviceCodeGrantRequest(as, client, auth, deviceCode, options);
        const named = await fillTenant(as, response);
        try {
          return grantOf(await processDeviceCodeResponse(named, client, response), scopes);
        } catch (error) {
          const { error: code } = error as { readonly error?: unknown };
          if (code === 'authorization_pending') return 'pending';
          if (code === 'slow_down') return 'slow-down';
          throw error;
        }
      }),

    refresh: (refreshToken, scopes) =>
      attempt('refresh', [refreshToken], undefined, async () => {
        const as = await server();
        const client = clientNow();
        const options = requestOptions(undefined, true);
        const response = await refreshTokenGrantRequest(as, client, auth, refreshToken, options);
        const named = await fillTenant(as, response);
        return grantOf(await processRefreshTokenResponse(named, client, response), scopes);
      }),

    revoke: ({ accessToken, refreshToken }) =>
      attempt('signOut', [accessToken, refreshToken], undefined, async () => {
        if (provider.revocation === 'none') return false;
        const as = await server();
        const address = as.revocation_endpoint;
        if (address === undefined) return false;
        if (provider.revocation === 'bearer') {
          const headers = { authorization: `Bearer ${accessToken}` };
          const { signal } = requestOptions(undefined);
          const response = await send(address, { method: 'POST', headers, signal });
          await response.body?.cancel();
          // What it says of a token that is none any more: there is nothing left to revoke.
          if (response.ok || response.status === 401) return true;
          throw refused('server_error', {}, { provider, operation: 'signOut', secrets: [] });
        }
        const token = refreshToken ?? accessToken;
        const hint = refreshToken === undefined ? 'access_token' : 'refresh_token';
        const additionalParameters = { token_type_hint: hint };
        const options = { ...requestOptions(undefined), additionalParameters };
        const response = await revocationRequest(as, clientNow(), auth, token, options);
        await processRevocationResponse(response);
        return true;
      }),
  };
}

function lacks({ id, title }: SignInProvider, what: string): StorageError {
  return new StorageError('unsupported', `${title} has no ${what}.`, {
    provider: id,
    outcome: 'not-applied',
    hint: 'Sign in through a browser: loopback() in Node, popup() or redirect() in a page.',
  });
}
