import type { Credential } from './credential-name.ts';

/** What keeping secrets in this place is worth. Sentences for people. */
export interface Protection {
  /** Where the secrets are: the keychain, a path, a database. */
  readonly place: string;
  readonly protectsAgainst: readonly string[];
  readonly doesNotProtectAgainst: readonly string[];
}

/** The lock of a driver whose secrets are under a key that it can forget. */
export interface DriverLock {
  isLocked(): boolean;
  /** Forgets the key. */
  lock(): void;
  /** Gets the key again, with the passphrase or without one. Errors: `permission-denied` for a wrong one. */
  unlock(passphrase?: string): Promise<void>;
  /** Puts the same secrets under another passphrase. */
  changePassphrase?(current: string, next: string): Promise<void>;
}

/**
 * A place that keeps named texts. What a vault adds to it are versions, long secrets, data keys,
 * locking and errors that hold no secret. Errors are `StorageError`: `unavailable` where the place cannot be
 * used at all, `permission-denied` where it is locked or says no. A locked place never looks like an empty one.
 */
export interface VaultDriver {
  readonly specVersion: 1;
  /** Its short name: `keyring`, `file` … */
  readonly name: string;
  /** `write` and `remove` fail with `permission-denied`. Default: false. */
  readonly isReadOnly?: boolean;
  /** The most ASCII characters that one entry takes. Default: any number. */
  readonly maxEntryChars?: number;
  /** Present where a key has to be known for reading. */
  readonly lock?: DriverLock;
  describe(): Protection;
  /** Checks that the place can be used. Called once, before anything else. */
  open(): Promise<void>;
  /** The text of an entry; `undefined` only when it is certain that there is none. */
  read(entry: string): Promise<string | undefined>;
  /** Replaces the text of an entry, wholly or not at all. Called within `exclusively` only. */
  write(entry: string, text: string): Promise<void>;
  /** Returns whether there was one. Called within `exclusively` only. */
  remove(entry: string): Promise<boolean>;
  /** Names of all entries, in no order. */
  entries(): Promise<readonly string[]>;
  /** Runs work while no other process and no other vault changes this place. It does not nest. */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>;
  close?(): Promise<void>;
}

/** Secrets of another program, or of an earlier version of this one. */
export interface SecretSource {
  readonly name: string;
  list(): Promise<readonly Credential[]>;
  /** `undefined` only when it is certain that there is none. */
  read(credential: Credential): Promise<string | undefined>;
  /** Absent where nothing may be removed. */
  remove?(credential: Credential): Promise<boolean>;
}
