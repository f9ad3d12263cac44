import { StorageError } from '@granary/storage-core';
import { type DerivationName, deriveKey } from '@granary/storage-core/crypto';
import { makeDerivation, readDerivation, storeDerivation } from '../key-derivation.ts';
import {
  newSealedKey,
  openSealedKey,
  openText,
  resealKey,
  sealText,
  wrongPassphrase,
} from '../sealed-bytes.ts';
import type { DriverLock, VaultDriver } from '../vault-driver.ts';
import { lockedError } from '../vault-errors.ts';
import { checkVaultName } from '../vault-over.ts';
import { type KeyRow, openVaultDatabase, type VaultDatabase } from './vault-database.ts';

/** Options of the driver over Web Crypto and IndexedDB. */
export interface WebCryptoDriverOptions {
  /** The vault's name; its database is `granary-vault-<name>`. Default: 'granary'. */
  readonly name?: string;
  /** Puts the key under a passphrase: this one, or what asks for it. Default: no passphrase. */
  readonly passphrase?: string | (() => string | Promise<string>);
  /** The vault has a passphrase that `unlock(passphrase)` will give. Default: false. */
  readonly needsPassphrase?: boolean;
  /** How a new vault makes its key of the passphrase. Default: 'PBKDF2'. */
  readonly keyDerivation?: DerivationName;
  /** More rounds than the 600,000 of PBKDF2 or the 2 passes of Argon2id. Default: those. */
  readonly iterations?: number;
  /** Default: the browser's. */
  readonly indexedDB?: IDBFactory;
  /** Default: the browser's. */
  readonly locks?: Pick<LockManager, 'request'>;
}

interface Unlocked {
  readonly vault: string;
  readonly key: CryptoKey;
}

/**
 * Keeps secrets encrypted in IndexedDB. The key cannot be exported, and without a passphrase the browser keeps
 * it beside them; a secret is decrypted when it is asked for. Code that runs in the page can ask as well.
 */
export function webCryptoDriver(options: WebCryptoDriverOptions = {}): VaultDriver {
  const { passphrase, keyDerivation = 'PBKDF2', iterations } = options;
  const hasPassphrase = passphrase !== undefined || options.needsPassphrase === true;
  const dbName = `granary-vault-${checkVaultName(options.name)}`;
  let database: VaultDatabase | undefined;
  let unlocked: Unlocked | undefined;

  function db(): VaultDatabase {
    if (database === undefined) throw lockedError();
    return database;
  }

  function exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    const { locks = globalThis.navigator?.locks } = options;
    // Its types do not say that it resolves with what the work resolves with.
    return locks.request(dbName, work) as Promise<Result>;
  }

  async function makeKey(given: string | undefined): Promise<KeyRow> {
    const vault = crypto.randomUUID();
    if (!hasPassphrase) {
      const usages: KeyUsage[] = ['encrypt', 'decrypt'];
      const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, false, usages);
      return { id: 'key', vault, key };
    }
    const derivation = makeDerivation(keyDerivation, iterations);
    const under = await deriveKey(given ?? '', derivation);
    const { sealed } = await newSealedKey(under, keyPlace(vault));
    return { id: 'key', vault, derivation: storeDerivation(derivation), sealed };
  }

  async function unlockWith(given: string | undefined): Promise<void> {
    let row = await db().get('keys', 'key');
    if (row === undefined) {
      if (hasPassphrase && given === undefined) throw lockedError();
      const made = await makeKey(given);
      // Of two tabs that do this at once, one makes the key.
      row = await exclusively(async () => {
        const other = await db().get('keys', 'key');
        if (other === undefined) await db().put('keys', made);
        return other ?? made;
      });
    }
    unlocked = { vault: row.vault, key: await openKey(row, given) };
  }

  async function openKey(
    { vault, key, derivation, sealed }: KeyRow,
    given: string | undefined,
  ): Promise<CryptoKey> {
    if (key !== undefined) {
      if (hasPassphrase) throw otherKind('without a passphrase');
      return key;
    }
    if (!hasPassphrase || derivation === undefined || sealed === undefined) {
      throw otherKind('with a passphrase');
    }
    if (given === undefined) throw lockedError();
    const under = await deriveKey(given, readDerivation(derivation));
    const opened = await openSealedKey(under, sealed, keyPlace(vault));
    if (opened === undefined) throw wrongPassphrase();
    return opened;
  }

  function current(): Unlocked {
    if (unlocked === undefined) throw lockedError();
    return unlocked;
  }

  const lock: DriverLock = {
    isLocked: () => unlocked === undefined,
    lock() {
      unlocked = undefined;
    },
    async unlock(given) {
      if (!hasPassphrase && given !== undefined) throw otherKind('without a passphrase');
      await unlockWith(
        given ?? (typeof passphrase === 'function' ? await passphrase() : passphrase),
      );
    },
    ...(hasPassphrase && {
      changePassphrase: (from: string, to: string) =>
        exclusively(async () => {
          const row = await db().get('keys', 'key');
          if (row?.derivation === undefined || row.sealed === undefined) throw lockedError();
          const place = keyPlace(row.vault);
          const derivation = makeDerivation(keyDerivation, iterations);
          const under = await deriveKey(from, readDerivation(row.derivation));
          const next = { under: await deriveKey(to, derivation), place };
          const sealed = await resealKey(under, row.sealed, place, next);
          if (sealed === undefined) throw wrongPassphrase();
          await db().put('keys', { ...row, derivation: storeDerivation(derivation), sealed });
        }),
    }),
  };

  return {
    specVersion: 1,
    name: 'webcrypto',
    lock,
    describe: () => ({
      place: `IndexedDB, database ${dbName}`,
      protectsAgainst: [
        'whoever reads the secrets from a copy of the database' +
          (hasPassphrase ? ' without the passphrase' : ' alone, without the key beside them'),
        'the key being copied out of the page',
      ],
      doesNotProtectAgainst: [
        'code that runs in this page (XSS, a bad dependency, an extension): it can ask for every secret that the page can',
        ...(hasPassphrase
          ? ['the passphrase being read as it is typed']
          : ["whoever takes the browser's whole profile, where the key is as well"]),
        'an earlier state of the database being put back',
        'the browser deleting the database when it needs room',
        'the names of the credentials being read, which are not encrypted',
      ],
    }),
    async open() {
      const { indexedDB = globalThis.indexedDB, locks = globalThis.navigator?.locks } = options;
      if (!indexedDB || !globalThis.crypto?.subtle || !locks) {
        throw new StorageError(
          'unavailable',
          'this page has no Web Crypto, IndexedDB or Web Locks.',
          {
            retryable: false,
            hint: 'They need a secure context: serve the page over https, or from localhost.',
          },
        );
      }
      database ??= await openVaultDatabase(dbName, indexedDB);
      if (!hasPassphrase || passphrase !== undefined) await lock.unlock();
    },
    async read(entry) {
      const { vault, key } = current();
      const row = await db().get('credentials', entry);
      return row === undefined ? undefined : openText(key, row.sealed, entryPlace(vault, entry));
    },
    async write(entry, text) {
      const { vault, key } = current();
      const sealed = await sealText(key, text, entryPlace(vault, entry));
      await db().put('credentials', { service: entry, sealed });
    },
    async remove(entry) {
      const existed = (await db().get('credentials', entry)) !== undefined;
      if (existed) await db().remove('credentials', entry);
      return existed;
    },
    entries: async () => db().names('credentials'),
    exclusively,
    async close() {
      database?.close();
      database = undefined;
    },
  };
}

function keyPlace(vault: string): string {
  return `granary-vault:1:key:${vault}`;
}

function entryPlace(vault: string, entry: string): string {
  return `granary-vault:1:entry:${vault}:${entry}`;
}

function otherKind(made: string): StorageError {
  return new StorageError('invalid-config', `this vault was made ${made}.`, {
    outcome: 'not-applied',
    hint: 'Open it as it was made. To change that, make a vault under another name and call importFrom.',
  });
}
