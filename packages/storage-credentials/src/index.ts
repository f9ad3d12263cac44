export { createVault } from './create-vault.ts';
export type { Credential, CredentialName } from './credential-name.ts';
export { type MemoryDriverOptions, memoryDriver } from './memory-driver.ts';
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
  VaultOptions,
} from './vault.ts';
export type { DriverLock, Protection, SecretSource, VaultDriver } from './vault-driver.ts';
