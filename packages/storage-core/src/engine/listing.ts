import type { Listing, ListingPage } from '../contract/listing.ts';
import type { ListEntry, ListOptions, ListPage } from '../contract/operations.ts';
import { type EngineContext, isExpired } from './engine-context.ts';

/** Makes a {@link Listing} of a walk. It is a `PromiseLike`, so no async function may return it. */
export function listingOf<Entry>(walk: () => AsyncIterable<ListingPage<Entry>>): Listing<Entry> {
  async function collect(): Promise<Entry[]> {
    const all: Entry[] = [];
    for await (const { entries } of walk()) {
      for (const entry of entries) all.push(entry);
    }
    return all;
  }
  return {
    // biome-ignore lint/suspicious/noThenProperty: awaiting a listing gives its entries
    then: (onFulfilled, onRejected) => collect().then(onFulfilled, onRejected),
    catch: (onRejected) => collect().catch(onRejected),
    finally: (onFinally) => collect().finally(onFinally),
    pages: walk,
    async *[Symbol.asyncIterator]() {
      for await (const { entries } of walk()) {
        for (const entry of entries) yield entry;
      }
    },
  };
}

/**
 * The pages of a listing without the items that are known to have expired. A walk with a limit
 * goes on for as many entries as were left out.
 */
export async function* livePages(
  { provider, now }: EngineContext,
  options: ListOptions,
): AsyncGenerator<ListPage, void, undefined> {
  let next: ListOptions | undefined = options;
  while (next !== undefined) {
    let left = 0;
    let cursor: string | undefined;
    for await (const page of provider.list(next)) {
      const dead = page.entries.some((entry) => isGone(entry, now));
      const entries = dead ? page.entries.filter((entry) => !isGone(entry, now)) : page.entries;
      left += page.entries.length - entries.length;
      cursor = page.cursor;
      yield dead ? { ...page, entries } : page;
    }
    next =
      options.limit !== undefined && left > 0 && cursor !== undefined
        ? { ...options, cursor, limit: left }
        : undefined;
  }
}

function isGone(entry: ListEntry, now: () => number): boolean {
  return entry.kind === 'item' && isExpired(entry, now);
}
