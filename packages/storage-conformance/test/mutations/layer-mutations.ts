import {
  guardProvider,
  StorageError,
  type StorageProvider,
  storedObject,
  toBody,
} from '@granary/storage-core/provider';
import { relay } from '../../src/relay.ts';

/** A layer that breaks one promise. */
export interface LayerMutation {
  readonly rule: string;
  readonly name: string;
  readonly layer: (inner: StorageProvider) => StorageProvider;
}

/** A layer that passes everything on but for some operations, after opening the provider below. */
function passing(
  rule: string,
  name: string,
  change: (inner: StorageProvider) => Partial<StorageProvider>,
): LayerMutation {
  return {
    rule,
    name,
    layer(inner) {
      const below = guardProvider(inner);
      const outer = relay(below, {
        open: async (options) => (await below.open?.(options)) ?? {},
        ...change(below),
      });
      return outer;
    },
  };
}

export const layerMutations: readonly LayerMutation[] = [
  passing('LAYER-1', 'declares a copy that it cannot do', () => ({
    capabilities: { rangeReads: true, copy: true },
    copy: async (from) => {
      throw new StorageError('unsupported', `no copy of ${from}.`);
    },
  })),
  passing('LAYER-1', 'declares conditions that nobody looks at', (inner) => ({
    open: async () => ({ ...inner.capabilities, createIfAbsent: true }),
    put: (key, body, { ifNoneMatch: _none, ...options }) => inner.put(key, body, options),
  })),
  passing('LAYER-1', 'drops attributes that it cannot keep', (inner) => ({
    open: async () => ({ ...inner.capabilities, attributes: 'native' }),
    put: (key, body, { metadata: _metadata, ...options }) => inner.put(key, body, options),
  })),
  passing('LAYER-2', 'hides why an operation failed', (inner) => ({
    async stat(key, options) {
      try {
        return await inner.stat(key, options);
      } catch {
        throw new StorageError('not-found', 'it is not there.');
      }
    },
  })),
  passing('LAYER-2', 'ends a listing where it fails', (inner) => ({
    async *list(options) {
      try {
        yield* inner.list(options);
      } catch {
        return;
      }
    },
  })),
  passing('LAYER-3', 'keeps the provider below open', () => ({ close: async () => {} })),
  passing('LAYER-4', 'keeps the signal to itself', (inner) => ({
    stat: (key, { signal: _signal, ...options }) => inner.stat(key, options),
  })),
  passing('LAYER-5', 'keeps hold of bodies that nobody reads', (inner) => ({
    async get(key, options) {
      const object = await inner.get(key, options);
      return storedObject(
        object.info,
        {
          bytes: () => object.bytes(),
          stream: () => toBody(new Uint8Array(object.info.size)).stream(),
        },
        object.range ? { range: object.range } : {},
      );
    },
  })),
  {
    rule: 'LAYER-6',
    name: 'opens the provider below with every operation',
    layer: (inner) =>
      relay(inner, {
        put: async (key, body, options) => {
          await inner.open?.({});
          return inner.put(key, body, options);
        },
      }),
  },
  {
    rule: 'LAYER-6',
    name: 'never opens the provider below',
    layer: (inner) => relay(inner, { open: async () => ({}) }),
  },
];
