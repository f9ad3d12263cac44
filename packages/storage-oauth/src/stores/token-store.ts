/** The name of one account's tokens. */
export interface TokenName {
  /** Provider and client: `google/1234.apps.googleusercontent.com`. */
  readonly space: string;
  readonly account: string;
}

/** Where tokens are kept: one secret text for each account, replaced in one step. */
export interface TokenStore {
  /** How messages call it. */
  readonly place: string;
  /** Whether other tabs or processes may be at it too. */
  readonly isShared: boolean;
  read(name: TokenName): Promise<string | undefined>;
  /** Replaces what is there, whatever it is. */
  write(name: TokenName, text: string): Promise<void>;
  /** Replaces exactly what was read, and returns false where something else is there by now. */
  swap(name: TokenName, before: string, text: string): Promise<boolean>;
  remove(name: TokenName): Promise<void>;
  /** The accounts of a space, in no order. */
  list(space: string): Promise<readonly string[]>;
}
