import { stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { StorageError } from '@granary/storage-core';
import type { Vault } from '@granary/storage-credentials';
import type { DriverName } from '@granary/storage-credentials/node';
import { usageError } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { askNewSecret, askSecret, canAsk } from '../terminal/ask.ts';

/** Name of the vault that programs share where they name none. */
const DEFAULT_NAME = 'granary';
const DRIVERS: readonly DriverName[] = ['keyring', 'keytar', 'file'];

/**
 * Opens the vault of this user: the keychain, else an encrypted file. The environment can say more:
 * `GRANARY_VAULT` its name, `GRANARY_VAULT_DRIVER` where it is, `GRANARY_VAULT_FOLDER`,
 * `GRANARY_VAULT_PASSPHRASE` or `GRANARY_VAULT_KEY_FILE` for the file. Nothing is read before its first use.
 * Errors: usage.
 */
export async function openVault(host: Host): Promise<Vault> {
  const { env } = host;
  const { createVault } = await import('@granary/storage-credentials/node');
  const name = env['GRANARY_VAULT'] || DEFAULT_NAME;
  const wanted = env['GRANARY_VAULT_DRIVER'];
  const driver = DRIVERS.find((candidate) => candidate === wanted);
  if (wanted && driver === undefined) {
    throw usageError(
      `GRANARY_VAULT_DRIVER: there is no driver "${wanted}".`,
      `Use ${DRIVERS.join(', ')}.`,
    );
  }
  const folder = env['GRANARY_VAULT_FOLDER'] || vaultFolder(host);
  const path = join(folder, `${name}.vault.json`);
  const keyFile = env['GRANARY_VAULT_KEY_FILE'];
  return createVault({
    name,
    folder,
    ...(driver && { driver }),
    file: keyFile ? { path, keyFile } : { path, passphrase: () => passphraseOf(host, path) },
  });
}

/** The passphrase of the encrypted file. A new one is asked for twice. Errors: `permission-denied`. */
async function passphraseOf(host: Host, path: string): Promise<string> {
  const given = host.env['GRANARY_VAULT_PASSPHRASE'];
  if (given) return given;
  if (!canAsk(host)) {
    throw new StorageError(
      'permission-denied',
      'the vault needs a passphrase, and nobody can be asked.',
      {
        hint: 'Set GRANARY_VAULT_PASSPHRASE or GRANARY_VAULT_KEY_FILE.',
      },
    );
  }
  const isThere = (await stat(path).catch(() => undefined)) !== undefined;
  return isThere
    ? askSecret(host, 'Passphrase of the vault')
    : askNewSecret(host, `New passphrase for the vault in ${path}`);
}

/**
 * Where the vaults of this user are, the same for every program:
 * `$XDG_DATA_HOME/granary/vaults`, `~/Library/Application Support/granary/vaults`, `%LOCALAPPDATA%\granary\vaults`.
 */
function vaultFolder({ platform, env }: Host): string {
  const home = env['HOME'] || homedir();
  const data = (): string => {
    if (platform === 'darwin') return join(home, 'Library', 'Application Support');
    if (platform === 'win32') return env['LOCALAPPDATA'] || join(home, 'AppData', 'Local');
    const named = env['XDG_DATA_HOME'];
    return named?.startsWith('/') ? named : join(home, '.local', 'share');
  };
  return join(data(), 'granary', 'vaults');
}
