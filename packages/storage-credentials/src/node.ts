export type { Credential, CredentialName } from './credential-name.ts';
export { type MemoryDriverOptions, memoryDriver } from './memory-driver.ts';
export type { DriverName, DriverOptions } from './node/choose-driver.ts';
export {
  type ElectronDriverOptions,
  electronDriver,
  type SafeStorage,
  type TextStorage,
} from './node/electron-driver.ts';
export { type EnvDriverOptions, envDriver } from './node/env-driver.ts';
export { type FileDriverOptions, fileDriver } from './node/file-driver.ts';
export type { LockTimes } from './node/file-lock.ts';
export { createKeyFile } from './node/key-file.ts';
export type { KeychainOptions } from './node/keychain-driver.ts';
export { type KeyringModule, type KeyringOptions, keyringDriver } from './node/keyring-driver.ts';
export {
  type KeytarModule,
  type KeytarOptions,
  type KeytarSourceOptions,
  keytarDriver,
  keytarSource,
} from './node/keytar-driver.ts';
export { createVault, importFromKeytar, type NodeVaultOptions } from './node/node-vault.ts';
export type { Secret } from './secret.ts';
export type {
  CommonVaultOptions,
  ImportOptions,
  ImportReport,
  KeyVersion,
  RotateOptions,
  RotationStart,
  SecretState,
  Vault,
  VaultClock,
  VaultInfo,
} from './vault.ts';
export type { DriverLock, Protection, SecretSource, VaultDriver } from './vault-driver.ts';
