import {
  type BatchResult,
  eventChannel,
  type ObjectInfo,
  type PresignedRequest,
  StorageError,
  type StorageProvider,
  type VersionOperations,
} from '@granary/storage-core/provider';
import { relay } from '../../src/relay.ts';
import { changed, type Mutation, unguarded } from './mutation.ts';
import { own } from './own-operation.ts';

function versions(
  rule: string,
  name: string,
  change: (versions: VersionOperations, provider: StorageProvider) => Partial<VersionOperations>,
): Mutation {
  return changed(rule, name, (provider) => {
    const inner = own(provider, 'versions');
    return { versions: { ...inner, ...change(inner, provider) } };
  });
}

function presigning(
  rule: string,
  name: string,
  change: (
    request: PresignedRequest,
    provider: StorageProvider,
    key: string,
  ) => PresignedRequest | Promise<PresignedRequest>,
  drop: readonly string[] = [],
): Mutation {
  return changed(rule, name, (provider) => ({
    async presign(key, options) {
      const asked = Object.fromEntries(
        Object.entries(options).filter(([field]) => !drop.includes(field)),
      );
      return change(await own(provider, 'presign')(key, asked), provider, key);
    },
  }));
}

const same = (request: PresignedRequest) => request;

export const operationMutations: readonly Mutation[] = [
  {
    rule: 'OPEN-5',
    name: 'declares a method that it does not have',
    wrap: (provider) => relay({ ...provider, copy: undefined } as unknown as StorageProvider),
  },
  {
    rule: 'OPEN-5',
    name: 'has a method that it does not declare',
    wrap: (provider) =>
      unguarded(relay(provider, { capabilities: { ...provider.capabilities, copy: false } })),
  },
  changed('OPEN-3', 'takes back what it declared', () => ({
    open: async () => ({ rangeReads: false }),
  })),
  changed('OPEN-3', 'shrinks a limit when it opens', () => ({
    open: async () => ({ maxObjectBytes: 10 }),
  })),
  {
    rule: 'OPEN-7',
    name: 'changes its capabilities as it goes',
    wrap(provider) {
      let asked = 0;
      return unguarded(
        Object.defineProperty(relay(provider), 'capabilities', {
          get: () => {
            asked += 1;
            return { ...provider.capabilities, maxKeyBytes: 2000 + asked };
          },
        }),
      );
    },
  },
  changed('OPEN-1', 'makes a request before it is asked to', (_provider, store) => {
    setTimeout(() => {
      store.requests += 1;
    }, 0);
    return {};
  }),

  changed('BATCH-1', 'gives results in another order', (provider) => ({
    deleteMany: async (keys, options) =>
      (await own(provider, 'deleteMany')(keys, options)).toReversed(),
    statMany: async (keys, options) =>
      (await own(provider, 'statMany')(keys, options)).toReversed(),
  })),
  changed('BATCH-1', 'gives one result for a repeated key', (provider) => ({
    getMany: (keys, options) => own(provider, 'getMany')([...new Set(keys)], options),
  })),
  changed('BATCH-1', 'deletes a thousand keys and forgets the rest', (provider) => ({
    async deleteMany(keys, options) {
      const done = await own(provider, 'deleteMany')(keys.slice(0, 1000), options);
      return [...done, ...keys.slice(1000).map((key) => ({ key, ok: true as const, value: {} }))];
    },
  })),
  changed('BATCH-1', 'lets the first of two puts win', (provider) => ({
    putMany: async (entries, options) =>
      (await own(provider, 'putMany')(entries.toReversed(), options)).toReversed(),
  })),
  changed('BATCH-2', 'stops at the first failure', (provider) => ({
    async putMany(entries, options) {
      const results: BatchResult<ObjectInfo>[] = [];
      for (const entry of entries) {
        const [result] = results.some(({ ok }) => !ok)
          ? [{ key: entry.key, ok: false as const, error: new Error('stopped') }]
          : await own(provider, 'putMany')([entry], options);
        if (result !== undefined) results.push(result);
      }
      return results;
    },
  })),
  changed('BATCH-3', 'puts one after the other in an atomic batch', (provider) => ({
    async putMany(entries, { atomic: _atomic, ...options }) {
      const results = await own(provider, 'putMany')(entries, options);
      for (const result of results) if (!result.ok) throw result.error;
      return results;
    },
  })),
  changed('BATCH-3', 'shows half of an atomic batch', (provider) => ({
    async putMany(entries, options) {
      if (options.atomic !== true) return own(provider, 'putMany')(entries, options);
      const results: BatchResult<ObjectInfo>[] = [];
      for (const entry of entries) {
        results.push(...(await own(provider, 'putMany')([entry], options)));
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
      return results;
    },
  })),

  presigning('PRE-1', 'signs for a year', (request) => request, ['expiresInMs']),
  presigning('PRE-1', 'returns another object', async (request, provider) =>
    own(provider, 'presign')('other', { method: request.method }),
  ),
  presigning('PRE-1', 'forgets the disposition that was asked for', same, ['responseDisposition']),
  presigning('PRE-1', 'says that it expires later than it does', (request) => ({
    ...request,
    expiresAt: new Date(Date.now() + 1e9),
  })),
  presigning('PRE-2', 'binds no content type', same, ['contentType']),
  presigning('PRE-2', 'binds no length', same, ['contentLength']),
  presigning('PRE-2', 'binds no checksum', same, ['checksum']),
  presigning('PRE-2', 'replaces where it should create', same, ['ifNoneMatch']),
  presigning('PRE-3', 'asks the service to sign', async (request, provider) => {
    await provider.stat('a', {}).catch(() => {});
    return request;
  }),
  changed('PRE-4', 'leaves public URLs unescaped', () => ({
    publicUrl: (key) => `http://127.0.0.1/public/${key}`,
  })),

  versions('VER-1', 'lists versions oldest first', (inner) => ({
    async *list(key, options) {
      const all: ObjectInfo[] = [];
      for await (const page of inner.list(key, options)) all.push(...page);
      yield all.toReversed();
    },
  })),
  versions('VER-1', 'forgets the second page of versions', (inner) => ({
    async *list(key, options) {
      for await (const page of inner.list(key, options)) {
        yield page;
        return;
      }
    },
  })),
  versions('VER-1', 'lists versions of keys that begin alike', (inner) => ({
    async *list(key, options) {
      yield* inner.list(key, options);
      for (const other of ['ab', 'a-b', 'a/b'])
        if (other.startsWith(key) && other !== key) yield* inner.list(other, options);
    },
  })),
  changed('VER-1', 'makes a version of the first put alone', (provider) => ({
    async put(key, body, options) {
      const info = await provider.put(key, body, options);
      return { ...info, version: 'v1' };
    },
  })),
  changed('VER-2', 'reads the current version whatever is asked for', (provider) => ({
    get: (key, { version: _version, ...options }) => provider.get(key, options),
  })),
  changed('VER-2', 'reads attributes of the current version', (provider) => ({
    async stat(key, options) {
      const { metadata: _metadata, ...info } = await provider.stat(key, options);
      const { metadata } = await provider.stat(key, {});
      return { ...info, ...(metadata && { metadata }) };
    },
  })),
  versions('VER-3', 'restores without a new version', (inner, provider) => ({
    async restore(key, version, options) {
      const info = await inner.restore(key, version, options);
      await provider.delete(key, { version: info.version ?? '' });
      return info;
    },
  })),
  changed('VER-3', 'deletes all versions with one', (provider, store) => ({
    async delete(key, options) {
      const result = await provider.delete(key, options);
      if (options.version !== undefined) store.versions.delete(key);
      return result;
    },
  })),
  changed('VER-3', 'deletes the versions with the object', (provider, store) => ({
    async delete(key, options) {
      if (options.version === undefined) store.versions.delete(key);
      return provider.delete(key, options);
    },
  })),

  changed('WATCH-1', 'watches in silence', () => ({ watch: async () => eventChannel().watcher })),
  changed('WATCH-1', 'tells of every key in the store', (provider) => ({
    watch: ({ signal }) => own(provider, 'watch')(signal ? { signal } : {}),
  })),
  changed('WATCH-1', 'tells no deletes', (provider) => ({
    async watch(options) {
      const inner = await own(provider, 'watch')(options);
      return {
        async *[Symbol.asyncIterator]() {
          for await (const event of inner) if (event.type !== 'delete') yield event;
        },
        close: () => inner.close(),
        [Symbol.asyncDispose]: () => inner.close(),
      };
    },
  })),
  changed('WATCH-2', 'watches on after close', (provider) => ({
    async watch(options) {
      const inner = await own(provider, 'watch')(options);
      const idle = async () => {};
      return {
        [Symbol.asyncIterator]: () => inner[Symbol.asyncIterator](),
        close: idle,
        [Symbol.asyncDispose]: idle,
      };
    },
  })),
  changed('WATCH-3', 'drops events and says nothing', (provider) => ({
    async watch(options) {
      const inner = await own(provider, 'watch')(options);
      return {
        async *[Symbol.asyncIterator]() {
          for await (const event of inner) if (event.type !== 'lost') yield event;
        },
        close: () => inner.close(),
        [Symbol.asyncDispose]: () => inner.close(),
      };
    },
  })),
  changed('CHG-1', 'tells no deletes in its feed', (provider) => ({
    async *changes(options) {
      for await (const page of own(provider, 'changes')(options))
        yield { ...page, events: page.events.filter(({ type }) => type !== 'delete') };
    },
  })),
  changed('CHG-1', 'begins its feed with everything', (_provider, store) => ({
    async *changes() {
      yield { events: store.log.slice(), cursor: String(store.log.length) };
    },
  })),
  changed('CHG-1', 'tells another write than the one that was made', (provider) => ({
    async *changes(options) {
      for await (const page of own(provider, 'changes')(options)) {
        yield {
          ...page,
          events: page.events.map((event) =>
            event.type === 'put' ? { ...event, etag: 'another' } : event,
          ),
        };
      }
    },
  })),
  changed('CHG-2', 'begins its feed again with every cursor', (_provider, store) => ({
    async *changes({ cursor }) {
      yield { events: cursor === undefined ? [] : store.log.slice(), cursor: 'again' };
    },
  })),
  changed('CHG-2', 'takes whatever comes for a cursor', (provider) => ({
    async *changes({ cursor }) {
      try {
        yield* own(provider, 'changes')(cursor === undefined ? {} : { cursor });
      } catch {
        yield { events: [], cursor: 'x' };
      }
    },
  })),
  changed('OPEN-2', 'never opens', () => ({
    open: async () => {
      throw new StorageError('unavailable', 'it never opens.');
    },
  })),
];
