import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { StorageError } from '@granary/storage-core';
import { type DerivationName, deriveKey } from '@granary/storage-core/crypto';
import { makeDerivation, readDerivation, storeDerivation } from '../key-derivation.ts';
import {
  importKey,
  newSealedKey,
  openSealedKey,
  resealKey,
  wrongPassphrase,
} from '../sealed-bytes.ts';
import type { DriverLock, VaultDriver } from '../vault-driver.ts';
import { lockedError } from '../vault-errors.ts';
import { atomicFile } from './atomic-file.ts';
import {
  changeEntry,
  KEY_FILE,
  type KeySlot,
  keyPlace,
  newVaultFile,
  parseVaultFile,
  readEntry,
  readIndex,
  type VaultFile,
} from './file-format.ts';
import { fileLock, type LockTimes } from './file-lock.ts';
import { readKeyFile } from './key-file.ts';

/** Options of the encrypted file. */
export interface FileDriverOptions {
  /** The file. It is made with the first use, readable to its owner alone. */
  readonly path: string;
  /** The passphrase, or what asks for it. Default: `unlock(passphrase)` has to be called. */
  readonly passphrase?: string | (() => string | Promise<string>);
  /** A file with 32 bytes as base64, in place of a passphrase: see `createKeyFile`. */
  readonly keyFile?: string;
  /** How a new file makes its key of the passphrase. Default: 'Argon2id'. */
  readonly keyDerivation?: DerivationName;
  /** More rounds for a new file than the 600,000 of PBKDF2 or the 2 passes of Argon2id. Default: those. */
  readonly iterations?: number;
  /** Default: 30 seconds for others, 10 seconds until a lock is nobody's. */
  readonly lockTimes?: LockTimes;
  /** Default: this system's. */
  readonly platform?: string;
}

/** The vault's key, and which vault it is of. */
interface Unlocked {
  readonly id: string;
  readonly key: CryptoKey;
}

/** Keeps secrets encrypted in one file, for servers, containers and WSL, where there is no keychain. */
export function fileDriver(options: FileDriverOptions): VaultDriver {
  const {
    passphrase,
    keyFile,
    keyDerivation = 'Argon2id',
    iterations,
    platform = process.platform,
  } = options;
  if (passphrase !== undefined && keyFile !== undefined) {
    throw new StorageError(
      'invalid-config',
      'a vault file has a passphrase or a key file, not both.',
    );
  }
  const path = resolve(options.path);
  const file = atomicFile({ path, platform, lock: fileLock(`${path}.lock`, options.lockTimes) });
  let unlocked: Unlocked | undefined;
  /** The vault that was opened first: no other one takes its place, and no new one. */
  let openedId: string | undefined;

  async function load(): Promise<VaultFile | undefined> {
    const text = await file.read();
    return text === undefined ? undefined : parseVaultFile(text, path);
  }

  /** The key that the vault's own is sealed under. */
  async function outerKey(
    slot: KeySlot['derivation'],
    given: string | undefined,
  ): Promise<CryptoKey> {
    if (slot['name'] === KEY_FILE) {
      if (keyFile === undefined) throw otherKind('a key file');
      const bytes = await readKeyFile(keyFile, platform);
      const key = await importKey(bytes);
      bytes.fill(0);
      return key;
    }
    if (given === undefined)
      throw keyFile === undefined ? lockedError() : otherKind('a passphrase');
    return deriveKey(given, readDerivation(slot));
  }

  async function newFile(given: string | undefined): Promise<{ file: VaultFile; key: CryptoKey }> {
    const derivation =
      keyFile === undefined
        ? storeDerivation(makeDerivation(keyDerivation, iterations))
        : { name: KEY_FILE };
    const id = randomUUID();
    const under = await outerKey(derivation, given);
    const { sealed, key } = await newSealedKey(under, keyPlace(id, derivation));
    return { file: await newVaultFile(id, { derivation, sealed }, key), key };
  }

  async function openFile(
    { id, key: slot }: VaultFile,
    given: string | undefined,
  ): Promise<Unlocked> {
    const under = await outerKey(slot.derivation, given);
    const key = await openSealedKey(under, slot.sealed, keyPlace(id, slot.derivation));
    if (key === undefined) throw wrongPassphrase();
    return { id, key };
  }

  async function unlockWith(given: string | undefined): Promise<void> {
    unlocked = await openOrMake(given);
    openedId = unlocked.id;
  }

  async function openOrMake(given: string | undefined): Promise<Unlocked> {
    let existing = await load();
    if (openedId !== undefined && existing?.id !== openedId) throw gone();
    if (existing === undefined) {
      const made = await newFile(given);
      existing = await file.exclusively(async () => {
        const other = await load();
        if (other === undefined) await file.replace(JSON.stringify(made.file));
        return other;
      });
      if (existing === undefined) return { id: made.file.id, key: made.key };
    }
    return openFile(existing, given);
  }

  /** The file as it is now, and its key. */
  async function current(): Promise<{ readonly file: VaultFile; readonly key: CryptoKey }> {
    if (unlocked === undefined) throw lockedError();
    const existing = await load();
    if (existing?.id === unlocked.id) return { file: existing, key: unlocked.key };
    throw gone();
  }

  function gone(): StorageError {
    return new StorageError(
      'store-not-found',
      `the vault file ${path} is gone, or another one is there.`,
      {
        outcome: 'not-applied',
        hint: 'Restore it. A new one is made only when a vault is opened anew.',
      },
    );
  }

  async function change(name: string, text: string | undefined): Promise<boolean> {
    const { file: before, key } = await current();
    const existed = (await readIndex(before, key)).has(name);
    if (text === undefined && !existed) return false;
    await file.replace(JSON.stringify(await changeEntry(before, key, name, text)));
    return existed;
  }

  const lock: DriverLock = {
    isLocked: () => unlocked === undefined,
    lock() {
      unlocked = undefined;
    },
    async unlock(given) {
      await unlockWith(
        given ?? (typeof passphrase === 'function' ? await passphrase() : passphrase),
      );
    },
    ...(keyFile === undefined && {
      async changePassphrase(from, to) {
        await file.exclusively(async () => {
          const before = await load();
          if (before === undefined) throw lockedError();
          const { id, key: slot } = before;
          const under = await outerKey(slot.derivation, from);
          const derivation = storeDerivation(makeDerivation(keyDerivation, iterations));
          const next = { under: await outerKey(derivation, to), place: keyPlace(id, derivation) };
          const sealed = await resealKey(under, slot.sealed, keyPlace(id, slot.derivation), next);
          if (sealed === undefined) throw wrongPassphrase();
          await file.replace(JSON.stringify({ ...before, key: { derivation, sealed } }));
        });
      },
    }),
  };

  return {
    specVersion: 1,
    name: 'file',
    lock,
    describe: () => ({
      place: path,
      protectsAgainst: [
        'whoever reads the file or a backup of it without the ' +
          (keyFile === undefined ? 'passphrase' : 'key file'),
        'changes, swaps and cuts inside the file, which are noticed',
      ],
      doesNotProtectAgainst: [
        'programs of the same user that read the passphrase, the key file or the memory of this one',
        'an earlier state of the whole file being put back',
        ...(platform === 'win32'
          ? ['other users of this machine, unless the folder is private']
          : []),
      ],
    }),
    async open() {
      const existing = await load();
      if (keyFile !== undefined || passphrase !== undefined) await lock.unlock();
      else if (existing?.key.derivation['name'] === KEY_FILE) throw otherKind('a key file');
    },
    async read(entry) {
      const { file: now, key } = await current();
      const id = (await readIndex(now, key)).get(entry);
      return id === undefined ? undefined : readEntry(now, key, entry, id);
    },
    async write(entry, text) {
      await change(entry, text);
    },
    remove: (entry) => change(entry, undefined),
    async entries() {
      const { file: now, key } = await current();
      return [...(await readIndex(now, key)).keys()];
    },
    exclusively: (work) => file.exclusively(work),
  };
}

function otherKind(what: string): StorageError {
  return new StorageError('invalid-config', `this vault file was made with ${what}.`, {
    outcome: 'not-applied',
    hint: `Open it with ${what}, or name another file.`,
  });
}
