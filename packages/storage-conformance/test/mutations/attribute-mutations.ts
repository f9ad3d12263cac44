import {
  type AttributesPatch,
  type CopyOptions,
  type ObjectInfo,
  type PutOptions,
  patchAttributes,
  StorageError,
  type StorageProvider,
  toBody,
} from '@granary/storage-core/provider';
import { settle } from '../../src/content.ts';
import { relay } from '../../src/relay.ts';
import type { MapStore } from '../providers/map-store.ts';
import { changed, type Mutation, unguarded } from './mutation.ts';

function writing(
  rule: string,
  name: string,
  change: (options: PutOptions) => PutOptions,
): Mutation {
  return changed(rule, name, (provider) => ({
    put: (key, body, options) => provider.put(key, body, change(options)),
  }));
}

function without<Options extends object>(options: Options, ...names: string[]): Options {
  return Object.fromEntries(
    Object.entries(options).filter(([name]) => !names.includes(name)),
  ) as Options;
}

async function copy(
  provider: StorageProvider,
  from: string,
  to: string,
  options: CopyOptions,
): Promise<ObjectInfo> {
  return provider.copy?.(from, to, options) as Promise<ObjectInfo>;
}

async function set(
  provider: StorageProvider,
  key: string,
  patch: AttributesPatch,
  options = {},
): Promise<ObjectInfo> {
  return provider.setMetadata?.(key, patch, options) as Promise<ObjectInfo>;
}

function setInfo(store: MapStore, key: string, change: (info: ObjectInfo) => ObjectInfo): void {
  const kept = store.objects.get(key);
  if (kept !== undefined) store.objects.set(key, { ...kept, info: change(kept.info) });
}

const graves = new WeakMap<MapStore, Map<string, ObjectInfo>>();

export const attributeMutations: readonly Mutation[] = [
  writing('META-1', 'loses metadata', (options) => without(options, 'metadata')),
  writing('META-1', 'loses tags', (options) => without(options, 'tags')),
  writing('META-1', 'loses the expiry', (options) => without(options, 'expiresAt')),
  writing('META-1', 'sorts tags', (options) =>
    options.tags === undefined ? options : { ...options, tags: options.tags.toSorted() },
  ),
  writing('META-1', 'keeps ten tags', (options) =>
    options.tags === undefined ? options : { ...options, tags: options.tags.slice(0, 10) },
  ),
  writing('META-1', 'keeps an expiry to the second', (options) =>
    options.expiresAt === undefined
      ? options
      : { ...options, expiresAt: new Date(Math.floor(options.expiresAt.getTime() / 1000) * 1000) },
  ),
  writing('META-2', 'keeps metadata as text', (options) =>
    options.metadata === undefined
      ? options
      : {
          ...options,
          metadata: Object.fromEntries(
            Object.entries(options.metadata).map(([name, value]) => [name, String(value)]),
          ),
        },
  ),
  writing('META-2', 'folds the case of metadata names', (options) =>
    options.metadata === undefined
      ? options
      : {
          ...options,
          metadata: Object.fromEntries(
            Object.entries(options.metadata).map(([name, value]) => [name.toLowerCase(), value]),
          ),
        },
  ),
  writing('META-2', 'loses __proto__ among metadata names', (options) => {
    if (options.metadata === undefined) return options;
    const metadata: Record<string, (typeof options.metadata)[string]> = {};
    for (const [name, value] of Object.entries(options.metadata)) metadata[name] = value;
    return { ...options, metadata };
  }),
  writing('META-2', 'keeps ASCII alone', (options) =>
    options.metadata === undefined
      ? options
      : {
          ...options,
          metadata: JSON.parse(JSON.stringify(options.metadata).replace(/[\u0080-\uffff]/g, '?')),
        },
  ),
  changed('META-2', 'tells an empty map', (provider) => ({
    stat: async (key, options) => ({ metadata: {}, ...(await provider.stat(key, options)) }),
  })),
  writing('META-4', 'cuts metadata that is too large', (options) =>
    JSON.stringify(options.metadata ?? {}).length > 60_000 ? without(options, 'metadata') : options,
  ),
  changed('META-5', 'drops what a patch does not name', (provider) => ({
    setMetadata: (key, patch, options) =>
      set(
        provider,
        key,
        { tags: null, metadata: null, expiresAt: null, contentType: null, ...patch },
        options,
      ),
  })),
  changed('META-5', 'merges metadata with what was there', (provider) => ({
    async setMetadata(key, patch, options) {
      const { metadata } = await provider.stat(key, {});
      return set(
        provider,
        key,
        patch.metadata ? { ...patch, metadata: { ...metadata, ...patch.metadata } } : patch,
        options,
      );
    },
  })),
  changed('META-5', 'makes an object where there is none', (provider, store) => ({
    async setMetadata(key, patch, options) {
      if (!store.objects.has(key)) await provider.put(key, toBody(''), {});
      return set(provider, key, patch, options);
    },
  })),
  changed('META-6', 'ignores ifMatch of setMetadata', (provider) => ({
    setMetadata: (key, patch) => set(provider, key, patch),
  })),
  {
    rule: 'META-7',
    name: 'drops attributes that it does not declare',
    wrap: (provider) =>
      unguarded(
        relay(provider, {
          capabilities: { ...provider.capabilities, attributes: 'none' },
          put: (key, body, options) =>
            provider.put(
              key,
              body,
              without(options, 'metadata', 'tags', 'expiresAt', 'cacheControl'),
            ),
        }),
      ),
  },
  changed('META-8', 'takes the content type from the name', (provider, store) => ({
    async put(key, body, options) {
      const info = await provider.put(key, body, options);
      if (key.endsWith('.png'))
        setInfo(store, key, (old) => ({ ...old, contentType: 'image/png' }));
      return info;
    },
  })),
  changed('CONC-1', 'writes attributes after the content', (provider, store) => ({
    async put(key, body, options) {
      const info = await provider.put(key, body, without(options, 'metadata', 'tags'));
      await settle(1 + (Number(info.etag.slice(1)) % 3));
      const { metadata, tags } = options;
      setInfo(store, key, (old) => ({
        ...old,
        ...(metadata && { metadata }),
        ...(tags && { tags }),
      }));
      return { ...info, ...(metadata && { metadata }), ...(tags && { tags }) };
    },
  })),

  changed('DEL-1', 'fails to delete what is not there', (provider, store) => ({
    async delete(key, options) {
      if (!store.objects.has(key)) throw new StorageError('not-found', 'there is no such object.');
      return provider.delete(key, options);
    },
  })),
  changed('DEL-1', 'says that everything existed', (provider) => ({
    delete: async (key, options) => ({ ...(await provider.delete(key, options)), existed: true }),
  })),
  changed('DEL-2', 'keeps attributes of a deleted object', (provider, store) => ({
    async delete(key, options) {
      const kept = graves.get(store) ?? new Map<string, ObjectInfo>();
      graves.set(store, kept);
      const old = store.objects.get(key);
      if (old !== undefined) kept.set(key, old.info);
      return provider.delete(key, options);
    },
    put(key, body, options) {
      const metadata = graves.get(store)?.get(key)?.metadata;
      return provider.put(key, body, { ...(metadata && { metadata }), ...options });
    },
  })),
  changed('DEL-2', 'hides a deleted object from stat alone', (provider) => {
    const gone = new Set<string>();
    return {
      async stat(key, options) {
        if (gone.has(key)) throw new StorageError('not-found', 'there is no such object.');
        return provider.stat(key, options);
      },
      async delete(key) {
        gone.add(key);
        return {};
      },
    };
  }),
  changed('DEL-3', 'deletes what begins alike', (provider, store) => ({
    async delete(key, options) {
      for (const other of [...store.objects.keys()])
        if (other !== key && other.startsWith(key)) store.objects.delete(other);
      return provider.delete(key, options);
    },
  })),
  changed('DEL-3', 'deletes a folder with its object', (provider, store) => ({
    async delete(key, options) {
      for (const other of [...store.objects.keys()])
        if (other.startsWith(`${key}/`)) store.objects.delete(other);
      return provider.delete(key, options);
    },
  })),

  changed('COPY-1', 'loses attributes in a copy', (provider) => ({
    copy: (from, to, options) =>
      copy(provider, from, to, { ...options, attributes: { metadata: null, tags: null } }),
  })),
  changed('COPY-1', 'keeps attributes of the target of a copy', (provider, store) => ({
    async copy(from, to, options) {
      const old = store.objects.get(to)?.info;
      const info = await copy(provider, from, to, options);
      if (old?.metadata) setInfo(store, to, (now) => ({ ...now, metadata: old.metadata ?? {} }));
      return info;
    },
  })),
  changed('COPY-1', 'ignores attributes that a copy names', (provider) => ({
    copy: (from, to, { attributes: _attributes, ...options }) => copy(provider, from, to, options),
  })),
  changed('COPY-1', 'takes keys of a copy out of a URL', (provider) => ({
    copy: (from, to, options) => copy(provider, from.replaceAll('+', ' '), to, options),
  })),
  changed('COPY-2', 'makes an empty copy of nothing', (provider, store) => ({
    async copy(from, to, options) {
      if (!store.objects.has(from)) {
        return provider.put(to, toBody(''), {});
      }
      return copy(provider, from, to, options);
    },
  })),
  changed('COPY-3', 'empties an object that is copied onto itself', (provider, store) => ({
    async copy(from, to, options) {
      if (from === to) {
        const kept = store.objects.get(from);
        if (kept !== undefined)
          store.objects.set(from, {
            ...kept,
            bytes: new Uint8Array(),
            info: { ...kept.info, size: 0 },
          });
      }
      return copy(provider, from, to, options);
    },
  })),
  changed('COPY-3', 'copies a link', (provider, store) => {
    const links = new Map<string, string>();
    return {
      async copy(from, to, options) {
        const info = await copy(provider, from, to, options);
        if (from !== to) links.set(to, from);
        return info;
      },
      get: (key, options) => provider.get(links.get(key) ?? key, options),
      put(key, body, options) {
        store.requests += 1;
        return provider.put(key, body, options);
      },
    };
  }),
  changed('COPY-3', 'shares attributes between copies', (provider, store) => {
    const twins = new Map<string, string>();
    return {
      async copy(from, to, options) {
        const info = await copy(provider, from, to, options);
        twins.set(to, from);
        return info;
      },
      async setMetadata(key, patch, options) {
        const info = await set(provider, key, patch, options);
        const twin = twins.get(key);
        if (twin !== undefined)
          setInfo(store, twin, (old) => ({ ...old, ...patchAttributes(old, patch) }));
        return info;
      },
    };
  }),
  changed('MOVE-1', 'leaves the source of a move', (provider) => ({
    move: (from, to, options) => copy(provider, from, to, options),
  })),
  changed('MOVE-1', 'loses attributes in a move', (provider) => ({
    move: async (from, to, options) =>
      provider.move?.(from, to, {
        ...options,
        attributes: { metadata: null },
      }) as Promise<ObjectInfo>,
  })),
  changed('MOVE-2', 'loses an object that is moved onto itself', (provider, store) => ({
    async move(from, to, options) {
      const info = (await provider.move?.(from, to, options)) as ObjectInfo;
      store.objects.delete(from);
      return info;
    },
  })),
  changed('MOVE-2', 'deletes the target before it looks for the source', (provider, store) => ({
    async move(from, to, options) {
      if (from !== to) store.objects.delete(to);
      return provider.move?.(from, to, options) as Promise<ObjectInfo>;
    },
  })),
];
