import type { ListEntry, ListOptions, ListPage } from '../contract/operations.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { withoutAttributes } from './check-attributes.ts';
import type { CompanionKeys } from './companion-keys.ts';

/** A listing without the companions. What a companion would say of an entry is left out. */
export async function* listWithoutCompanions(
  provider: StorageProvider,
  keys: CompanionKeys,
  options: ListOptions,
): AsyncGenerator<ListPage, void, undefined> {
  const { prefix = '', startAfter, limit = Number.POSITIVE_INFINITY, ...rest } = options;
  const query = {
    ...rest,
    prefix: keys.downPrefix(prefix),
    ...(startAfter !== undefined && { startAfter: keys.down(startAfter) }),
  };
  let { cursor } = options;
  let left = limit;
  do {
    const pages = provider.list({
      ...query,
      ...(cursor !== undefined && { cursor }),
      ...(left !== Number.POSITIVE_INFINITY && { limit: left }),
    });
    for await (const page of pages) {
      const entries = page.entries.flatMap((entry) => above(entry, keys, prefix));
      left -= entries.length;
      cursor = page.cursor;
      if (entries.length > 0 || cursor === undefined) yield { ...page, entries };
    }
    // Hidden names counted below, so there may be more to find.
  } while (left > 0 && left !== Number.POSITIVE_INFINITY && cursor !== undefined);
}

function above(entry: ListEntry, keys: CompanionKeys, prefix: string): readonly ListEntry[] {
  const isGroup = entry.kind === 'prefix';
  const name = keys.up(isGroup ? entry.key.slice(0, -1) : entry.key);
  if (name === undefined) return [];
  const key = isGroup ? `${name}/` : name;
  if (!key.startsWith(prefix)) return [];
  return [isGroup ? { kind: 'prefix', key } : { ...withoutAttributes(entry), key }];
}
