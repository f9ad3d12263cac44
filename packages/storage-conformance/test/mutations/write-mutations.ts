import {
  type PutOptions,
  StorageError,
  type StorageProvider,
  sha256,
  storedObject,
  toBody,
} from '@granary/storage-core/provider';
import { settle } from '../../src/content.ts';
import { relay } from '../../src/relay.ts';
import type { MapStore } from '../providers/map-store.ts';
import { changed, declaring, type Mutation, unguarded } from './mutation.ts';

/** A provider that writes with other options. */
function writing(
  rule: string,
  name: string,
  change: (options: PutOptions) => PutOptions,
): Mutation {
  return changed(rule, name, (provider) => ({
    put: (key, body, options) => provider.put(key, body, change(options)),
  }));
}

/** Puts bytes that are there already, with the options of the put but for its signal. */
function putBytes(
  provider: StorageProvider,
  key: string,
  bytes: Uint8Array,
  { signal: _signal, ...options }: PutOptions,
) {
  return provider.put(key, toBody(bytes), options);
}

/** Everything that a stream gives until it ends or fails. */
async function whatComes(
  stream: ReadableStream<Uint8Array>,
): Promise<{ bytes: Uint8Array; error?: unknown }> {
  const chunks: Uint8Array[] = [];
  let error: unknown;
  try {
    for await (const chunk of stream) chunks.push(chunk.slice());
  } catch (thrown) {
    error = thrown;
  }
  const bytes = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
  return error === undefined ? { bytes } : { bytes, error };
}

function setBytes(store: MapStore, key: string, bytes: Uint8Array): void {
  const kept = store.objects.get(key);
  if (kept !== undefined) store.objects.set(key, { ...kept, bytes });
}

export const writeMutations: readonly Mutation[] = [
  changed('PUT-1', 'shows a write a little later', (provider) => ({
    async put(key, body, options) {
      const bytes = await body.bytes();
      const before = await provider.stat(key, {}).catch(() => undefined);
      setTimeout(() => void putBytes(provider, key, bytes.slice(), options).catch(() => {}), 20);
      return before ?? { key, size: bytes.byteLength, etag: 'later', modifiedAt: new Date() };
    },
  })),
  changed('PUT-2', 'keeps what came before the source failed', (provider) => ({
    async put(key, body, options) {
      const { bytes, error } = await whatComes(body.stream());
      const info = await putBytes(provider, key, bytes, options);
      if (error !== undefined) throw error;
      return info;
    },
  })),
  changed('PUT-2', 'deletes the object when its replacement fails', (provider) => ({
    async put(key, body, options) {
      try {
        return await provider.put(key, body, options);
      } catch (error) {
        await provider.delete(key, {});
        throw error;
      }
    },
  })),
  changed('CONC-2', 'writes in two steps that readers can see', (provider, store) => ({
    async put(key, body, options) {
      const bytes = (await body.bytes()).slice();
      const half = bytes.slice();
      half.fill(0x99, bytes.byteLength / 2);
      const info = await putBytes(provider, key, half, options);
      await settle(1);
      setBytes(store, key, bytes);
      return info;
    },
  })),
  changed('PUT-2', 'empties the object before it writes', (provider, store) => ({
    async put(key, body, options) {
      setBytes(store, key, new Uint8Array());
      return provider.put(key, body, options);
    },
  })),
  changed('PUT-2', 'loses the old object when the last step fails', (provider, store) => ({
    async put(key, body, options) {
      if (store.fault === 'last-step-of-write') store.objects.delete(key);
      return provider.put(key, body, options);
    },
  })),
  changed('PUT-3', 'keeps attributes of the object that it replaces', (provider) => ({
    async put(key, body, options) {
      const before = await provider.stat(key, {}).catch(() => undefined);
      return provider.put(key, body, {
        ...(before?.metadata && { metadata: before.metadata }),
        ...options,
      });
    },
  })),
  changed('PUT-3', 'leaves the tail of a longer object', (provider, store) => ({
    async put(key, body, options) {
      const bytes = await body.bytes();
      const old = store.objects.get(key)?.bytes;
      const longer =
        old !== undefined && old.byteLength > bytes.byteLength ? old.slice() : bytes.slice();
      longer.set(bytes);
      return putBytes(provider, key, longer, options);
    },
  })),
  changed('PUT-4', 'dates a write by another clock', (provider) => ({
    async put(key, body, options) {
      const info = await provider.put(key, body, options);
      return { ...info, modifiedAt: new Date(info.modifiedAt.getTime() + 5000) };
    },
  })),
  changed('PUT-4', 'tells no metadata in put', (provider) => ({
    async put(key, body, options) {
      const { metadata: _untold, ...info } = await provider.put(key, body, options);
      return info;
    },
  })),
  changed('PUT-5', 'keeps a thousand chunks and drops the rest', (provider) => ({
    async put(key, body, options) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of body.stream()) if (chunks.length < 1000) chunks.push(chunk.slice());
      return putBytes(
        provider,
        key,
        new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer()),
        options,
      );
    },
  })),
  changed('PUT-5', 'stores the whole buffer of a view', (provider) => ({
    put: (key, body, options) =>
      provider.put(
        key,
        body.buffered === undefined
          ? body
          : toBody(new Uint8Array(body.buffered.buffer as ArrayBuffer)),
        options,
      ),
  })),
  changed('PUT-6', "keeps the caller's buffer", (provider, store) => ({
    async put(key, body, options) {
      const info = await provider.put(key, body, options);
      if (body.buffered !== undefined) setBytes(store, key, body.buffered);
      return info;
    },
  })),
  changed('PUT-7', 'writes what came of a body that is too short', (provider) => ({
    async put(key, body, options) {
      const { bytes } = await whatComes(body.stream());
      return putBytes(provider, key, bytes, options);
    },
  })),
  changed('PUT-7', 'counts sizes in 32 bits', (provider) => ({
    capabilities: { ...provider.capabilities, maxObjectBytes: undefined as unknown as number },
    async put(key, body, options) {
      if ((body.size ?? 0) < 2 ** 32) return provider.put(key, body, options);
      const { bytes } = await whatComes(body.stream());
      return putBytes(provider, key, bytes, options);
    },
  })),
  changed('PUT-8', 'swallows the error of the source', (provider) => ({
    async put(key, body, options) {
      const { bytes, error } = await whatComes(body.stream());
      if (error !== undefined) throw new StorageError('unavailable', 'the source broke.');
      return putBytes(provider, key, bytes, options);
    },
  })),
  {
    rule: 'PUT-8',
    name: 'forgets the source of a write that is refused',
    wrap: (provider, store) =>
      unguarded(
        relay(provider, {
          async put(key, body, options) {
            if (options.ifNoneMatch !== undefined && store.objects.has(key)) {
              throw new StorageError('precondition-failed', 'there is an object.');
            }
            return provider.put(key, body, options);
          },
        }),
      ),
  },
  changed('PUT-10', 'keeps the checksum of another reading', (provider) => ({
    async put(key, body, options) {
      if (options.checksum === undefined || !body.varies) return provider.put(key, body, options);
      const before = await sha256(await body.bytes());
      const info = await provider.put(key, body, options);
      return { ...info, checksums: { sha256: before } };
    },
  })),
  writing('PUT-10', 'over-claims checksums', ({ checksum: _checksum, ...options }) => options),
  {
    rule: 'PUT-11',
    name: 'reads a body that is too large',
    wrap: (provider) =>
      unguarded(relay(provider, { capabilities: { ...provider.capabilities, maxPutBytes: 5000 } })),
  },
  changed('PUT-12', 'writes half of what does not fit', (provider, store) => ({
    async put(key, body, options) {
      try {
        return await provider.put(key, body, options);
      } catch (error) {
        if ((error as StorageError).code === 'quota-exceeded') await provider.delete(key, {});
        store.requests += 1;
        throw error;
      }
    },
  })),
  changed('PUT-13', 'takes no more of what is in memory', (provider) => ({
    capabilities: { ...provider.capabilities, maxPutBytes: 1000, maxBufferedPutBytes: 2000 },
    async put(key, body, options) {
      if ((body.size ?? 0) <= 1000) return provider.put(key, body, options);
      throw new StorageError('too-large', 'it is more than a put takes.');
    },
  })),
  writing('COND-1', 'ignores ifNoneMatch', ({ ifNoneMatch: _none, ...options }) => options),
  writing('COND-3', 'ignores ifMatch', ({ ifMatch: _match, ...options }) => options),
  writing('COND-3', 'takes quotes off an etag', ({ ifMatch, ...options }) => ({
    ...options,
    ...(ifMatch !== undefined && { ifMatch: ifMatch.replace(/^"|"$/g, '') }),
  })),
  changed('COND-3', 'writes a missing object in spite of ifMatch', (provider, store) => ({
    put: (key, body, { ifMatch, ...options }) =>
      provider.put(
        key,
        body,
        ifMatch !== undefined && store.objects.has(key) ? { ...options, ifMatch } : options,
      ),
  })),
  changed('COND-2', 'looks first and creates then', (provider, store) => ({
    async put(key, body, { ifNoneMatch, ...options }) {
      if (ifNoneMatch === undefined) return provider.put(key, body, options);
      if (store.objects.has(key))
        throw new StorageError('precondition-failed', 'there is an object.');
      await settle(1);
      return provider.put(key, body, options);
    },
  })),
  changed('COND-4', 'looks first and replaces then', (provider, store) => ({
    async put(key, body, { ifMatch, ...options }) {
      if (ifMatch === undefined) return provider.put(key, body, options);
      if (store.objects.get(key)?.info.etag !== ifMatch)
        throw new StorageError('precondition-failed', 'another write.');
      await settle(1);
      return provider.put(key, body, options);
    },
  })),
  changed('COND-7', 'ignores ifMatch of a delete', (provider) => ({
    delete: (key, { ifMatch: _match, ...options }) => provider.delete(key, options),
  })),
  changed('COND-8', 'ignores ifNoneMatch of a copy', (provider) => ({
    copy: async (from, to, { ifNoneMatch: _none, ...options }) =>
      provider.copy?.(from, to, options) as ReturnType<NonNullable<StorageProvider['copy']>>,
  })),
  changed('COND-8', 'ignores the etag of the source of a copy', (provider) => ({
    copy: async (from, to, { sourceIfMatch: _match, ...options }) =>
      provider.copy?.(from, to, options) as ReturnType<NonNullable<StorageProvider['copy']>>,
  })),
  writing('COND-10', 'loses the write id', ({ writeId: _id, ...options }) => options),
  changed('ETAG-2', 'makes an etag of size and minute', (provider, store) => ({
    async put(key, body, options) {
      const info = await provider.put(key, body, options);
      const etag = `${info.size}-${Math.floor(info.modifiedAt.getTime() / 60_000)}`;
      const kept = store.objects.get(key);
      if (kept !== undefined) store.objects.set(key, { ...kept, info: { ...kept.info, etag } });
      return { ...info, etag };
    },
  })),
  changed('COND-5', 'makes an etag of the content alone', (provider, store) => ({
    async put(key, body, options) {
      const info = await provider.put(key, body, options);
      const kept = store.objects.get(key);
      const etag = `c${kept?.bytes.reduce((sum, byte) => (sum * 31 + byte) % 1_000_003, 7)}`;
      if (kept !== undefined) store.objects.set(key, { ...kept, info: { ...kept.info, etag } });
      return { ...info, etag };
    },
  })),
  changed('ETAG-3', 'keeps the etag when attributes change', (provider, store) => ({
    async setMetadata(key, patch, options) {
      const etag = store.objects.get(key)?.info.etag ?? '';
      const info = await provider.setMetadata?.(key, patch, options);
      const kept = store.objects.get(key);
      if (kept !== undefined) store.objects.set(key, { ...kept, info: { ...kept.info, etag } });
      return { ...(info as NonNullable<typeof info>), etag };
    },
  })),
  declaring('ETAG-3', 'says that its etags leave attributes out', { etagCovers: 'write' }),
  changed('ETAG-4', 'sets modifiedAt back', (provider, store) => ({
    async put(key, body, options) {
      const info = await provider.put(key, body, options);
      return { ...info, modifiedAt: new Date(info.modifiedAt.getTime() - store.writes * 1000) };
    },
  })),
  changed('ABORT-2', 'writes what came before an abort', (provider, store) => ({
    async put(key, body, { signal, ...options }) {
      const reader = body.stream().getReader();
      signal?.addEventListener('abort', () => void reader.cancel().catch(() => {}));
      const chunks: Uint8Array[] = [];
      for (let next = await reader.read(); !next.done; next = await reader.read())
        chunks.push(next.value.slice());
      const bytes = new Uint8Array(await new Blob(chunks as BlobPart[]).arrayBuffer());
      const info = await putBytes(provider, key, bytes, options);
      store.requests += 1;
      signal?.throwIfAborted();
      return info;
    },
  })),
  changed('ABORT-2', 'ignores the signal', (provider) => ({
    put: (key, body, { signal: _signal, ...options }) => provider.put(key, body, options),
  })),
  changed('ABORT-4', 'leaves its listeners on the signal', (provider) => ({
    stat(key, options) {
      options.signal?.addEventListener('abort', () => {});
      return provider.stat(key, options);
    },
  })),
  {
    rule: 'ABORT-3',
    name: 'reads on after an abort',
    wrap: (provider) =>
      unguarded(
        relay(provider, {
          get: (key, { signal: _signal, ...options }) => provider.get(key, options),
        }),
      ),
  },
  changed('CONC-1', 'mixes two writers', (provider, store) => ({
    async put(key, body, options) {
      const info = await provider.put(key, body, options);
      await settle(1);
      const kept = store.objects.get(key);
      if (kept !== undefined && kept.info.etag !== info.etag)
        setBytes(
          store,
          key,
          kept.bytes.map((byte, index) => (index % 2 === 0 ? byte : 1)),
        );
      return info;
    },
  })),
  changed('CONC-3', 'loses a write when many come at once', (provider, store) => {
    let running = 0;
    return {
      async put(key, body, options) {
        running += 1;
        const many = running > 300;
        try {
          await settle(1);
          const info = await provider.put(key, body, options);
          if (many && running > 300) store.objects.delete(key);
          return info;
        } finally {
          running -= 1;
        }
      },
    };
  }),
  changed('CONC-4', 'reads what it wrote itself from a cache', (provider, store) => {
    const cache = new Map<string, Uint8Array>();
    return {
      async get(key, options) {
        const object = await provider.get(key, options);
        const bytes = cache.get(key);
        return bytes === undefined || options.range !== undefined
          ? object
          : storedObject(
              { ...object.info, size: bytes.byteLength },
              { bytes: () => bytes.slice() },
            );
      },
      async put(key, body, options) {
        const info = await provider.put(key, body, options);
        cache.set(key, store.objects.get(key)?.bytes ?? new Uint8Array());
        return info;
      },
      async delete(key, options) {
        cache.delete(key);
        return provider.delete(key, options);
      },
    };
  }),
  changed('ERR-3', 'says of a lost answer that nothing happened', (provider) => ({
    capabilities: { ...provider.capabilities, writeIds: false },
    async put(key, body, options) {
      try {
        return await provider.put(key, body, options);
      } catch (error) {
        throw (error as StorageError).outcome === 'unknown'
          ? new StorageError('unavailable', 'no answer.', { outcome: 'not-applied' })
          : error;
      }
    },
  })),
];
