import {
  type BatchResult,
  eventChannel,
  type ObjectInfo,
  type PresignedRequest,
  StorageError,
  type StorageProvider,
  toBody,
  type UploadOptions,
  type UploadSession,
  type VersionOperations,
} from '@granary/storage-core/provider';
import { relay } from '../../src/relay.ts';
import { changed, type Mutation, unguarded } from './mutation.ts';

type Operation<Name extends keyof StorageProvider> = NonNullable<StorageProvider[Name]>;

/** An operation of a provider that has all of them. */
function own<Name extends keyof StorageProvider>(provider: StorageProvider, name: Name): Operation<Name> {
  return provider[name] as Operation<Name>;
}

/** A provider whose upload sessions are changed. */
function session(rule: string, name: string, change: (session: UploadSession, provider: StorageProvider, options: UploadOptions) => Partial<UploadSession>): Mutation {
  return changed(rule, name, (provider) => ({
    async upload(key, options) {
      const inner = await own(provider, 'upload')(key, options);
      const outer: UploadSession = {
        key: inner.key,
        token: inner.token,
        part: inner.part,
        status: (how) => inner.status(how),
        write: (offset, bytes, how) => inner.write(offset, bytes, how),
        complete: (how) => inner.complete(how),
        abort: (how) => inner.abort(how),
      };
      return { ...outer, ...change(inner, provider, options) };
    },
  }));
}

function versions(rule: string, name: string, change: (versions: VersionOperations, provider: StorageProvider) => Partial<VersionOperations>): Mutation {
  return changed(rule, name, (provider) => {
    const inner = own(provider, 'versions');
    return { versions: { ...inner, ...change(inner, provider) } };
  });
}

function presigning(rule: string, name: string, change: (request: PresignedRequest, provider: StorageProvider, key: string) => PresignedRequest | Promise<PresignedRequest>, drop: readonly string[] = []): Mutation {
  return changed(rule, name, (provider) => ({
    async presign(key, options) {
      const asked = Object.fromEntries(Object.entries(options).filter(([field]) => !drop.includes(field)));
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
    wrap: (provider) => unguarded(relay(provider, { capabilities: { ...provider.capabilities, copy: false } })),
  },
  changed('OPEN-3', 'takes back what it declared', () => ({ open: async () => ({ rangeReads: false }) })),
  changed('OPEN-3', 'shrinks a limit when it opens', () => ({ open: async () => ({ maxObjectBytes: 10 }) })),
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
    deleteMany: async (keys, options) => (await own(provider, 'deleteMany')(keys, options)).toReversed(),
    statMany: async (keys, options) => (await own(provider, 'statMany')(keys, options)).toReversed(),
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
    putMany: async (entries, options) => (await own(provider, 'putMany')(entries.toReversed(), options)).toReversed(),
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

  session('UP-1', 'shows the object before it is complete', (inner, provider) => ({
    async write(offset, bytes, how) {
      await inner.write(offset, bytes, how);
      await provider.put(inner.key, toBody(bytes), {});
    },
  })),
  session('UP-1', 'forgets the attributes of the start', (inner, provider) => ({
    async complete(how) {
      const info = await inner.complete(how);
      return (await provider.setMetadata?.(info.key, { metadata: null, tags: null }, {})) ?? info;
    },
  })),
  session('UP-1', "keeps the caller's buffer of a part", (inner) => {
    const parts: [number, Uint8Array][] = [];
    return {
      async write(offset, bytes, how) {
        parts.push([offset, bytes]);
        await inner.write(offset, bytes, how);
      },
      async complete(how) {
        for (const [offset, bytes] of parts) await inner.write(offset, bytes);
        return inner.complete(how);
      },
    };
  }),
  session('UP-2', 'keeps the first of two parts', (inner) => {
    const seen = new Set<number>();
    return {
      async write(offset, bytes, how) {
        if (!seen.has(offset)) await inner.write(offset, offset === 0 ? bytes.map((byte) => byte ^ 1) : bytes, how);
        seen.add(offset);
      },
    };
  }),
  session('UP-2', 'does not tell what it holds', () => ({ status: async () => ({ held: [] }) })),
  session('UP-3', 'fills missing parts with zeros', (inner, provider, { totalBytes = 0 }) => ({
    async complete(how) {
      try {
        return await inner.complete(how);
      } catch (error) {
        if ((error as StorageError).code !== 'invalid-argument') throw error;
        return provider.put(inner.key, toBody(new Uint8Array(totalBytes)), {});
      }
    },
  })),
  session('UP-3', 'ignores conditions of complete', (inner) => ({ complete: () => inner.complete({}) })),
  session('UP-3', 'ends the session when complete fails', (inner) => ({
    async complete(how) {
      try {
        return await inner.complete(how);
      } catch (error) {
        await inner.abort();
        throw error;
      }
    },
  })),
  session('UP-4', 'takes a part past the total', (inner, _provider, { totalBytes = 0 }) => ({
    async write(offset, bytes, how) {
      await inner.write(offset, bytes.subarray(0, Math.max(totalBytes - offset, 1)), how);
    },
  })),
  session('UP-4', 'tells rules that nobody can keep', (inner) => ({ part: { ...inner.part, minBytes: 100, maxBytes: 10 } })),
  changed('UP-5', 'begins anew with every token', (provider) => ({
    upload: (key, { token: _token, ...options }) => own(provider, 'upload')(key, { totalBytes: 2055, ...options }),
  })),
  changed('UP-5', 'opens any token for any key', (provider) => ({
    async upload(key, options) {
      try {
        return await own(provider, 'upload')(key, options);
      } catch {
        return own(provider, 'upload')(key, {});
      }
    },
  })),
  session('UP-6', 'keeps the session that is aborted', () => ({ abort: async () => {} })),
  changed('UP-6', 'forgets what is pending', () => ({
    async *uploads() {
      yield* [];
    },
  })),
  changed('UP-6', 'ignores the prefix of pending uploads', (provider) => ({
    uploads: () => own(provider, 'uploads')({}),
  })),
  session('UP-7', 'keeps the first of two uploads', (inner, provider) => ({
    async complete(how) {
      const before = await provider.stat(inner.key, {}).catch(() => undefined);
      return before ?? inner.complete(how);
    },
  })),

  presigning('PRE-1', 'signs for a year', (request) => request, ['expiresInMs']),
  presigning('PRE-1', 'returns another object', async (request, provider) => own(provider, 'presign')('other', { method: request.method })),
  presigning('PRE-1', 'forgets the disposition that was asked for', same, ['responseDisposition']),
  presigning('PRE-1', 'says that it expires later than it does', (request) => ({ ...request, expiresAt: new Date(Date.now() + 1e9) })),
  presigning('PRE-2', 'binds no content type', same, ['contentType']),
  presigning('PRE-2', 'binds no length', same, ['contentLength']),
  presigning('PRE-2', 'binds no checksum', same, ['checksum']),
  presigning('PRE-2', 'replaces where it should create', same, ['ifNoneMatch']),
  presigning('PRE-3', 'asks the service to sign', async (request, provider) => {
    await provider.stat('a', {}).catch(() => {});
    return request;
  }),
  changed('PRE-4', 'leaves public URLs unescaped', () => ({ publicUrl: (key) => `http://127.0.0.1/public/${key}` })),

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
      for (const other of ['ab', 'a-b', 'a/b']) if (other.startsWith(key) && other !== key) yield* inner.list(other, options);
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
  changed('WATCH-1', 'tells of every key in the store', (provider) => ({ watch: ({ signal }) => own(provider, 'watch')(signal ? { signal } : {}) })),
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
      return { [Symbol.asyncIterator]: () => inner[Symbol.asyncIterator](), close: idle, [Symbol.asyncDispose]: idle };
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
      for await (const page of own(provider, 'changes')(options)) yield { ...page, events: page.events.filter(({ type }) => type !== 'delete') };
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
        yield { ...page, events: page.events.map((event) => (event.type === 'put' ? { ...event, etag: 'another' } : event)) };
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
