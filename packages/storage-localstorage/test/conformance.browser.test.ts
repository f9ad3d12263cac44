import type { OpenStore } from '@granary/storage-conformance';
import { describeConformance, describeProperties } from '@granary/storage-conformance/vitest';
import { guardProvider, type StorageProvider, withPrefix } from '@granary/storage-core/provider';
import type { PageGlobals, WebStorage } from '../src/localstorage-globals.ts';
import { type LocalStorageOptions, localStorageProvider } from '../src/localstorage-provider.ts';

const page = globalThis as PageGlobals & { readonly localStorage: WebStorage };

/** The page as a browser without Web Locks, or with a page that is not secure, has it. */
const withoutLocks: PageGlobals = {
  localStorage: page.localStorage,
  addEventListener: (type, listener) => globalThis.addEventListener(type, listener),
  removeEventListener: (type, listener) => globalThis.removeEventListener(type, listener),
  dispatchEvent: (event) => globalThis.dispatchEvent(event),
};

const whole = (provider: StorageProvider) => provider;
const inside = (provider: StorageProvider) => guardProvider(withPrefix(provider, 'users/42'));

function openStore(globals: PageGlobals = page, view = whole): OpenStore {
  const namespace = crypto.randomUUID();
  const foreign = `foreign:${namespace}`;
  page.localStorage.setItem(foreign, 'theirs');
  page.localStorage.setItem(namespace, 'theirs');
  let aheadMs = 0;
  const options: LocalStorageOptions = {
    namespace,
    // As much as Chromium lets an origin have, because the kit tries objects of 3 MB.
    maxObjectBytes: 4_000_000,
    maxTotalBytes: 10_000_000,
    now: () => Date.now() + aheadMs,
  };
  const open = (more: LocalStorageOptions = {}) =>
    view(guardProvider(localStorageProvider({ ...options, ...more }, globals)));
  return {
    provider: open(),
    reopen: () => open(),
    outside: {
      advance: (ms) => {
        aheadMs += ms;
      },
      small: (maxTotalBytes) => open({ namespace: `${namespace}-small`, maxTotalBytes }),
      intact: () =>
        page.localStorage.getItem(foreign) === 'theirs' &&
        page.localStorage.getItem(namespace) === 'theirs',
    },
    close() {
      const names = Array.from({ length: page.localStorage.length }, (_, index) =>
        page.localStorage.key(index),
      );
      for (const name of names) {
        if (name?.includes(namespace)) page.localStorage.removeItem(name);
      }
    },
  };
}

const knownGaps = {
  'PUT-5 keeps sizes on both sides of usual block sizes':
    'Several objects of 5 MB do not fit into localStorage; smaller sizes are in localstorage-bytes.test.ts.',
  'RANGE-7 reads an object in parts at once':
    'No browser keeps an object of 20 MB in localStorage.',
};

const harness = { name: 'localStorage', create: () => openStore(), knownGaps };
describeConformance(harness);
describeProperties(harness);
describeConformance({
  name: 'localStorage without Web Locks',
  create: () => openStore(withoutLocks),
  knownGaps,
});
describeConformance(
  {
    name: 'a prefix view of localStorage',
    create: () => openStore(page, inside),
    knownGaps,
  },
  // What a prefix changes here; core tests the rest of it.
  { rules: ['KEY', 'GET-1', 'PUT-1', 'LIST', 'COPY', 'MOVE', 'WATCH'] },
);
