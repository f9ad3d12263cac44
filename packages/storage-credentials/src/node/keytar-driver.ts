import type { SecretSource, VaultDriver } from '../vault-driver.ts';
import { nativeText } from '../vault-errors.ts';
import {
  type Keychain,
  type KeychainOptions,
  keychainDriver,
  packageMissing,
} from './keychain-driver.ts';
import { toKeychainError } from './keychain-errors.ts';

/** The part of `keytar` that is used, of version 7. */
export interface KeytarModule {
  getPassword(service: string, account: string): Promise<string | null>;
  setPassword(service: string, account: string, password: string): Promise<void>;
  deletePassword(service: string, account: string): Promise<boolean>;
  findCredentials(service: string): Promise<readonly { readonly account: string }[]>;
}

/** Options of the driver over `keytar`. */
export interface KeytarOptions extends KeychainOptions {
  /** The package, for programs whose bundler cannot find it. Default: it is imported with the first use. */
  readonly keytar?: KeytarModule;
}

/** Where keytar's entries of another program are. */
export interface KeytarSourceOptions {
  /** The service that they were stored under. */
  readonly service: string;
  /**
   * The accounts, where the program knows them. Default: all are looked for. On Linux that ends the
   * program when something else than keytar has stored under this service too.
   */
  readonly accounts?: readonly string[];
  /** The package. Default: it is imported with the first use. */
  readonly keytar?: KeytarModule;
  /** Default: this system's. */
  readonly platform?: string;
}

/*
 * On Linux `findCredentials` ends the program when another package has stored something under the same
 * service, which has no account for keytar (seen 2026-11-21), so this driver's services have names of their own.
 */

/** Written to find out whether the collection is locked. It stays there. */
const PROBE = { service: 'granary', account: '!probe' } as const;
/** What libsecret says of an entry that another program removes at this moment. */
const VANISHED = /no such (interface|object|secret item|item)/i;
const TRIES = 5;

/** Keeps secrets in the keychain of the system, through `keytar`, which is archived: prefer `keyringDriver`. */
export function keytarDriver(options: KeytarOptions = {}): VaultDriver {
  const { platform = process.platform } = options;
  return keychainDriver({
    ...options,
    driver: 'keytar',
    prefix: 'granary-keytar',
    load: async () => toKeychain(options.keytar ?? (await importKeytar()), platform),
  });
}

/**
 * The credentials that a program stored with `keytar`, to be read from (`alsoRead`) or taken over
 * (`importFrom`), under the same service and account.
 */
export function keytarSource({
  service,
  accounts,
  keytar,
  platform = process.platform,
}: KeytarSourceOptions): SecretSource {
  let loading: Promise<Keychain> | undefined;
  async function call<Result>(work: (keychain: Keychain) => Promise<Result>): Promise<Result> {
    try {
      loading ??= (async () => toKeychain(keytar ?? (await importKeytar()), platform))();
      return await work(await loading);
    } catch (error) {
      loading = undefined;
      throw toKeychainError(error);
    }
  }
  return {
    name: `keytar ${service}`,
    list: () =>
      call(async (keychain) =>
        (accounts ?? (await keychain.accounts(service))).map((account) => ({ service, account })),
      ),
    read: ({ service: wanted, account }) =>
      // keytar takes neither another service here nor an empty account.
      wanted === service && account
        ? call(async (keychain) => (await keychain.get(service, account)) ?? undefined)
        : Promise.resolve(undefined),
    remove: ({ service: wanted, account }) =>
      wanted === service && account
        ? call((keychain) => keychain.remove(service, account))
        : Promise.resolve(false),
  };
}

async function importKeytar(): Promise<KeytarModule> {
  try {
    const { default: keytar } = (await import('keytar')) as unknown as { default: KeytarModule };
    return keytar;
  } catch (error) {
    throw packageMissing('keytar', error);
  }
}

/**
 * On Linux keytar 7.9.0 answers for a locked collection that there is nothing, and its `findCredentials`
 * ends the whole program there (seen 2026-11-21 with libsecret 0.20.5). Only writing tells the truth, so
 * a probe is written before such an answer is believed.
 */
function toKeychain(keytar: KeytarModule, platform: string): Keychain {
  async function checkUnlocked(): Promise<void> {
    if (platform === 'linux') await keytar.setPassword(PROBE.service, PROBE.account, '-');
  }

  async function again<Result>(work: () => Promise<Result>): Promise<Result> {
    for (let tries = 1; ; tries += 1) {
      try {
        return await work();
      } catch (error) {
        if (tries === TRIES || !VANISHED.test(nativeText(error))) throw error;
      }
    }
  }

  return {
    // Asking for anything connects to the service.
    async check() {
      await keytar.getPassword(PROBE.service, PROBE.account);
    },
    async get(service, account) {
      const found = await again(() => keytar.getPassword(service, account));
      if (found === null) await checkUnlocked();
      return found;
    },
    set: (service, account, text) => again(() => keytar.setPassword(service, account, text)),
    async remove(service, account) {
      const existed = await again(() => keytar.deletePassword(service, account));
      if (!existed) await checkUnlocked();
      return existed;
    },
    accounts: (service) =>
      again(async () => {
        await checkUnlocked();
        return (await keytar.findCredentials(service)).map(({ account }) => account);
      }),
  };
}
