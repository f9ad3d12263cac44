import {
  type GetOptions,
  type ObjectInfo,
  StorageError,
  type StorageProvider,
  storedObject,
} from '@granary/storage-core/provider';
import { relay } from '../../src/relay.ts';
import { changed, type Mutation, unguarded } from './mutation.ts';

/** A provider whose whole reads hand out other bytes. */
function reading(
  rule: string,
  name: string,
  change: (bytes: Uint8Array, info: ObjectInfo) => Uint8Array,
): Mutation {
  return changed(rule, name, (provider) => ({
    async get(key, options) {
      const object = await provider.get(key, options);
      const bytes = await object.bytes();
      return storedObject(
        object.info,
        { bytes: () => change(bytes, object.info) },
        object.range ? { range: object.range } : {},
      );
    },
  }));
}

/** A provider that asks the one below for another range. */
function ranging(
  rule: string,
  name: string,
  change: (
    options: GetOptions,
    provider: StorageProvider,
    key: string,
  ) => GetOptions | Promise<GetOptions>,
): Mutation {
  return changed(rule, name, (provider) => ({
    get: async (key, options) =>
      provider.get(
        key,
        options.range === undefined ? options : await change(options, provider, key),
      ),
  }));
}

const shared = new Map<string, Uint8Array>();
const pool = new Uint8Array(20_000).fill(0x77);

export const readMutations: readonly Mutation[] = [
  reading('GET-1', 'turns text that looks like a number into one', (bytes) => {
    const text = new TextDecoder().decode(bytes);
    return /^0\d+$/.test(text) ? new TextEncoder().encode(text.replace(/^0/, '')) : bytes;
  }),
  reading('GET-4', 'hands out the buffer of the store', (bytes, { key, etag }) => {
    const kept = shared.get(key + etag) ?? bytes;
    shared.set(key + etag, kept);
    return kept;
  }),
  reading('GET-4', 'hands out a part of a pool', (bytes) => {
    pool.set(bytes, 100);
    return pool.subarray(100, 100 + bytes.byteLength);
  }),
  changed('GET-2', 'finds an empty object where there is none', (provider) => ({
    async stat(key, options) {
      try {
        return await provider.stat(key, options);
      } catch {
        return { key, size: 0, etag: 'none', modifiedAt: new Date(0) };
      }
    },
  })),
  changed('GET-5', 'holds a body that is cancelled', (provider) => ({
    async get(key, options) {
      const object = await provider.get(key, options);
      return storedObject(object.info, {
        bytes: () => object.bytes(),
        stream: () => object.stream(),
        cancel: () => {},
      });
    },
  })),
  changed('GET-9', 'holds a body that nobody reads for ever', (provider, store) => ({
    async get(key, options) {
      const { info } = await provider.get(key, options);
      store.held += 1;
      return storedObject(info, { bytes: () => new Uint8Array(info.size) }, { idleBodyMs: 0 });
    },
  })),
  changed('OPEN-9', 'has a new id every time', () => ({
    get storeId() {
      return crypto.randomUUID();
    },
  })),
  changed('OPEN-9', 'has one id for all stores', () => ({ storeId: 'the-store' })),
  changed('GET-6', 'goes on with another write in the middle of a body', (provider) => ({
    async get(key, options) {
      const object = await provider.get(key, options);
      if (options.range !== undefined || object.info.size < 1000) return object;
      const half = Math.floor(object.info.size / 2);
      let part = 0;
      return storedObject(object.info, {
        stream: () =>
          new ReadableStream<Uint8Array>(
            {
              async pull(controller) {
                const range = part === 0 ? { offset: 0, length: half } : { offset: half };
                part += 1;
                if (part > 2) controller.close();
                else controller.enqueue(await (await provider.get(key, { range })).bytes());
              },
            },
            { highWaterMark: 0 },
          ),
      });
    },
  })),
  changed('GET-7', 'tells a size in characters', (provider) => ({
    async stat(key, options) {
      const info = await provider.stat(key, options);
      return { ...info, size: Math.min(info.size, 65_535) };
    },
  })),
  changed('GET-8', 'unpacks gzip by the name', (provider) => ({
    async get(key, options) {
      const object = await provider.get(key, options);
      if (!key.endsWith('.gz')) return object;
      const plain = object
        .stream()
        .pipeThrough(new DecompressionStream('gzip') as TransformStream<Uint8Array, Uint8Array>);
      const bytes = new Uint8Array(await new Response(plain).arrayBuffer());
      return storedObject({ ...object.info, size: bytes.byteLength }, { bytes: () => bytes });
    },
  })),
  changed('STAT-1', 'leaves fields out of stat', (provider) => ({
    async stat(key, options) {
      const { version: _version, ...info } = await provider.stat(key, options);
      return info;
    },
  })),
  changed('STAT-2', 'touches what is read', (provider) => ({
    async get(key, options) {
      const object = await provider.get(key, options);
      await provider.setMetadata?.(key, {}, {});
      return object;
    },
  })),
  ranging('RANGE-1', 'reads a byte too few', ({ range, ...rest }) =>
    range !== undefined && 'offset' in range && (range.length ?? 0) > 1
      ? { ...rest, range: { offset: range.offset, length: (range.length ?? 0) - 1 } }
      : { ...rest, ...(range && { range }) },
  ),
  ranging('RANGE-1', 'reads a suffix from the start', ({ range, ...rest }) =>
    range !== undefined && 'suffix' in range
      ? { ...rest, range: { offset: 0, length: range.suffix } }
      : { ...rest, ...(range && { range }) },
  ),
  changed('RANGE-1', 'over-claims ranges and returns the whole object', (provider) => ({
    get: (key, { range: _range, ...options }) => provider.get(key, options),
  })),
  ranging('RANGE-2', 'refuses a part that reaches past the end', async (options, provider, key) => {
    const { size } = await provider.stat(key, {});
    const { range } = options;
    if (
      range !== undefined &&
      'offset' in range &&
      range.offset < size &&
      range.offset + (range.length ?? 0) > size
    ) {
      throw new StorageError('range-not-satisfiable', 'past the end.');
    }
    return options;
  }),
  changed('RANGE-3', 'returns nothing for a part past the end', (provider) => ({
    async get(key, options) {
      try {
        return await provider.get(key, options);
      } catch (error) {
        if (options.range === undefined || (error as StorageError).code !== 'range-not-satisfiable')
          throw error;
        return storedObject(
          await provider.stat(key, {}),
          { bytes: () => new Uint8Array() },
          { range: { offset: 0, length: 0 } },
        );
      }
    },
  })),
  ranging('RANGE-3', 'counts offsets in 32 bits', ({ range, ...rest }) =>
    range !== undefined && 'offset' in range
      ? { ...rest, range: { ...range, offset: range.offset % 2 ** 32 } }
      : { ...rest, ...(range && { range }) },
  ),
  changed('RANGE-5', 'believes a service that ignores the range', (provider, store) => ({
    async get(key, options) {
      const object = await provider.get(key, options);
      if (
        store.fault !== 'ignore-range' ||
        options.range === undefined ||
        'suffix' in options.range
      )
        return object;
      const { length = 0 } = options.range;
      const content = store.objects.get(key)?.bytes.slice(0, length) ?? new Uint8Array();
      return storedObject(
        object.info,
        { bytes: () => content },
        { range: { offset: options.range.offset, length } },
      );
    },
  })),
  changed('COND-6', 'ignores conditions of a read', (provider) => ({
    get: (key, { ifMatch: _match, ifNoneMatch: _none, ...options }) => provider.get(key, options),
  })),
  changed('COND-6', 'looks at ifNoneMatch first', (provider) => ({
    async get(key, options) {
      const { etag } = await provider.stat(key, {});
      if (options.ifNoneMatch === etag) throw new StorageError('not-modified', 'the same.');
      return provider.get(key, options);
    },
  })),
  changed('OPEN-8', 'tells a missing store as a missing object', (provider) => ({
    async stat(key, options) {
      try {
        return await provider.stat(key, options);
      } catch (error) {
        if ((error as StorageError).code !== 'store-not-found') throw error;
        throw new StorageError('not-found', 'it is not there.');
      }
    },
  })),
  {
    rule: 'OPEN-6',
    name: 'reads all of it where ranges are not declared',
    wrap: (provider) =>
      unguarded(
        relay(provider, {
          capabilities: { ...provider.capabilities, rangeReads: false },
          get: (key, { range: _range, ...options }) => provider.get(key, options),
        }),
      ),
  },
  { rule: 'RANGE-4', name: 'takes whatever comes for a range', wrap: unguarded },
  { rule: 'ERR-1', name: 'labels no error', wrap: unguarded },
  { rule: 'ABORT-1', name: 'begins although the signal was aborted', wrap: unguarded },
  { rule: 'OPEN-4', name: 'works on after close', wrap: unguarded },
  { rule: 'PRE-3', name: 'signs for any span', wrap: unguarded },
  { rule: 'COND-9', name: 'takes conditions that contradict each other', wrap: unguarded },
  { rule: 'META-3', name: 'takes any attributes', wrap: unguarded },
  { rule: 'LIST-6', name: 'takes any limit', wrap: unguarded },
  changed('ERR-1', 'takes every trouble for a missing object', (provider) => ({
    async stat(key, options) {
      try {
        return await provider.stat(key, options);
      } catch {
        throw new StorageError('not-found', 'it is not there.');
      }
    },
  })),
  changed('ERR-4', 'is missing when the store cannot be reached', (provider) => ({
    async stat(key, options) {
      try {
        return await provider.stat(key, options);
      } catch {
        throw new StorageError('not-found', 'it is not there.');
      }
    },
  })),
  changed('ERR-1', 'takes a cut body for a whole one', (provider) => ({
    async get(key, options) {
      const object = await provider.get(key, options);
      const bytes = await object.bytes().catch(() => new Uint8Array(25_000));
      return storedObject(
        { ...object.info, size: bytes.byteLength },
        { bytes: () => bytes },
        object.range ? { range: object.range } : {},
      );
    },
  })),
  changed('ERR-2', 'shows its secret in errors', (provider, store) => ({
    async stat(key, options) {
      try {
        return await provider.stat(key, options);
      } catch (error) {
        throw new StorageError(
          (error as StorageError).code,
          `GET /?secret=${store.secret} failed.`,
        );
      }
    },
  })),
];
