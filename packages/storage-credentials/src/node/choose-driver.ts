import { join } from 'node:path';
import { isStorageError, StorageError } from '@granary/storage-core';
import type { VaultDriver } from '../vault-driver.ts';
import { checkVaultName, type DriverChoice } from '../vault-over.ts';
import { driverMemo } from './driver-memo.ts';
import { electronDriver, type SafeStorage } from './electron-driver.ts';
import { type FileDriverOptions, fileDriver } from './file-driver.ts';
import { type KeyringModule, keyringDriver } from './keyring-driver.ts';
import { type KeytarModule, keytarDriver } from './keytar-driver.ts';
import { stateFolder } from './state-folder.ts';

/** What drivers are chosen from. */
export interface DriverOptions {
  /** Electron's, in its main process: used where the keychain cannot be reached. */
  readonly safeStorage?: SafeStorage;
  /** The encrypted file that is used where neither works. Without it there is no such fallback. */
  readonly file?: Omit<FileDriverOptions, 'path'> & { readonly path?: string };
  /** Folder for files of vaults. Default: the folder of this user for programs' data. */
  readonly folder?: string;
  /** The packages, for programs whose bundler cannot find them. Default: they are imported. */
  readonly keyring?: KeyringModule;
  readonly keytar?: KeytarModule;
  /** How long a keychain may take. Default: 120,000. Units: ms. */
  readonly keychainTimeoutMs?: number;
}

/** Drivers by name. */
export type DriverName = 'keyring' | 'keytar' | 'electron' | 'file';

interface Candidate {
  readonly name: DriverName;
  readonly title: string;
  make(): VaultDriver;
}

/** The drivers that can be made of the options, the strongest first. */
function candidatesOf(name: string, options: DriverOptions): readonly Candidate[] {
  const { safeStorage, file, folder = stateFolder(), keyring, keytar, keychainTimeoutMs } = options;
  const keychain = {
    name,
    folder,
    ...(keychainTimeoutMs !== undefined && { timeoutMs: keychainTimeoutMs }),
  };
  return [
    {
      name: 'keyring',
      title: 'the keychain of the system, through @napi-rs/keyring',
      make: () => keyringDriver({ ...keychain, ...(keyring && { keyring }) }),
    },
    {
      name: 'keytar',
      title: 'the keychain of the system, through keytar',
      make: () => keytarDriver({ ...keychain, ...(keytar && { keytar }) }),
    },
    ...(safeStorage === undefined
      ? []
      : [
          {
            name: 'electron',
            title: "Electron's safeStorage",
            make: () =>
              electronDriver({ safeStorage, file: join(folder, `${name}.electron.json`) }),
          } satisfies Candidate,
        ]),
    ...(file === undefined
      ? []
      : [
          {
            name: 'file',
            title: 'the encrypted file',
            make: () => fileDriver({ path: join(folder, `${name}.vault.json`), ...file }),
          } satisfies Candidate,
        ]),
  ];
}

/** The driver that the program names. Errors: `invalid-config` where an option for it is missing. */
export function namedDriver(
  wanted: DriverName,
  name: string,
  options: DriverOptions,
): DriverChoice {
  const candidate = candidatesOf(name, options).find((one) => one.name === wanted);
  if (candidate !== undefined) {
    return { driver: candidate.make(), reason: `The program names ${candidate.title}.` };
  }
  const option =
    wanted === 'electron' ? 'safeStorage' : 'file: { passphrase } or file: { keyFile }';
  throw new StorageError('invalid-config', `the driver '${wanted}' needs an option.`, {
    hint: `Give ${option}.`,
  });
}

/**
 * The first driver that can be used, the strongest first; later ones only where their options were
 * given. A vault that was opened with one stays with it: secrets and keys would seem to be gone elsewhere.
 */
export async function chooseDriver(
  vaultName: string | undefined,
  options: DriverOptions,
): Promise<DriverChoice> {
  const name = checkVaultName(vaultName);
  const memo = driverMemo(options.folder ?? stateFolder(), name);
  const before = await memo.recall();
  const refusals: string[] = [];
  for (const candidate of candidatesOf(name, options)) {
    if (before !== undefined && candidate.name !== before) continue;
    const driver = candidate.make();
    try {
      await driver.open();
    } catch (error) {
      if (!isStorageError(error, 'unavailable')) throw error;
      if (before !== undefined) throw notThereNow(name, before, error);
      refusals.push(`${candidate.title}: ${withoutHint(error)}`);
      continue;
    }
    await memo.remember(candidate.name).catch(notRemembered);
    return { driver: opened(driver), reason: reasonOf(candidate.title, before, refusals) };
  }
  if (before !== undefined) throw notThereNow(name, before);
  throw new StorageError('unavailable', `no place for secrets can be used. ${refusals.join(' ')}`, {
    retryable: false,
    hint: 'Unlock or install a keychain, or give the encrypted file: file: { passphrase } or file: { keyFile }.',
  });
}

function reasonOf(title: string, before: string | undefined, refusals: readonly string[]): string {
  if (before !== undefined) return `This vault has been in ${title} since it was made.`;
  if (refusals.length === 0) return `Chosen first: ${title}.`;
  return `Chosen: ${title}, because stronger ones cannot be used. ${refusals.join(' ')}`;
}

/** What was wrong, without what to do about it: the next driver is tried. */
function withoutHint({ message, hint = '' }: StorageError): string {
  return message.endsWith(hint) ? message.slice(0, message.length - hint.length).trim() : message;
}

function notRemembered(error: unknown): never {
  const { code = 'unknown', message } = error as Partial<StorageError>;
  throw new StorageError(code, `which driver was chosen cannot be written down: ${message}`, {
    hint: 'Give a folder that can be written, or name the driver.',
  });
}

function notThereNow(name: string, before: string, error?: StorageError): StorageError {
  return new StorageError(
    'unavailable',
    `the vault '${name}' was made with the driver '${before}', which cannot be used now. ${error === undefined ? '' : withoutHint(error)}`.trim(),
    {
      retryable: false,
      hint:
        'Make it reachable. To move the secrets, open both drivers by name and call importFrom; to start anew ' +
        'elsewhere, name the driver or the vault otherwise.',
    },
  );
}

/** It was opened to see whether it can be. */
function opened(driver: VaultDriver): VaultDriver {
  return { ...driver, open: async () => undefined };
}
