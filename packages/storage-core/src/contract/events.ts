import type { OperationOptions } from './operations.ts';

/** Something changed in a store. */
export type ChangeEvent =
  | {
      readonly type: 'put' | 'delete';
      readonly key?: string;
      readonly id?: string;
      readonly etag?: string;
      /** Whether this provider made the change. Absent where it cannot know. */
      readonly isOwn?: boolean;
    }
  /** Anything below the prefix may have changed: list it again. */
  | {
      readonly type: 'subtree';
      readonly prefix?: string;
      readonly id?: string;
      readonly isOwn?: boolean;
    }
  /** The feed has no memory of before: list everything again. */
  | { readonly type: 'reset' };

/** A live hint. `lost`: some events were dropped; list again to be sure. */
export type WatchEvent = ChangeEvent | { readonly type: 'lost' };

/** Options of `changes`. */
export interface ChangesOptions extends OperationOptions {
  /** Goes on after the page that carried it. Default: from now. */
  readonly cursor?: string;
}

/** Part of the durable feed of changes. */
export interface ChangesPage {
  readonly events: readonly ChangeEvent[];
  readonly cursor: string;
}

/** Options of `watch`. */
export interface WatchOptions extends OperationOptions {
  /** A plain string prefix. Default: everything. */
  readonly prefix?: string;
}

/** Live events from the moment the watcher was handed out until it is closed. */
export interface Watcher extends AsyncIterable<WatchEvent>, AsyncDisposable {
  /** Ends the iteration and lets go of what it holds. Safe to call again. */
  close(): Promise<void>;
}
