import { describe, expect, test, vi } from 'vitest';
import {
  AUTOMATIC_OPTIONS,
  type BrowserGlobals,
  browserPlaces,
  indexedDBBackend,
  localStorageBackend,
} from './browser-places.ts';
import { detectPlatform } from './detect-platform.ts';

const app = { appName: 'atlas', onWarning: () => {} };
const PAGE: BrowserGlobals = { document: {} };
const forbidden = () => {
  throw new DOMException('no', 'SecurityError');
};

function placesIn(globals: BrowserGlobals, config = {}) {
  return browserPlaces(detectPlatform(globals), config, globals);
}

describe('browserPlaces', () => {
  test('are three in a page and two in a worker', () => {
    expect(placesIn(PAGE).places).toEqual([{ type: 'idb' }, 'localstorage', 'memory']);
    expect(placesIn({ importScripts: () => {} }).places).toEqual([{ type: 'idb' }, 'memory']);
  });

  test('hand options of IndexedDB on to it alone', () => {
    const own = {
      ...{ onQuota() {}, evictable: () => true, onEvicted() {}, largeObjects: false },
      ...{ version: 2, durability: 'strict', indexes: ['stars'], blockedTimeoutMs: 100 },
    };
    expect(Object.keys(own).sort()).toEqual([...AUTOMATIC_OPTIONS].sort());
    const { places } = placesIn(PAGE, { ...own, appName: 'atlas' });
    expect(places).toEqual([{ type: 'idb', ...own }, 'localstorage', 'memory']);
  });

  test.each(['', 'a/b', 'a:b', 'x'.repeat(101)])(
    'are none for an application called %j',
    (appName) => {
      expect(() => placesIn(PAGE, { appName })).toThrow('cannot be the name of an application');
    },
  );

  test('move nothing up where localStorage was not used, or cannot be looked at', async () => {
    const get = vi.fn(() => null);
    const globals = { ...PAGE, localStorage: { getItem: get } };
    const idb = indexedDBBackend(globals).provider({}, app);
    expect(await placesIn(globals).moveUp?.(idb, app)).toBeUndefined();
    expect(get).toHaveBeenCalledWith('granary:atlas');
    expect(await placesIn(PAGE).moveUp?.(idb, app)).toBeUndefined();
    const closed: BrowserGlobals = Object.defineProperty({ ...PAGE }, 'localStorage', {
      get: forbidden,
    });
    expect(await placesIn(closed).moveUp?.(idb, app)).toBeUndefined();
  });

  test('move nothing up to what is no better', async () => {
    const globals = { ...PAGE, localStorage: { getItem: () => 'there' } };
    const other = localStorageBackend.provider({}, app);
    expect(await placesIn(globals).moveUp?.(other, app)).toBeUndefined();
  });
});

describe('IndexedDB', () => {
  test.each([
    [{ largeObjects: true }, 'or `false` for none'],
    [{ largeObjects: { directory: 'x' } }, 'directory'],
    [{ onEvicted: 'x' }, 'onEvicted is a function'],
    [{ version: 0 }, 'version'],
    [{ durability: 'Strict' }, "'strict' or 'relaxed'"],
  ])('refuses %j', (options, message) => {
    expect(() => indexedDBBackend(PAGE).provider(options, app)).toThrow(
      expect.objectContaining({
        code: 'invalid-config',
        message: expect.stringContaining(message),
      }),
    );
  });

  test.each<[string, BrowserGlobals, boolean]>([
    [
      'has a database of the application',
      { indexedDB: { databases: async () => [{ name: 'atlas' }] } },
      true,
    ],
    [
      'has another database',
      { indexedDB: { databases: async () => [{ name: 'other' }, {}] } },
      false,
    ],
    ['cannot list databases', { indexedDB: {} }, false],
    ['may not be looked at', { indexedDB: { databases: async () => forbidden() } }, false],
    ['is missing', {}, false],
  ])('that %s', async (_what, globals, holds) => {
    expect(await indexedDBBackend(globals).holdsData?.({}, app)).toBe(holds);
  });

  test('by another name is looked for by that', async () => {
    const globals = { indexedDB: { databases: async () => [{ name: 'mine' }] } };
    expect(await indexedDBBackend(globals).holdsData?.({ dbName: 'mine' }, app)).toBe(true);
  });
});
