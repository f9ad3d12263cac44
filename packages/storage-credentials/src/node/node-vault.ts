import type { CommonVaultOptions, ImportOptions, ImportReport, Vault } from '../vault.ts';
import type { VaultDriver } from '../vault-driver.ts';
import { checkVaultName, vaultOver } from '../vault-over.ts';
import { chooseDriver, type DriverName, type DriverOptions, namedDriver } from './choose-driver.ts';
import { type KeytarSourceOptions, keytarSource } from './keytar-driver.ts';

/** Options of a vault in Node and Electron. */
export interface NodeVaultOptions extends CommonVaultOptions, DriverOptions {
  /**
   * A driver, or the name of one. Default: the keychain; where it cannot be reached Electron's
   * `safeStorage`, where it was given; then the encrypted file, where it was given; else an error.
   */
  readonly driver?: VaultDriver | DriverName;
}

/**
 * A vault in Node and Electron. Does nothing before its first call; a driver that is not named is chosen
 * then, and the vault stays with it from there on. Errors: `invalid-config`; with the first call
 * `unavailable` when no driver can be used.
 */
export function createVault(options: NodeVaultOptions = {}): Vault {
  const { driver, ...rest } = options;
  const name = checkVaultName(rest.name);
  if (typeof driver === 'object') {
    const reason = 'The program gives this driver.';
    return vaultOver(async () => ({ driver, reason }), rest);
  }
  if (driver !== undefined) {
    const choice = namedDriver(driver, name, rest);
    return vaultOver(async () => choice, rest);
  }
  return vaultOver(() => chooseDriver(name, rest), rest);
}

/**
 * Takes over what a program stored with `keytar` under a service, under the same services and accounts. Each old entry
 * goes only after the new one was read back; nothing that is in the vault already is overwritten. Until it has run, the vault
 * reads both with `alsoRead: [keytarSource({ service })]`.
 */
export function importFromKeytar(
  vault: Vault,
  options: KeytarSourceOptions & ImportOptions,
): Promise<ImportReport> {
  return vault.importFrom(keytarSource(options), options);
}
