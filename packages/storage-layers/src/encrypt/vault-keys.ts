import { isStorageError } from '@granary/storage-core/provider';
import { type KeyProvider, keyIdOf, keyRing } from './key-provider.ts';
import { ciphers } from './runtime-ciphers.ts';

/** What of a vault is needed: that of `@granary/storage-credentials` fits. */
export interface KeyVault {
  /** A key of 32 bytes, made with its first use. Errors: `not-found` for a version that is not there. */
  key(name: string, version?: number): Promise<Uint8Array>;
  /** The current version first. */
  keyVersions(name: string): Promise<readonly { readonly version: number }[]>;
}

/** Until the current version is asked for again: a rotation by another process is in use after that. Units: ms. */
const CURRENT_FOR_MS = 60_000;
const KEY_ID = /^(.+)@(\d+)$/s;

/** A version of the key that is current, and what tells its bytes from others. */
interface CurrentKey {
  readonly id: string;
  readonly mark: string;
}

/**
 * Keys from a vault: new objects go under the current version of the data key `name`, and those of all
 * versions stay readable while the vault has them. The key is made when something is first encrypted.
 * A key is kept once it is known: what is read goes on while the vault is locked, and what is written
 * goes under the current key of the last minute. Write nothing for a minute before a key is deleted.
 */
export function vaultKeys(
  vault: KeyVault,
  name: string,
  now: () => number = Date.now,
): KeyProvider {
  let known: { readonly key: Promise<CurrentKey>; readonly askedAt: number } | undefined;
  let last: CurrentKey | undefined;
  let ring = newRing();

  function newRing(): KeyProvider {
    return keyRing({ current: async () => (await current()).id, find });
  }

  async function currentVersion(): Promise<number> {
    const [first] = await vault.keyVersions(name);
    if (first !== undefined) return first.version;
    await vault.key(name);
    const [made] = await vault.keyVersions(name);
    return made?.version ?? 1;
  }

  async function look(): Promise<CurrentKey> {
    const version = await currentVersion();
    const key = await ciphers.gcm(await vault.key(name, version));
    const found = { id: `${name}@${version}`, mark: await keyIdOf(key) };
    // A key that was deleted and made anew has the same versions again.
    if (last?.id === found.id && last.mark !== found.mark) ring = newRing();
    last = found;
    return found;
  }

  function current(): Promise<CurrentKey> {
    if (known !== undefined && now() - known.askedAt < CURRENT_FOR_MS) return known.key;
    const asked = { key: look(), askedAt: now() };
    asked.key.catch(() => {
      if (known === asked) known = undefined;
    });
    known = asked;
    return asked.key;
  }

  async function find(id: string): Promise<Uint8Array | undefined> {
    const [, key, version] = KEY_ID.exec(id) ?? [];
    if (key === undefined) return undefined;
    try {
      return await vault.key(key, Number(version));
    } catch (error) {
      if (isStorageError(error, 'not-found')) return undefined;
      throw error;
    }
  }

  return {
    async wrap(fileKey, options) {
      await current();
      return ring.wrap(fileKey, options);
    },
    async unwrap(wrapped, options) {
      try {
        return await ring.unwrap(wrapped, options);
      } catch (error) {
        if (!isStorageError(error, 'permission-denied')) throw error;
        const fresh = newRing();
        const fileKey = await fresh.unwrap(wrapped, options);
        ring = fresh;
        return fileKey;
      }
    },
    isCurrent: (wrapped) => ring.isCurrent(wrapped),
  };
}
