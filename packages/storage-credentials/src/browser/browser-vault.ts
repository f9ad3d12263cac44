import type { CommonVaultOptions, Vault } from '../vault.ts';
import type { VaultDriver } from '../vault-driver.ts';
import { vaultOver } from '../vault-over.ts';
import { type WebCryptoDriverOptions, webCryptoDriver } from './webcrypto-driver.ts';

/** Options of a vault in a browser. */
export interface BrowserVaultOptions extends CommonVaultOptions, WebCryptoDriverOptions {
  /** Default: Web Crypto and IndexedDB. */
  readonly driver?: VaultDriver;
}

/** A vault in a browser. Does nothing before its first call. Errors: `invalid-config`. */
export function createVault(options: BrowserVaultOptions = {}): Vault {
  const { driver } = options;
  const choice =
    driver === undefined
      ? { driver: webCryptoDriver(options), reason: 'Browsers have this one alone.' }
      : { driver, reason: 'The program gives this driver.' };
  return vaultOver(async () => choice, options);
}
