import type { ListEntry, ListOptions, ListPage } from '../contract/operations.ts';
import type { StorageProvider } from '../contract/provider.ts';
import { withoutAttributes } from './check-attributes.ts';
import type { CompanionKeys } from './companion-keys.ts';

/** Names below that are looked at in one request for one that is no companion. */
const LOOK_AHEAD = 16;

/**
 * A listing without the companions. What a companion would say of an entry is left out. Where it ends
 * at the limit, what follows is looked at, once more below: its cursor says that there is more above.
 */
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
      if (left > 0) {
        if (entries.length > 0 || cursor === undefined) yield { ...page, entries };
        continue;
      }
      const { cursor: after, ...last } = page;
      const goesOn = after !== undefined && (await isMoreBehind(after));
      yield { ...last, entries, ...(goesOn && { cursor: after }) };
      return;
    }
    // Hidden names counted below, so there may be more to find.
  } while (left > 0 && left !== Number.POSITIVE_INFINITY && cursor !== undefined);

  async function isMoreBehind(after: string): Promise<boolean> {
    let at: string | undefined = after;
    while (at !== undefined) {
      const asked: ListOptions = { ...query, cursor: at, limit: LOOK_AHEAD };
      at = undefined;
      for await (const { entries, cursor: next } of provider.list(asked)) {
        if (entries.some((entry) => above(entry, keys, prefix).length > 0)) return true;
        at = next;
      }
    }
    return false;
  }
}

function above(entry: ListEntry, keys: CompanionKeys, prefix: string): readonly ListEntry[] {
  const isGroup = entry.kind === 'prefix';
  const name = keys.up(isGroup ? entry.key.slice(0, -1) : entry.key);
  if (name === undefined) return [];
  const key = isGroup ? `${name}/` : name;
  if (!key.startsWith(prefix)) return [];
  return [isGroup ? { kind: 'prefix', key } : { ...withoutAttributes(entry), key }];
}
