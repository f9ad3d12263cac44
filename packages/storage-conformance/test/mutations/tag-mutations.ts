import type { StorageProvider, TagOperations } from '@granary/storage-core/provider';
import { relay } from '../../src/relay.ts';
import { changed, type Mutation, unguarded } from './mutation.ts';
import { own } from './own-operation.ts';

/** A provider whose own tags of objects are changed. */
function tagging(
  rule: string,
  name: string,
  change: (inner: TagOperations, provider: StorageProvider) => Partial<TagOperations>,
): Mutation {
  return changed(rule, name, (provider) => {
    const { get, set } = own(provider, 'objectTags');
    return { objectTags: { get, set, ...change({ get, set }, provider) } };
  });
}

export const tagMutations: readonly Mutation[] = [
  changed('TAG-1', 'forgets the tags of a put', (provider) => ({
    put: (key, body, { objectTags: _forgotten, ...options }) => provider.put(key, body, options),
  })),
  changed('TAG-1', 'keeps the tags of the object before', (provider) => ({
    async put(key, body, options) {
      const { get, set } = own(provider, 'objectTags');
      const before = await get(key, {}).catch(() => ({}));
      const info = await provider.put(key, body, options);
      if (options.objectTags === undefined) await set(key, before, {});
      return info;
    },
  })),
  changed('TAG-1', 'forgets the tags of an upload', (provider) => ({
    upload: (key, { objectTags: _forgotten, ...options }) => own(provider, 'upload')(key, options),
  })),
  tagging('TAG-2', 'adds tags to those that are there', ({ get, set }) => ({
    set: async (key, tags, options) => set(key, { ...(await get(key, {})), ...tags }, options),
  })),
  tagging('TAG-2', 'sets tags of what is not there', ({ set }) => ({
    set: (key, tags, options) => set(key, tags, options).catch(() => {}),
  })),
  tagging('TAG-2', 'tells that what is not there has no tags', ({ get }) => ({
    get: (key, options) => get(key, options).catch(() => ({})),
  })),
  tagging('TAG-2', 'drops metadata with every change of tags', ({ set }, provider) => ({
    async set(key, tags, options) {
      await set(key, tags, options);
      await own(provider, 'setMetadata')(key, { metadata: null }, {});
    },
  })),
  changed('TAG-3', 'copies the content without the tags', (provider) => ({
    async copy(from, to, options) {
      const info = await own(provider, 'copy')(from, to, options);
      await own(provider, 'objectTags').set(to, {}, {});
      return info;
    },
  })),
  {
    rule: 'TAG-4',
    name: 'takes whatever comes for a tag',
    wrap: (provider) => unguarded(provider),
  },
  {
    rule: 'OPEN-6',
    name: 'ignores native options that it does not know',
    wrap: (provider) => unguarded(provider),
  },
  {
    rule: 'OPEN-6',
    name: 'signs a request without what it cannot bind',
    wrap: (provider) =>
      unguarded(
        relay(provider, {
          capabilities: { ...provider.capabilities, presignOptions: [] },
          async presign(key, options) {
            const { contentType: _type, contentLength: _length, checksum: _sum, ...rest } = options;
            return own(provider, 'presign')(key, rest);
          },
        }),
      ),
  },
];
