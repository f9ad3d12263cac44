import type { ObjectInfo } from '../contract/object-info.ts';
import type { OperationOptions } from '../contract/operations.ts';
import type { CompanionLayout } from './companion-layout.ts';

/** Options of `withCompanion`. */
export interface CompanionOptions {
  /** Where companions lie. Default: `<key>.meta.json` beside the object. */
  readonly layout?: CompanionLayout;
  /** Keeps the provider's versions, and in companions what was said of each. Default: `false`. */
  readonly versions?: boolean;
  /**
   * What tells a body before it is written. Where it is the etag of what was stored, or one of its
   * `fingerprintsOf`, nothing has to be noted down after the write. Default: nothing is known.
   */
  readonly fingerprintOf?: (content: Uint8Array) => string | Promise<string>;
  /** What tells the content of an object besides its etag. Default: nothing. */
  readonly fingerprintsOf?: (info: ObjectInfo) => readonly string[];
  /** Looks for an object and its companion at once. Default: one after the other. */
  readonly look?: (
    name: string,
    companion: string,
    options: OperationOptions,
  ) => Promise<CompanionLook>;
  /**
   * Writes a companion over the one that `look` told of, or where it told of none, or deletes that one; gives its
   * tag. With this, processes that write one object at once keep what each says of its own content.
   * Errors: `precondition-failed` where there is another companion by now. Default: whatever is there is replaced.
   */
  readonly replace?: (
    companion: string,
    text: string | undefined,
    tag: string | undefined,
    options: OperationOptions,
  ) => Promise<string | undefined>;
}

/** An object and its companion, as far as they are there. */
export interface CompanionLook {
  readonly info?: ObjectInfo;
  /** The companion's content. */
  readonly text?: string;
  /** What tells the companion from every later one, for `replace`. */
  readonly tag?: string;
}
