import type { Vault, VaultOptions } from './vault.ts';
import { type DriverChoice, vaultOver } from './vault-over.ts';

/**
 * A vault over a driver. Does nothing before its first call.
 * Errors: `invalid-config` for a name or a time that cannot be.
 */
export function createVault({ driver, ...options }: VaultOptions): Vault {
  const choice: DriverChoice = { driver, reason: 'The program names this driver.' };
  return vaultOver(async () => choice, options);
}
