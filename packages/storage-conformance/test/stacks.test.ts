import {
  type Capabilities,
  guardProvider,
  type StorageProvider,
  withCompanion,
  withPrefix,
  withReadOnly,
  withRetry,
} from '@granary/storage-core/provider';
import { afterAll, beforeAll, describe } from 'vitest';
import type { Harness, OpenStore } from '../src/harness.ts';
import { bare, relay } from '../src/relay.ts';
import { describeConformance, describeProperties } from '../src/vitest.ts';
import { folderProvider } from './providers/folder-provider.ts';
import { ALL_CAPABILITIES } from './providers/map-capabilities.ts';
import { mapHarness } from './providers/map-harness.ts';
import { mapStore } from './providers/map-store.ts';
import { presignServer } from './providers/presign-server.ts';

const place = { serverUrl: '' };
let server: Awaited<ReturnType<typeof presignServer>> | undefined;

beforeAll(async () => {
  server = await presignServer();
  place.serverUrl = server.url;
});
afterAll(() => server?.close());

/** A harness whose providers have a layer around them. */
function layered(
  name: string,
  layer: (inner: StorageProvider) => StorageProvider,
  isView = false,
): Harness {
  return mapHarness({
    name,
    layer,
    isView,
    get serverUrl() {
      return place.serverUrl;
    },
  });
}

const patient = (inner: StorageProvider) => withRetry(inner, { baseDelayMs: 1, attempts: 2 });

/** Capabilities that a plain place for bytes has, and no more. */
const PLAIN: Capabilities = {
  attributes: 'none',
  etagCovers: 'write',
  listOrder: 'utf8',
  delimiter: 'slash',
  fileAndFolder: true,
  caseSensitive: true,
  durable: true,
};

/** The map without attributes, and with nothing that is not required. */
function plain(inner: StorageProvider, capabilities: Capabilities = PLAIN): StorageProvider {
  return {
    ...bare(inner),
    capabilities,
    async open(options) {
      await inner.open?.(options);
      return {};
    },
    close: async () => inner.close?.(),
  };
}

describe('layers of core', () => {
  describeConformance(
    layered('a prefix view', (inner) => withPrefix(guardProvider(inner), 'users/42'), true),
    { slow: false },
  );
  describeConformance(layered('the retry loop', patient), { slow: false });
  describeProperties(layered('the retry loop', patient), { runs: 20 });
});

describe('companions', () => {
  const ranged: Capabilities = {
    ...PLAIN,
    rangeReads: true,
    createIfAbsent: true,
    replaceIfMatch: true,
  };
  const companions = (inner: StorageProvider) => withCompanion(plain(inner, ranged));
  const harness = mapHarness({
    name: 'companions over a store without attributes',
    wrap: companions,
  });
  describeConformance(harness, { slow: false });
  describeProperties(harness, { runs: 20 });
});

describe('a provider of five operations', () => {
  const harness = mapHarness({ name: 'a plain place for bytes', wrap: (inner) => plain(inner) });
  describeConformance(harness, { slow: false });
  describeProperties(harness, { runs: 20 });
  const unordered: Capabilities = { ...PLAIN, listOrder: 'none' };
  const { delimiter: _delimiter, ...flat } = unordered;
  describeConformance(
    mapHarness({
      name: 'a plain place without an order',
      bare: true,
      wrap: (inner) => plain(inner, flat),
    }),
    { slow: false },
  );
});

describe('a provider like that of a drive', () => {
  const harness: Harness = {
    name: 'a drive',
    create() {
      const store = mapStore();
      return { provider: folderProvider(store), reopen: () => folderProvider(store) };
    },
  };
  describeConformance(harness);
  describeProperties(harness, { runs: 30 });
});

describe('what a provider or a layer can leave out', () => {
  const {
    atomicBatch: _1,
    createIfAbsent: _2,
    setMetadata: _3,
    usage: _4,
    ...some
  } = ALL_CAPABILITIES;
  const without = (inner: StorageProvider) =>
    relay(inner, {
      capabilities: { ...some, attributes: 'none' },
      setMetadata: undefined as unknown as NonNullable<StorageProvider['setMetadata']>,
      usage: undefined as unknown as NonNullable<StorageProvider['usage']>,
    });
  const base = mapHarness({
    name: 'the map without attributes',
    wrap: without,
    get serverUrl() {
      return place.serverUrl;
    },
  });
  describeConformance(
    {
      ...base,
      async create() {
        const store = await base.create();
        return { ...store, outside: { ...store.outside, fault: (fault) => fault === undefined } };
      },
    },
    { slow: false },
  );
  const thin = (inner: StorageProvider) =>
    plain(inner, { attributes: 'none', etagCovers: 'write' });
  describeConformance(mapHarness({ name: 'a layer that leaves out all it can', layer: thin }), {
    rules: ['LAYER', 'META-7'],
  });
  const companions = (inner: StorageProvider) =>
    withCompanion(plain(inner, { ...PLAIN, rangeReads: true }));
  describeConformance(mapHarness({ name: 'a layer of companions', layer: companions }), {
    rules: ['LAYER'],
  });
});

describe('a harness that offers nothing', () => {
  const harness = mapHarness({
    name: 'the map, as it is from outside',
    bare: true,
    get serverUrl() {
      return place.serverUrl;
    },
  });
  describeConformance(harness, { slow: false });
});

describe('a read-only view', () => {
  const base = mapHarness();
  const harness: Harness = {
    name: 'the reading half of a read-only view',
    async create(): Promise<OpenStore> {
      const { provider, ...rest } = await base.create();
      const view = withReadOnly(guardProvider(provider));
      const { put, delete: remove } = provider;
      return { ...rest, provider: relay(view, { put, delete: remove }) };
    },
  };
  describeConformance(harness, {
    rules: ['GET', 'STAT', 'RANGE', 'LIST', 'VER-1', 'VER-2', 'WATCH'],
    slow: false,
  });
});
