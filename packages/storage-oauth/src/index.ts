export { type TokenInput, toTokenSource } from '@granary/storage-core/provider';
export { createSignIn } from './create-sign-in.ts';
export { type DeviceCodeOptions, type DevicePrompt, deviceCode } from './device-code.ts';
export type { Grant } from './grant.ts';
export type {
  BeginOptions,
  DeviceStart,
  OAuthClient,
  PendingSignIn,
} from './oauth-client.ts';
export type { Exchange } from './provider-transport.ts';
export { type DropboxOptions, dropbox } from './providers/dropbox.ts';
export { type GoogleOptions, google } from './providers/google.ts';
export { type MicrosoftOptions, microsoft } from './providers/microsoft.ts';
export { type OpenIdOptions, openId } from './providers/open-id.ts';
export type { SignInEndpoints, SignInProvider } from './providers/provider.ts';
export {
  type AzureCredentialLike,
  type DropboxAuthLike,
  fromAzureCredential,
  fromDropboxAuth,
  fromGoogleAuth,
  fromGraphAuth,
  type GoogleAuthLike,
  type GraphAuthLike,
} from './sdk/vendor-auth.ts';
export type {
  Account,
  CommonSignInOptions,
  FlowRequest,
  Resumed,
  SignIn,
  SignInClock,
  SignInFlow,
  SignInOptions,
  SignInRequest,
  SignOutResult,
} from './sign-in.ts';
export { memoryTokenStore } from './stores/memory-token-store.ts';
export type { PlainStorage, StorageLike } from './stores/storage-token-store.ts';
export type { TokenStoreInput } from './stores/to-token-store.ts';
export type { TokenName, TokenStore } from './stores/token-store.ts';
export type { CredentialLike, SecretLike, VaultLike } from './stores/vault-token-store.ts';
export type { TabLocks } from './token-keeper.ts';
