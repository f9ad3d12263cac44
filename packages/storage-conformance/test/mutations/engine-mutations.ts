import type { Listing, StorageEngine } from '@granary/storage-core';

/** An engine that breaks one promise. */
export interface EngineMutation {
  readonly rule: string;
  readonly name: string;
  readonly change: (engine: StorageEngine) => Partial<StorageEngine>;
}

type Loose = Readonly<Record<string, (...parameters: unknown[]) => unknown>>;

/** An engine with some methods replaced. Views and files are those of the engine below. */
export function changedEngine(engine: StorageEngine, { change }: EngineMutation): StorageEngine {
  return Object.defineProperties(
    Object.create(engine) as StorageEngine,
    Object.getOwnPropertyDescriptors(change(engine)),
  );
}

function loose(engine: StorageEngine): Loose {
  return engine as unknown as Loose;
}

function mutation(
  rule: string,
  name: string,
  change: (engine: Loose, real: StorageEngine) => object,
): EngineMutation {
  return {
    rule,
    name,
    change: (engine) => change(loose(engine), engine) as Partial<StorageEngine>,
  };
}

export const engineMutations: readonly EngineMutation[] = [
  mutation('RANGE-7', 'joins parts in the order of their coming', (_engine, real) => ({
    async get(key: string, options: { concurrency?: number } = {}) {
      const object = await real.get(key, options);
      if ((options.concurrency ?? 1) === 1) return object;
      const bytes = await object.bytes();
      const half = bytes.byteLength >> 1;
      const turned = new Blob([bytes.slice(half), bytes.slice(0, half)]);
      return {
        info: object.info,
        range: object.range,
        bytes: async () => new Uint8Array(await turned.arrayBuffer()),
        stream: () => turned.stream(),
        cancel: async () => {},
      };
    },
  })),
  mutation('ENG-1', 'gives a plain promise of its listing', (_engine, real) => ({
    list: (...what: [never]) => Promise.resolve(real.list(...what)),
  })),
  mutation('ENG-1', 'keeps what a listing found first', (_engine, real) => {
    return {
      list: (...what: [never]) => {
        const listing = real.list(...what);
        const first = Promise.resolve(listing);
        return {
          // biome-ignore lint/suspicious/noThenProperty: a listing has one
          then: first.then.bind(first),
          catch: first.catch.bind(first),
          finally: first.finally.bind(first),
          pages: () => listing.pages(),
          [Symbol.asyncIterator]: () => listing[Symbol.asyncIterator](),
        } as Listing<unknown>;
      },
    };
  }),
  // biome-ignore lint/suspicious/noThenProperty: an engine has none, which is broken here
  mutation('ENG-2', 'can be awaited', () => ({ then: undefined })),
  mutation('VAL-1', 'turns text into what it looks like', (engine) => ({
    async load(...what: unknown[]) {
      const value = await engine['load']?.(...what);
      return value === '123' ? 123 : value;
    },
  })),
  mutation('VAL-2', 'saves a date as text', (engine) => ({
    save: (key: unknown, value: unknown, options: unknown) =>
      engine['save']?.(key, value instanceof Date ? value.toISOString() : value, options),
  })),
  mutation('VAL-3', 'guesses the format from the content', (engine) => ({
    async load(key: string, options?: { as?: string }) {
      if (options !== undefined || !key.endsWith('.txt')) return engine['load']?.(key, options);
      const text = (await engine['load']?.(key, { as: 'text' })) as string;
      return text.startsWith('{') ? JSON.parse(text) : text;
    },
  })),
  mutation('VAL-4', 'records a content type with everything', (engine) => ({
    save: (key: unknown, value: unknown, options?: object) =>
      engine['put']?.(key, JSON.stringify(value), {
        contentType: 'application/json; charset=utf-8',
        ...options,
      }),
  })),
  mutation('VAL-5', 'saves in spite of a schema', (engine) => ({
    save: (key: unknown, value: unknown) => engine['put']?.(key, JSON.stringify(value)),
  })),
  mutation('VAL-6', 'gives the default for every failure', (engine) => ({
    async load(key: unknown, options?: { default?: unknown }) {
      try {
        return await engine['load']?.(key, options);
      } catch (error) {
        if (options !== undefined && 'default' in options) return options.default;
        throw error;
      }
    },
  })),
  mutation('VAL-7', 'saves in the clear what should be encrypted', (engine) => ({
    save: (
      key: unknown,
      value: unknown,
      { encrypt: _encrypt, ...options }: { encrypt?: boolean } = {},
    ) => engine['save']?.(key, value, options),
  })),
  mutation('VAL-8', 'forgets tags', (engine) => ({
    save: (key: unknown, value: unknown, { tags: _tags, ...options }: { tags?: unknown } = {}) =>
      engine['save']?.(key, value, options),
  })),
  mutation('ENG-6', 'clears a folder with its siblings', (engine) => ({
    clear: (prefix: unknown, options: unknown) =>
      engine['clear']?.(
        typeof prefix === 'string' && prefix !== '' ? prefix.replace(/\/$/, '') : prefix,
        options,
      ),
  })),
  mutation('ENG-6', 'clears everything when it is told nothing', (engine) => ({
    clear: (prefix: unknown = '') => engine['clear']?.(prefix, { all: true }),
  })),
  mutation('ENG-7', 'ignores the size of a stream', (engine) => ({
    put: (key: unknown, body: unknown, { size: _size, ...options }: { size?: number } = {}) =>
      engine['put']?.(key, body, options),
  })),
  mutation('ENG-7', 'tells progress that it does not make', (engine) => ({
    put(key: unknown, body: unknown, options: { onProgress?: (told: unknown) => void } = {}) {
      options.onProgress?.({ transferredBytes: 1e9 });
      return engine['put']?.(key, body, options);
    },
  })),
  mutation('ENG-8', 'drops the checksum of what goes up in parts', (engine) => ({
    put: (key: unknown, body: unknown, { checksum: _no, ...options }: { checksum?: true } = {}) =>
      engine['put']?.(key, body, options),
  })),
  mutation('ENG-8', 'gives up with a session that is lost', (engine) => ({
    put(key: unknown, body: unknown, options: { onSession?: (one: unknown) => void } = {}) {
      let sessions = 0;
      const onSession = (session: unknown) => {
        options.onSession?.(session);
        sessions += 1;
        if (sessions > 1) throw new Error('the session is lost.');
      };
      return engine['put']?.(key, body, { ...options, onSession });
    },
  })),
  mutation('UPD-1', 'reads and then writes', (engine) => ({
    async update(key: string, change: (value: unknown) => unknown) {
      const value = await engine['load']?.(key, { default: undefined });
      return engine['save']?.(key, await change(value));
    },
  })),
  mutation('UPD-2', 'forgets attributes in an update', (engine) => ({
    async update(key: string, change: (value: unknown) => unknown) {
      return engine['save']?.(key, await change(await engine['load']?.(key)));
    },
  })),
  mutation('UPD-3', 'saves nothing as null', (engine) => ({
    update: (key: unknown, change: (value: unknown) => unknown, options: unknown) =>
      engine['update']?.(key, async (value: unknown) => (await change(value)) ?? null, options),
  })),
  mutation('SEARCH-1', 'finds every item with one of the tags', (engine) => ({
    search: ({ tags, ...query }: { tags?: unknown }) =>
      engine['search']?.({ ...query, ...(tags !== undefined && { anyTags: tags }) }),
  })),
  mutation('SEARCH-1', 'compares metadata as text', (engine) => ({
    search: (query: { metadata?: { iso?: unknown } }) =>
      engine['search']?.(
        query.metadata?.iso === '100' ? { ...query, metadata: { iso: 100 } } : query,
      ),
  })),
  mutation('SEARCH-3', 'sorts one way only', (engine) => ({
    search: ({ sort, ...query }: { sort?: { by: string } }) =>
      engine['search']?.({ ...query, ...(sort && { sort: { by: sort.by } }) }),
  })),
  mutation('SEARCH-4', 'reads all values without leave', (engine) => ({
    search: (query: object) => engine['search']?.({ ...query, scan: true }),
  })),
  mutation('EXP-1', 'shows items whose time is up', (_engine, real) => ({
    exists: async (key: string) => (await real.list(key)).length > 0 || key === 'a',
  })),
  mutation('EXP-2', 'loses the expiry in a copy', (engine) => ({
    copy: (from: unknown, to: unknown, options: object) =>
      engine['copy']?.(from, to, { ...options, attributes: { expiresAt: null } }),
  })),
  mutation('EXP-4', 'sweeps what has not expired', (engine) => ({
    sweep: (prefix: string) => engine['clear']?.(prefix, { all: true }),
  })),
  mutation('VIEW-1', 'takes a prefix without its slash', (_engine, real) => ({
    at: (prefix: string) => ({
      ...real.at(prefix),
      list: (more = '') => real.list(`${prefix}${String(more)}`),
    }),
  })),
  mutation('VIEW-2', 'writes through a read-only view', (_engine, real) => ({
    readOnly: () => Object.create(real) as StorageEngine,
  })),
  mutation('VIEW-3', 'closes the storage with a view', (_engine, real) => ({
    at: (prefix: string) =>
      Object.defineProperty(Object.create(real.at(prefix)), 'close', { value: () => real.close() }),
  })),
  mutation('ERR-4', 'is missing on every error', (engine) => ({
    async exists(...what: unknown[]) {
      try {
        return await engine['exists']?.(...what);
      } catch {
        return false;
      }
    },
  })),
  mutation('RANGE-6', 'gives parts in the order of their offsets', (engine) => ({
    getRanges: (key: unknown, ranges: readonly { offset?: number }[], options: unknown) =>
      engine['getRanges']?.(
        key,
        ranges.toSorted((one, other) => (one.offset ?? 0) - (other.offset ?? 0)),
        options,
      ),
  })),
];
