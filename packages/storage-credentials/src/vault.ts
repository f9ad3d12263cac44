import type { Credential, CredentialName } from './credential-name.ts';
import type { Secret } from './secret.ts';
import type { Protection, SecretSource, VaultDriver } from './vault-driver.ts';

/** What a vault is and what it is worth. */
export interface VaultInfo extends Protection {
  readonly name: string;
  /** The driver's name. */
  readonly driver: string;
  /** Why it was this driver: a sentence. */
  readonly reason: string;
  readonly isLocked: boolean;
  readonly isReadOnly: boolean;
  /** The vault locks itself after so long without use. Units: ms. */
  readonly autoLockMs: number | undefined;
  /** Where secrets are looked for that are not here. */
  readonly alsoReads: readonly string[];
}

/** One version of a secret while it changes. */
export interface SecretState {
  /** `current`: what `get` returns. `next`: made by a rotation, not yet in use. `old`: kept from before. */
  readonly state: 'current' | 'next' | 'old';
  readonly secret: Secret;
}

/** What the maker of a new secret knows. */
export interface RotationStart {
  readonly current: Secret;
  /** Made by a rotation that did not get to its end; return it again to go on with it. */
  readonly pending: Secret | undefined;
}

/** How a secret is rotated. */
export interface RotateOptions {
  /** Tries the new secret before it is used, and throws where it does not work. Default: it is not tried. */
  readonly verify?: (made: Secret) => Promise<void>;
  /** Keeps the version before as an old one until `dropOld`. Default: false. */
  readonly keepOld?: boolean;
}

/** One version of a data key. */
export interface KeyVersion {
  readonly version: number;
  readonly createdAt: Date | undefined;
  readonly isCurrent: boolean;
}

/** How secrets are taken over. */
export interface ImportOptions {
  /** Leaves the old entries where they are. Default: false, each goes once it was read back here. */
  readonly keepOld?: boolean;
  /** Which ones. Default: all. */
  readonly only?: (credential: Credential) => boolean;
}

/** What became of each. */
export interface ImportReport {
  /** Here, and read back. */
  readonly imported: readonly Credential[];
  /** Another secret is here under this name; nothing was changed. */
  readonly differing: readonly Credential[];
  /** Data keys that came with a driver, by name. */
  readonly keys: readonly string[];
  /** Not taken over, and still where they were. */
  readonly failed: readonly { readonly name: string; readonly error: Error }[];
}

/**
 * One place for secrets, the same everywhere. Nothing is opened before the first call. Errors of every
 * call: `unavailable` where the place cannot be used, `permission-denied` when it is locked or says no,
 * `closed`; no error holds a secret.
 */
export interface Vault {
  readonly name: string;
  /** Whether secrets cannot be read before `unlock`. Known from the first call on; false until then. */
  readonly isLocked: boolean;
  /** The secret, or `undefined` when there is none. Only this one is decrypted. Errors: `invalid-data`, `corrupted`. */
  get(name: CredentialName, account?: string): Promise<Secret | undefined>;
  /** Stores a secret in place of the one before. Up to 65,536 bytes of UTF-8. Errors: `too-large`, `invalid-argument`. */
  set(name: CredentialName, secret: string): Promise<void>;
  has(name: CredentialName, account?: string): Promise<boolean>;
  /** Removes a credential with all its versions, here and where it is also read from. Returns whether there was one. */
  delete(name: CredentialName, account?: string): Promise<boolean>;
  /** The names of all credentials, ordered; no secrets. */
  list(): Promise<readonly Credential[]>;
  /**
   * Replaces a secret by one that `makeNew` makes. The new one is stored and read back before the old one
   * goes; a crash in between leaves the old one in use and the new one in `versions`. Errors: `not-found`;
   * `conflict` when something else changed it meanwhile; what `makeNew` and `verify` throw.
   */
  rotate(
    name: CredentialName,
    makeNew: (start: RotationStart) => string | Promise<string>,
    options?: RotateOptions,
  ): Promise<Secret>;
  /** Every version that is kept, the current one first. */
  versions(name: CredentialName): Promise<readonly SecretState[]>;
  /** Forgets old versions, and one that a rotation left. Returns how many. */
  dropOld(name: CredentialName): Promise<number>;

  /**
   * A 32-byte data-encryption key, made with the first use and kept here. Whoever loses it loses what it
   * encrypts. An older one by its version. Errors: `not-found` for a version that is not there.
   */
  key(name: string, version?: number): Promise<Uint8Array<ArrayBuffer>>;
  /** The versions of a data key, the current one first; empty where it was never used. */
  keyVersions(name: string): Promise<readonly KeyVersion[]>;
  /** Makes a new current key; those before stay, for what they encrypt. Returns its version. */
  rotateKey(name: string): Promise<number>;
  /** Forgets one older key for good. What it encrypts can be read no more. Errors: `invalid-argument` for the current one. */
  dropKey(name: string, version: number): Promise<boolean>;
  /**
   * Forgets a data key with all its versions for good. Storages that are open may write under it for a
   * minute more, which nobody can read then: close them first.
   */
  deleteKey(name: string): Promise<boolean>;
  /** Names of all data keys, ordered. */
  listKeys(): Promise<readonly string[]>;

  /**
   * Takes secrets over from a source, or from a whole driver with its versions and keys. Each old entry
   * goes only after the new one was read back. What is here already is never overwritten.
   */
  importFrom(source: SecretSource | VaultDriver, options?: ImportOptions): Promise<ImportReport>;

  /**
   * Forgets keys and refuses every secret until `unlock`. What was revealed before stays with who has it:
   * a storage that is open goes on with the data keys that it knows.
   */
  lock(): Promise<void>;
  /** Errors: `permission-denied` for a wrong passphrase; `unsupported` for one where the place has none. */
  unlock(passphrase?: string): Promise<void>;
  /** Puts everything under another passphrase. Errors: `unsupported` where the place has none. */
  changePassphrase(current: string, next: string): Promise<void>;
  /** What was chosen and why, and what it protects from. Opens the vault, needs no unlocking. */
  getInfo(): Promise<VaultInfo>;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Time, as a vault measures it. */
export interface VaultClock {
  /** Units: ms since 1970. */
  now(): number;
  setTimeout(work: () => void, delayMs: number): unknown;
  clearTimeout(timer: unknown): void;
}

/** Options of every vault. */
export interface CommonVaultOptions {
  /** Tells vaults in one place apart. Lower-case letters, digits, dots, hyphens and underscores. Default: 'granary'. */
  readonly name?: string;
  /** Locks the vault after so long without use. Default: never. Units: ms. */
  readonly autoLockMs?: number;
  /** Asked in this order for secrets that are not here. They are never written to. Default: none. */
  readonly alsoRead?: readonly (SecretSource | VaultDriver)[];
  /** Default: the system's. */
  readonly clock?: VaultClock;
}

/** Options of a vault over one driver. */
export interface VaultOptions extends CommonVaultOptions {
  readonly driver: VaultDriver;
}
