/** Addresses of a provider. https, or http on this machine. */
export interface SignInEndpoints {
  readonly authorization: string;
  readonly token: string;
  /** RFC 8628. Missing: there is no device code. */
  readonly deviceAuthorization?: string;
  /** Missing: nothing can be revoked. */
  readonly revocation?: string;
}

/** Who signs people in, as data: what `google`, `microsoft`, `dropbox` and `openId` return. */
export interface SignInProvider {
  /** Part of the name under which tokens are kept. */
  readonly id: string;
  /** How messages call it. */
  readonly title: string;
  readonly clientId: string;
  readonly clientSecret?: string;
  /**
   * What answers and ID tokens name as their issuer. `{tenantid}` stands for the tenant that the ID
   * token names.
   */
  readonly issuer: string;
  /** Missing: they are read from the discovery document of the issuer, once. */
  readonly endpoints?: SignInEndpoints;
  /** What is asked for, as the provider spells it. Empty: what the application is registered with. */
  readonly scopes: readonly string[];
  /** Further parameters of the authorization request. */
  readonly parameters?: Readonly<Record<string, string>>;
  /** Scopes of which answers do not tell. */
  readonly untoldScopes: readonly string[];
  /** A prefix that answers may leave out of scopes, or add. Scopes with one know no case. */
  readonly scopePrefix?: string;
  /** How a grant is given back: RFC 7009, by a call with the access token, or not at all. */
  readonly revocation: 'rfc7009' | 'bearer' | 'none';
  /** Where a person takes back the consent. */
  readonly consentUrl?: string;
  /** What redirect addresses on this machine are called in the registration. */
  readonly loopbackHost: '127.0.0.1' | 'localhost';
  /** The port of the redirect address, where the provider compares it. Default: any that is free. */
  readonly loopbackPort?: number;
  /** Why a page cannot exchange a code by itself. Missing: it can. */
  readonly noExchangeInPages?: string;
  /** The only scopes that a device code can be asked for. Default: all. */
  readonly deviceScopes?: readonly string[];
  /** Field of the token answer that says who signed in, where there is no ID token. */
  readonly accountField?: string;
  /** What to look at when the provider does not know the client. */
  readonly clientHint: string;
}
