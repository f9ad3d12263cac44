import type { JsonValue } from './json.ts';
import type { ListItem, OperationOptions } from './operations.ts';

/** An item in a list or a search. */
export type StorageItem = ListItem;

/** One page of a {@link Listing}. */
export interface ListingPage<Entry> {
  readonly entries: readonly Entry[];
  readonly cursor?: string;
}

/**
 * What `list` and `search` return. `await` it for an array, `for await` it to stream, or walk its
 * `pages()`. It holds no results: each use is a new walk.
 */
export interface Listing<Entry> extends PromiseLike<Entry[]>, AsyncIterable<Entry> {
  pages(): AsyncIterable<ListingPage<Entry>>;
  catch<Result>(
    onRejected: (reason: unknown) => Result | PromiseLike<Result>,
  ): Promise<Entry[] | Result>;
  finally(onFinally: () => void): Promise<Entry[]>;
}

/**
 * Compares a metadata value. Several comparisons must all hold. Numbers compare with numbers and
 * strings with strings, by UTF-16; a value that is not there holds for `ne` and `exists: false` alone.
 */
export interface Comparison {
  readonly eq?: JsonValue;
  readonly ne?: JsonValue;
  readonly gt?: number | string;
  readonly gte?: number | string;
  readonly lt?: number | string;
  readonly lte?: number | string;
  readonly in?: readonly JsonValue[];
  /** A string that contains this one, or an array that has this element. */
  readonly contains?: JsonValue;
  readonly exists?: boolean;
}

/** From a moment on, up to but without another. */
export interface DateRange {
  readonly after?: Date;
  readonly before?: Date;
}

/** What search results can be sorted by. */
export type SortField = 'key' | 'size' | 'modifiedAt' | 'createdAt' | `metadata.${string}`;

/** What a search asks for. All that is given must hold. */
export interface StorageQuery {
  readonly prefix?: string;
  /** Has all of these tags. */
  readonly tags?: readonly string[];
  /** Has at least one of these tags. */
  readonly anyTags?: readonly string[];
  /** Metadata by name; a dot goes into a nested value: `'camera.iso': { gte: 400 }`. A plain value means `eq`. */
  readonly metadata?: Readonly<Record<string, Comparison | string | number | boolean | null>>;
  /** A media type such as `image/png`, or `image/*`. */
  readonly contentType?: string;
  /** Units: bytes, both included. */
  readonly size?: { readonly min?: number; readonly max?: number };
  readonly modifiedAt?: DateRange;
  readonly createdAt?: DateRange;
  /** Words that must all occur, in any letter case. */
  readonly text?: string;
  /** Where `text` is looked for. Default: key, tags and metadata. `value` reads every candidate, so it needs `scan: true`. */
  readonly textIn?: readonly ('key' | 'tags' | 'metadata' | 'value')[];
  /** Default: by key, ascending. Items without the field come last; equal ones are in the order of their keys. */
  readonly sort?: { readonly by: SortField; readonly order?: 'asc' | 'desc' };
  /** Most items over all pages. */
  readonly limit?: number;
  /** Goes on after the page that carried it. The query must be the same. */
  readonly cursor?: string;
  /** Allows a request per key where the provider cannot list attributes. */
  readonly scan?: boolean;
}

/** The part of a {@link StorageQuery} that an index of a provider can narrow down. */
export interface CandidateQuery
  extends Pick<
    StorageQuery,
    'prefix' | 'tags' | 'anyTags' | 'metadata' | 'contentType' | 'size' | 'modifiedAt' | 'createdAt'
  > {
  /** Leaves out this key and all that sort before it. Asked for only where `listOrder` is `utf8`. */
  readonly startAfter?: string;
}

/** Part of the results of a search. */
export interface SearchPage {
  readonly items: readonly StorageItem[];
  readonly cursor?: string;
}

/** Answers searches in the place of a scan. */
export interface SearchIndex {
  search(query: StorageQuery, options: OperationOptions): AsyncIterable<SearchPage>;
}
