import type { OpenedWindow, Page } from '../src/browser/page.ts';

/** A page as a program, for what a browser without a window cannot be made to do. */
export interface FakePage extends Page {
  /** What `location.assign` was called with. */
  readonly left: string[];
  readonly kept: Map<string, string>;
  readonly posted: { readonly message: unknown; readonly origin: string }[];
  readonly opened: (OpenedWindow & { closed: boolean; features: string; isAway: boolean })[];
  readonly listeners: Set<(event: MessageEvent) => void>;
  readonly closes: number[];
  address: string;
}

export function fakePage(address = 'https://app.example/notes?x=1#top', blocks = false): FakePage {
  const kept = new Map<string, string>();
  const left: string[] = [];
  const posted: { message: unknown; origin: string }[] = [];
  const opened: FakePage['opened'] = [];
  const listeners: FakePage['listeners'] = new Set();
  const closes: number[] = [];
  const page: FakePage = {
    address,
    left,
    kept,
    posted,
    opened,
    listeners,
    closes,
    location: {
      get href() {
        return page.address;
      },
      get origin() {
        return new URL(page.address).origin;
      },
      get pathname() {
        return new URL(page.address).pathname;
      },
      assign: (url) => void left.push(url),
    },
    history: {
      state: null,
      replaceState: (_state, _unused, url) => {
        page.address = url;
      },
    },
    sessionStorage: {
      getItem: (name) => kept.get(name) ?? null,
      setItem: (name, value) => void kept.set(name, value),
      removeItem: (name) => void kept.delete(name),
    },
    screen: { availWidth: 1000, availHeight: 800 },
    opener: { postMessage: (message, origin) => void posted.push({ message, origin }) },
    BroadcastChannel,
    open(url, _name, features) {
      if (blocks) return null;
      let address = url;
      const made = {
        closed: false,
        features,
        location: {
          get href() {
            if (made.isAway) throw new DOMException('Blocked', 'SecurityError');
            return address;
          },
          set href(next) {
            address = next;
          },
        },
        isAway: false,
        close() {
          made.closed = true;
        },
      };
      opened.push(made);
      return made;
    },
    close: () => void closes.push(1),
    addEventListener: (_type, listener) => void listeners.add(listener),
    removeEventListener: (_type, listener) => void listeners.delete(listener),
  };
  return page;
}
