import { join } from 'node:path';
import { StorageError } from '@granary/storage-core';
import type { VaultDriver } from '../vault-driver.ts';
import { checkVaultName } from '../vault-over.ts';
import { fileLock } from './file-lock.ts';
import { toKeychainError } from './keychain-errors.ts';
import { stateFolder } from './state-folder.ts';

/** A keychain, as both packages reach it: a text for a service and an account. */
export interface Keychain {
  /** Errors where it cannot be used. */
  check(): Promise<void>;
  /** `null` only when it is certain that there is none. */
  get(service: string, account: string): Promise<string | null>;
  set(service: string, account: string, text: string): Promise<void>;
  remove(service: string, account: string): Promise<boolean>;
  accounts(service: string): Promise<readonly string[]>;
}

/** Options of both keychain drivers. */
export interface KeychainOptions {
  /** The vault's name, which stands in the keychain after `granary/` or `granary-keytar/`. Default: 'granary'. */
  readonly name?: string;
  /** How long the keychain may take, its window for a password included. Default: 120,000. Units: ms. */
  readonly timeoutMs?: number;
  /** Folder for the lock between processes. Default: the folder of this user for programs' data. */
  readonly folder?: string;
  /** Default: this system's. */
  readonly platform?: string;
}

export interface KeychainSettings extends KeychainOptions {
  readonly driver: string;
  /** What the names of services begin with: one package may not see the other's entries. */
  readonly prefix: string;
  /** Loads the package. Called once, by the first use. */
  readonly load: () => Promise<Keychain>;
}

/**
 * A credential of Windows takes 2,560 bytes (CRED_MAX_CREDENTIAL_BLOB_SIZE), and one package writes
 * UTF-16. https://learn.microsoft.com/en-us/windows/win32/api/wincred/ns-wincred-credentialw (read 2026-11-21)
 */
const MAX_WINDOWS_CHARS = 1_200;
const DEFAULT_TIMEOUT_MS = 120_000;

/** Keeps secrets in the keychain of the system, one entry each. */
export function keychainDriver(settings: KeychainSettings): VaultDriver {
  const {
    timeoutMs = DEFAULT_TIMEOUT_MS,
    folder = stateFolder(),
    platform = process.platform,
  } = settings;
  const name = checkVaultName(settings.name);
  const names = platform === 'win32' ? FOLDED : PLAIN;
  const service = `${settings.prefix}/${name}`;
  const lock = fileLock(join(folder, `${name}.${settings.driver}.lock`));
  let loading: Promise<Keychain> | undefined;

  async function call<Result>(work: (keychain: Keychain) => Promise<Result>): Promise<Result> {
    loading ??= settings.load();
    try {
      return await within(timeoutMs, loading.then(work));
    } catch (error) {
      throw toKeychainError(error);
    }
  }

  return {
    specVersion: 1,
    name: settings.driver,
    ...(platform === 'win32' && { maxEntryChars: MAX_WINDOWS_CHARS }),
    describe: () => ({
      place: `${TITLES[platform] ?? 'the Secret Service of this desktop'}, under ${service}`,
      protectsAgainst: [
        'other users of this machine',
        'whoever takes the disk or a backup, as far as the login password is good',
      ],
      doesNotProtectAgainst: [
        platform === 'darwin'
          ? 'programs of this user that were allowed to use the entry'
          : 'other programs of the same user, which can read the keychain while it is unlocked',
        'code inside this program',
      ],
    }),
    async open() {
      try {
        await call((keychain) => keychain.check());
      } catch (error) {
        // Installed or made reachable meanwhile, it can be tried again.
        loading = undefined;
        throw error;
      }
    },
    async read(entry) {
      return (await call((keychain) => keychain.get(service, names.fold(entry)))) ?? undefined;
    },
    write: (entry, text) => call((keychain) => keychain.set(service, names.fold(entry), text)),
    remove: (entry) => call((keychain) => keychain.remove(service, names.fold(entry))),
    async entries() {
      return (await call((keychain) => keychain.accounts(service))).map(names.unfold);
    },
    exclusively: (work) => lock.run(work),
  };
}

const TITLES: Readonly<Record<string, string>> = {
  darwin: 'the Keychain of macOS',
  win32: 'the Credential Manager of Windows',
};

interface NameFolding {
  fold(name: string): string;
  unfold(name: string): string;
}

const PLAIN: NameFolding = { fold: (name) => name, unfold: (name) => name };

/** Windows does not tell upper from lower case in the names of credentials. */
const FOLDED: NameFolding = {
  fold: (name) => name.replace(/[A-Z]/g, (letter) => `^${letter.toLowerCase()}`),
  unfold: (name) => name.replace(/\^([a-z])/g, (_, letter: string) => letter.toUpperCase()),
};

async function within<Result>(timeoutMs: number, work: Promise<Result>): Promise<Result> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new StorageError('timeout', `the keychain did not answer within ${timeoutMs} ms.`, {
          hint: 'It may be waiting for a password in a window. Unlock it and try again.',
        }),
      );
    }, timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Errors: `unavailable` with what to install, for an optional package that is not there or cannot be loaded. */
export function packageMissing(name: string, error: unknown): StorageError {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  const isThere = code !== 'ERR_MODULE_NOT_FOUND' && code !== 'MODULE_NOT_FOUND';
  return new StorageError(
    'unavailable',
    `the package ${name} ${isThere ? 'cannot be loaded on this system' : 'is not installed, or was not built'}.`,
    { retryable: false, hint: `Install it (npm install ${name}), or use another driver.` },
  );
}
