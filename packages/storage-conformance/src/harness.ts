import type { StorageProvider } from '@granary/storage-core/provider';

/** Trouble that a harness can make below the provider. */
export type Fault =
  /** Every request fails, as without a network. */
  | 'unavailable'
  /** The first page of a listing arrives, the second one fails. */
  | 'second-page'
  /** A ranged read is answered with the whole object. */
  | 'ignore-range'
  /** A body ends before its size. */
  | 'cut-body'
  /** Content goes through, the last step of the write fails. */
  | 'last-step-of-write'
  /** The write happens, its answer is lost. */
  | 'lost-reply';

/** What a harness can do behind the provider's back. Everything is optional: a scenario that needs more is skipped. */
export interface Outside {
  /** Requests, system calls or transactions made so far. Shows what "before any I/O" means. */
  requests?(): number;
  /** Sockets, file descriptors and readers that are open now. */
  held?(): number | Promise<number>;
  /** Puts the store's clock forward. Units: ms. */
  advance?(ms: number): void | Promise<void>;
  /** Makes the trouble from now on; `undefined` ends it. Returns `false` for trouble it can't make. */
  fault?(fault: Fault | undefined): boolean | Promise<boolean>;
  /** Names of unfinished writes, temporary files and the like that lie in the store. */
  leftovers?(): readonly string[] | Promise<readonly string[]>;
  /** Whether everything beside the store's root is as it was. */
  intact?(): boolean | Promise<boolean>;
  /** A provider over a bucket or root that does not exist and that writing cannot make. */
  missing?(): StorageProvider | Promise<StorageProvider>;
  /** A provider over a store with room for about this many bytes. */
  small?(capacityBytes: number): StorageProvider | Promise<StorageProvider>;
  /** Whether events and feeds are behind by up to this long. Units: ms. */
  readonly settleMs?: number;
  /** Texts that no error may show: keys, tokens, passwords of the store. */
  readonly secrets?: readonly string[];
}

/** One empty store that the harness has made for one scenario. */
export interface OpenStore {
  /** The provider under test, raw or from a factory. The kit puts core's guard around it. */
  readonly provider: StorageProvider;
  /** Another provider over the same store, as another process would have it. */
  reopen?(): StorageProvider | Promise<StorageProvider>;
  readonly outside?: Outside;
  /** Removes the store. Called once, after the providers were closed. */
  close?(): void | Promise<void>;
}

/** Why a scenario is known to fail. `sometimes`: it fails in some runs, and passes in others. */
export type GapReason = string | { readonly reason: string; readonly sometimes: true };

/** What an author hands to the kit. */
export interface Harness {
  /** Shown in reports: the backend or layer, and what it runs against. */
  readonly name: string;
  /** Makes an empty store: a fresh one, or an unused prefix of one. Called once for each scenario. */
  create(): OpenStore | Promise<OpenStore>;
  /**
   * For a harness of a layer: puts the layer around a provider. Every scenario then runs through
   * the layer, and some look at what it does to the provider below.
   */
  layer?(inner: StorageProvider): StorageProvider;
  /** The layer is a view, which closes nothing below it. Default: it passes `close` on. */
  readonly isView?: boolean;
  /**
   * Rules, or a rule with a scenario's title, that an emulator is known to break, each with the
   * reason. They run as expected failures; the run fails when one of them passes, unless it fails
   * `sometimes`, or names nothing.
   */
  readonly knownGaps?: Readonly<Record<string, GapReason>>;
  /** Sends presigned requests. Default: the global `fetch`. */
  readonly fetch?: typeof globalThis.fetch;
  /** The longest a scenario may take. Units: ms. Default: 10,000; slow scenarios get six times that. */
  readonly timeoutMs?: number;
}
