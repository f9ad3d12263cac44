import { isStorageError } from '@granary/storage-core/provider';
import { type KeyProvider, keyRing } from './key-provider.ts';

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

/**
 * Keys from a vault: new objects go under the current version of the data key `name`, and those of all
 * versions stay readable while the vault has them. The key is made when something is first encrypted.
 */
export function vaultKeys(
  vault: KeyVault,
  name: string,
  now: () => number = Date.now,
): KeyProvider {
  let known: { readonly id: Promise<string>; readonly askedAt: number } | undefined;

  async function currentId(): Promise<string> {
    const [first] = await vault.keyVersions(name);
    if (first !== undefined) return `${name}@${first.version}`;
    await vault.key(name);
    const [made] = await vault.keyVersions(name);
    return `${name}@${made?.version ?? 1}`;
  }

  return keyRing({
    current() {
      if (known !== undefined && now() - known.askedAt < CURRENT_FOR_MS) return known.id;
      const asked = { id: currentId(), askedAt: now() };
      asked.id.catch(() => {
        if (known === asked) known = undefined;
      });
      known = asked;
      return asked.id;
    },
    async find(id) {
      const [, key, version] = KEY_ID.exec(id) ?? [];
      if (key === undefined) return undefined;
      try {
        return await vault.key(key, Number(version));
      } catch (error) {
        if (isStorageError(error, 'not-found')) return undefined;
        throw error;
      }
    },
  });
}
