import type { VaultDriver } from '../vault-driver.ts';
import {
  type Keychain,
  type KeychainOptions,
  keychainDriver,
  packageMissing,
} from './keychain-driver.ts';
import { toKeychainError } from './keychain-errors.ts';

/** The part of `@napi-rs/keyring` that is used, of version 2. */
export interface KeyringModule {
  readonly AsyncEntry: new (
    service: string,
    account: string,
    options?: { readonly linux: { readonly store: 'secret-service' } },
  ) => {
    getPassword(): Promise<string | null>;
    setPassword(text: string): Promise<void>;
    deletePassword(): Promise<boolean>;
  };
  findCredentialsAsync(service: string): Promise<readonly { readonly account: string }[]>;
}

/** Options of the driver over `@napi-rs/keyring`. */
export interface KeyringOptions extends KeychainOptions {
  /** The package, for programs whose bundler cannot find it. Default: it is imported with the first use. */
  readonly keyring?: KeyringModule;
}

/**
 * On Linux the package takes the kernel's keyring where there is no Secret Service, which forgets
 * everything when the machine restarts; it is told to fail instead.
 * https://github.com/Brooooooklyn/keyring-node#linux-backend-selection (read 2026-11-21)
 */
const PINNED = { linux: { store: 'secret-service' } } as const;

/** Keeps secrets in the keychain of the system, through `@napi-rs/keyring`. */
export function keyringDriver(options: KeyringOptions = {}): VaultDriver {
  return keychainDriver({
    ...options,
    driver: 'keyring',
    prefix: 'granary',
    load: async () => toKeychain(options.keyring ?? (await importKeyring())),
  });
}

async function importKeyring(): Promise<KeyringModule> {
  try {
    return await import('@napi-rs/keyring');
  } catch (error) {
    throw packageMissing('@napi-rs/keyring', error);
  }
}

/**
 * Each entry holds a connection to the bus until it is collected (seen 2026-11-21 with 2.1.2), so those
 * in use are kept; the rest is left to the collector.
 */
const MAX_KEPT = 64;

type Entry = InstanceType<KeyringModule['AsyncEntry']>;

function toKeychain({ AsyncEntry, findCredentialsAsync }: KeyringModule): Keychain {
  const kept = new Map<string, Entry>();

  function keep(id: string, entry: Entry): Entry {
    kept.delete(id);
    kept.set(id, entry);
    const [oldest] = kept.keys();
    if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
    return entry;
  }

  /** One that was kept is made anew when it fails: the service may have been started again. */
  async function use<Result>(
    service: string,
    account: string,
    work: (entry: Entry) => Promise<Result>,
  ): Promise<Result> {
    const id = `${service}\n${account}`;
    const known = kept.get(id);
    if (known !== undefined) {
      try {
        return await work(keep(id, known));
      } catch (error) {
        kept.delete(id);
        // Asked again, the person would have to refuse again.
        if (toKeychainError(error).code === 'permission-denied') throw error;
      }
    }
    return work(keep(id, new AsyncEntry(service, account, PINNED)));
  }

  const check = (service: string): Promise<unknown> =>
    use(service, '!probe', (entry) => entry.getPassword());

  return {
    async check() {
      await check('granary');
    },
    get: (service, account) => use(service, account, (entry) => entry.getPassword()),
    set: (service, account, text) => use(service, account, (entry) => entry.setPassword(text)),
    remove: (service, account) => use(service, account, (entry) => entry.deletePassword()),
    async accounts(service) {
      // Finding cannot be told which store to use, and would find nothing in the wrong one.
      await check(service);
      return (await findCredentialsAsync(service)).map(({ account }) => account);
    },
  };
}
