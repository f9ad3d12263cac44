import type { HeldLock, PageGlobals, WebLocks, WebStorage } from '../src/localstorage-globals.ts';

/** What a browser keeps for an origin, as its own process has it. */
export interface FakeOrigin {
  readonly items: Map<string, string>;
  readonly locks: WebLocks;
  /** Opens a page of the origin. A slow one gets the changes of others only when it is told. */
  page(options?: FakePageOptions): FakePage;
}

export interface FakePageOptions {
  readonly isSlow?: boolean;
  readonly hasLocks?: boolean;
}

export interface FakePage {
  readonly globals: PageGlobals;
  readonly storage: WebStorage;
  /** Brings a slow page what others have changed. */
  arrive(): void;
  /** What a page of the origin that is no storage of ours does. */
  send(event: Event): void;
}

/** An origin with room for so many UTF-16 units, whose pages have a copy of its items each. */
export function fakeOrigin(quotaUnits: number = 5 * 1024 * 1024): FakeOrigin {
  const items = new Map<string, string>();
  const locks = fakeLocks();
  const pages: ((name: string | null, value: string | null) => void)[] = [];

  return {
    items,
    locks: locks('origin'),
    page({ isSlow = false, hasLocks = true }: FakePageOptions = {}): FakePage {
      const target = new EventTarget();
      const own = new Map(items);
      let late: (() => void)[] = [];

      function change(name: string, value: string | null): void {
        for (const map of [own, items]) {
          if (value === null) map.delete(name);
          else map.set(name, value);
        }
        for (const tell of pages) if (tell !== hear) tell(name, value);
      }

      function hear(name: string | null, value: string | null): void {
        const apply = () => {
          if (name === null) own.clear();
          else if (value === null) own.delete(name);
          else own.set(name, value);
          target.dispatchEvent(storageEvent(storage, name, value));
        };
        if (isSlow) late.push(apply);
        else apply();
      }
      pages.push(hear);

      const storage: WebStorage = {
        get length() {
          return own.size;
        },
        key: (index) => [...own.keys()][index] ?? null,
        getItem: (name) => own.get(name) ?? null,
        setItem(name, value) {
          let units = name.length + value.length;
          for (const [other, text] of own) if (other !== name) units += other.length + text.length;
          const before = own.get(name)?.length ?? -1;
          if (units > quotaUnits && value.length > before) {
            throw new DOMException('Setting the value exceeded the quota.', 'QuotaExceededError');
          }
          change(name, value);
        },
        removeItem: (name) => change(name, null),
      };

      return {
        storage,
        globals: {
          localStorage: storage,
          ...(hasLocks && { navigator: { locks: locks(String(pages.length)) } }),
          addEventListener: (type, listener) => target.addEventListener(type, listener),
          removeEventListener: (type, listener) => target.removeEventListener(type, listener),
          dispatchEvent: (event) => target.dispatchEvent(event),
        },
        arrive() {
          const arrived = late;
          late = [];
          for (const apply of arrived) apply();
        },
        send: (event) => void target.dispatchEvent(event),
      };
    },
  };
}

/** As the browser sends it; `null` stands for `clear()`. */
export function storageEvent(
  storageArea: unknown,
  key: string | null,
  newValue: string | null,
): Event {
  return Object.assign(new Event('storage'), { key, newValue, storageArea });
}

/** Locks of one origin, for a client each. */
function fakeLocks(): (clientId: string) => WebLocks {
  const held = new Set<HeldLock & { readonly mode: string }>();
  let waiting: (() => boolean)[] = [];
  const wake = () => {
    waiting = waiting.filter((attempt) => !attempt());
  };
  return (clientId) => ({
    request: (name, { mode }, run) =>
      new Promise((resolve, reject) => {
        waiting.push(() => {
          const others = [...held].filter((lock) => lock.name === name);
          if (others.some((lock) => lock.mode === 'exclusive' || mode === 'exclusive'))
            return false;
          const lock = { name, clientId, mode };
          held.add(lock);
          run()
            .then(resolve, reject)
            .finally(() => {
              held.delete(lock);
              wake();
            });
          return true;
        });
        queueMicrotask(wake);
      }),
    query: async () => ({ held: [...held] }),
  });
}
