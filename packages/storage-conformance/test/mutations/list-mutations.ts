import {
  compareKeys,
  type ListEntry,
  type ListOptions,
  type ListPage,
  StorageError,
  type StorageProvider,
} from '@granary/storage-core/provider';
import { changed, isItem, listing, type Mutation } from './mutation.ts';

/** A provider that lists with other options. */
function asking(
  rule: string,
  name: string,
  change: (options: ListOptions) => ListOptions,
): Mutation {
  return changed(rule, name, (provider) => ({ list: (options) => provider.list(change(options)) }));
}

async function* pagesOf(provider: StorageProvider, options: ListOptions): AsyncGenerator<ListPage> {
  yield* provider.list(options);
}

/** Entries of a whole walk. */
async function all(provider: StorageProvider, options: ListOptions): Promise<ListEntry[]> {
  const entries: ListEntry[] = [];
  for await (const page of provider.list(options)) entries.push(...page.entries);
  return entries;
}

const seenGroups = new Map<string, string>();

export const listMutations: readonly Mutation[] = [
  changed('LIST-1', 'forgets the second page', (provider) => ({
    async *list(options) {
      for await (const { entries } of provider.list(options)) {
        yield { entries };
        return;
      }
    },
  })),
  changed('LIST-1', 'repeats the last entry of a page on the next one', (provider) => ({
    async *list(options) {
      let last: ListEntry[] = [];
      for await (const page of provider.list(options)) {
        yield { ...page, entries: [...last, ...page.entries] };
        last = page.entries.slice(-1);
      }
    },
  })),
  changed('LIST-1', 'gives the same cursor again', (provider) => ({
    async *list(options) {
      for await (const page of provider.list(options)) {
        yield page.cursor === undefined ? page : { ...page, cursor: 'the same' };
      }
    },
  })),
  asking('LIST-2', 'takes a prefix for a folder', ({ prefix, ...options }) => ({
    ...options,
    ...(prefix !== undefined && {
      prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    }),
  })),
  changed('LIST-2', 'takes a prefix for a pattern', (provider) => ({
    async *list(options) {
      const { prefix = '', ...rest } = options;
      if (!/[*?%_[]/.test(prefix)) {
        yield* provider.list(options);
        return;
      }
      const pattern = new RegExp(
        `^${prefix
          .replace(/[.+^${}()|[\]\\]/g, '\\$&')
          .replaceAll('*', '.*')
          .replace(/[?_]/g, '.')
          .replaceAll('%', '.*')}`,
      );
      for await (const page of provider.list(rest)) {
        yield { ...page, entries: page.entries.filter(({ key }) => pattern.test(key)) };
      }
    },
  })),
  asking('LIST-2', 'folds the case of a prefix', ({ prefix, ...options }) => ({
    ...options,
    ...(prefix !== undefined && { prefix: prefix.toLowerCase() }),
  })),
  changed('LIST-3', 'fails for a prefix that nothing matches', (provider) => ({
    async *list(options) {
      if ((await all(provider, { prefix: options.prefix ?? '' })).length === 0) {
        throw new StorageError('not-found', 'there is no such folder.');
      }
      yield* provider.list(options);
    },
  })),
  listing('LIST-4', 'lists in the order of writing', (entries, store) =>
    entries.toSorted(
      (one, other) =>
        [...store.objects.keys()].indexOf(one.key) - [...store.objects.keys()].indexOf(other.key),
    ),
  ),
  listing('LIST-4', 'sorts by UTF-16', (entries) =>
    entries.toSorted((one, other) => (one.key < other.key ? -1 : 1)),
  ),
  listing('LIST-4', 'sorts folder by folder', (entries) =>
    entries.toSorted((one, other) =>
      compareKeys(one.key.replaceAll('/', '\u0001'), other.key.replaceAll('/', '\u0001')),
    ),
  ),
  changed('LIST-5', 'repeats a group on every page', (provider) => ({
    async *list(options) {
      for await (const page of provider.list(options)) {
        const group = seenGroups.get(options.prefix ?? '');
        const isNew = options.cursor === undefined || group === undefined;
        const last = page.entries.findLast(({ kind }) => kind === 'prefix');
        if (last !== undefined) seenGroups.set(options.prefix ?? '', last.key);
        yield isNew
          ? page
          : { ...page, entries: [{ kind: 'prefix', key: group }, ...page.entries] };
      }
    },
  })),
  listing('LIST-5', 'leaves the delimiter off its groups', (entries) =>
    entries.map((entry) =>
      isItem(entry) ? entry : { ...entry, key: entry.key.replace(/\/$/, '') },
    ),
  ),
  asking('LIST-5', 'groups by slashes whatever it is asked', ({ delimiter, ...options }) => ({
    ...options,
    ...(delimiter !== undefined && { delimiter: '/' }),
  })),
  listing('LIST-5', 'shows a group in the place of an object of its name', (entries) =>
    entries.filter(
      (entry) => !(isItem(entry) && entries.some(({ key }) => key === `${entry.key}/`)),
    ),
  ),
  asking('LIST-6', 'ignores the limit', ({ limit: _limit, ...options }) => options),
  changed('LIST-6', 'carries no cursor when the limit is reached', (provider) => ({
    async *list(options) {
      for await (const page of provider.list(options))
        yield options.limit === undefined ? page : { entries: page.entries };
    },
  })),
  changed('LIST-6', 'carries a cursor after the last page', (provider) => ({
    async *list(options) {
      for await (const page of provider.list(options)) yield { cursor: 'more', ...page };
    },
  })),
  changed('LIST-7', 'counts entries in its cursor', (provider) => ({
    async *list({ cursor, limit, ...options }) {
      const start = cursor === undefined ? 0 : Number(cursor.slice(1));
      const end = limit === undefined ? Number.POSITIVE_INFINITY : start + limit;
      const entries = await all(provider, options);
      yield {
        entries: entries.slice(start, end),
        ...(end < entries.length && { cursor: `n${end}` }),
      };
    },
  })),
  changed('LIST-7', 'begins again with every cursor', (provider) => ({
    list: ({ cursor: _cursor, ...options }) => pagesOf(provider, options),
  })),
  changed('LIST-7', 'keeps its cursors in memory', (provider) => {
    const places = new Map<string, string>();
    return {
      async *list({ cursor, ...options }) {
        const real = cursor === undefined ? undefined : places.get(cursor);
        if (cursor !== undefined && real === undefined)
          throw new StorageError('invalid-argument', 'this is no cursor.');
        for await (const page of provider.list({
          ...options,
          ...(real !== undefined && { cursor: real }),
        })) {
          const own = `c${places.size}`;
          if (page.cursor !== undefined) places.set(own, page.cursor);
          yield page.cursor === undefined ? page : { ...page, cursor: own };
        }
      },
    };
  }),
  changed('LIST-8', 'binds its cursors to nothing', (provider) => ({
    async *list({ cursor, ...options }) {
      const entries = await all(provider, {
        ...options,
        ...(options.limit !== undefined && { limit: 100_000 }),
      });
      const rest =
        cursor === undefined
          ? entries
          : entries.filter(({ key }) => compareKeys(key, decodeURIComponent(cursor)) > 0);
      const some = rest.slice(0, options.limit);
      const last = some.at(-1)?.key;
      yield {
        entries: some,
        ...(some.length < rest.length &&
          last !== undefined && { cursor: encodeURIComponent(last) }),
      };
    },
  })),
  changed('LIST-9', 'lists the key that it should begin after', (provider) => ({
    async *list({ startAfter, ...options }) {
      for await (const page of provider.list(options)) {
        yield {
          ...page,
          entries: page.entries.filter(
            ({ key }) => startAfter === undefined || compareKeys(key, startAfter) >= 0,
          ),
        };
      }
    },
  })),
  asking('LIST-9', 'ignores startAfter', ({ startAfter: _start, ...options }) => options),
  listing('LIST-10', 'leaves out a field that it promises', (entries) =>
    entries.map((entry) => (isItem(entry) ? { kind: 'item', key: entry.key } : entry)),
  ),
  listing('ETAG-1', 'lists another etag', (entries) =>
    entries.map((entry) => (isItem(entry) ? { ...entry, etag: `"${entry.etag}"` } : entry)),
  ),
  listing('LIST-11', 'lists no tags', (entries) =>
    entries.map((entry) => {
      if (!isItem(entry)) return entry;
      const { tags: _tags, ...rest } = entry;
      return rest;
    }),
  ),
  changed('LIST-11', 'asks for the attributes of every key', (provider, store) => ({
    async *list(options) {
      for await (const page of provider.list(options)) {
        if (options.include !== undefined) store.requests += page.entries.length;
        yield page;
      }
    },
  })),
  changed('LIST-12', 'ends where a page fails', (provider) => ({
    async *list(options) {
      try {
        for await (const { entries } of provider.list(options)) yield { entries };
      } catch {
        return;
      }
    },
  })),
  changed('LIST-13', 'holds what a listing needs that was broken out of', (provider, store) => ({
    async *list(options) {
      store.held += 1;
      for await (const page of provider.list(options)) yield page;
      store.held -= 1;
    },
  })),
  changed('LIST-13', 'has one place for all listings', (provider) => {
    let pages: AsyncIterator<ListPage> | undefined;
    return {
      async *list(options) {
        pages ??= provider.list(options)[Symbol.asyncIterator]();
        for (;;) {
          const { done, value } = await pages.next();
          if (done) {
            pages = undefined;
            return;
          }
          yield value;
        }
      },
    };
  }),
  listing('LIST-14', 'lists folders among the objects', (entries) =>
    entries.flatMap((entry) => {
      const end = entry.key.indexOf('/');
      return isItem(entry) && end > 0
        ? [{ kind: 'item' as const, key: entry.key.slice(0, end) }, entry]
        : [entry];
    }),
  ),
  changed('LIST-15', 'keeps an empty group', (provider) => {
    const groups = new Set<string>();
    return {
      put(key, body, options) {
        if (key.includes('/')) groups.add(key.slice(0, key.indexOf('/') + 1));
        return provider.put(key, body, options);
      },
      async *list(options) {
        const entries = await all(provider, options);
        const empty = [...groups].filter((group) => !entries.some(({ key }) => key === group));
        const shown =
          options.delimiter === '/' && (options.prefix ?? '') === '' && options.limit === undefined;
        yield {
          entries: shown
            ? [...entries, ...empty.map((key) => ({ kind: 'prefix' as const, key }))]
            : entries,
        };
      },
    };
  }),
];
